// Whether a turn asks for a value that the user holds back: by a question or a request in words. Used for the first decision, for
// complaints that were none, and for rubrics. By rule; requests without a question mark are read in English only.
import type { HeldBack, Message } from "../types.ts";
import { refuses } from "./language/refusal.ts";
import { spoken } from "./language/spoken.ts";
import { apostrophes } from "./language/tokens.ts";

/** Words of a name that a question leaves out: "How many guests?" for number_of_guests, "What's your email?" for email_address. */
const formal = new Set(["number", "num", "count", "total", "of", "the", "for", "name", "address", "value", "code", "id", "type"]);
/** Of these, those that name it alone: "What is the ID?". Of "Is it about your appointment?" none asks for an appointment's id. */
const labels = ["id", "number", "name", "code", "address"];
const askedWith = (words: string, ...questions: readonly string[]) =>
  words.split(" ").map((word): [string, readonly string[]] => [word, questions]);
/** What asks for a value without its word. */
const askedBy: ReadonlyMap<string, readonly string[]> = new Map([
  ...askedWith("date day time", "when"),
  ...askedWith("place location city town destination", "where"),
  ...askedWith("quantity count", "how many"),
  ...askedWith("amount", "how much"),
  ...askedWith("duration length", "how long", "how many minutes", "how many hours", "how many days", "how many nights"),
  ...askedWith("minutes hours", "how long"),
  ...askedWith("weight", "heavy", "weigh"),
  ...askedWith("kg", "weight", "heavy", "weigh"), // of weight_kg
]);

const open = /\b(what|what's|which|when|where|who|whose|how)\b/;
/** A question whether to act, for no value. */
const offer =
  /\b(shall|should) (i|we)\b|\b(like|want|need) (me|us) to\b|\banything else\b|\b(can|could|may) (i|we) (?!(?:(?:please|kindly|also|just|first) )*(?:have|get|know|ask|see|take))/;
const request =
  /\b(please|kindly|(could|can|would|will) you(?! (?:like|want|need|prefer) (?:me|us)\b))\b.*\b(provide|tell|give|share|specify|state|enter|confirm|send|let me know|supply|indicate)\b|^(provide|tell me|give me|specify|let me know)\b|\b(i|we)('ll|'d| will| would| just| also| still)* (need|require)\b(?! (?:a|an|another) (?:\w+ )?(?:tool|function)\b)/;
/** A request for what the sentence before names: "Could you provide it?" */
const pointsBack =
  /\b(provide|tell|give|share|specify|state|enter|send|supply|indicate)( me| us)?( with)? (it|that|this|them|these|those)\s*(?:[.?!,]|$| (?:so|to|for|please)\b)/;

const questionMark = /[?？؟]/;

/** Anything that may be a question or a request. Wide: by itself it decides nothing. */
const asking =
  /\b(please|kindly|(tell|give|send) (me|us)|let (me|us) know|provide|specify|enter|state|(i|we)\b.* (need|require))\b/i;

/** Whether a text may ask for something that it does not name. */
export function asks(text: string): boolean {
  return questionMark.test(text) || asking.test(text);
}

/** Whether a message without a call asks for it. */
export function asksFor({ text, calls }: Pick<Message, "text" | "calls">, { argument }: HeldBack): boolean {
  if (calls.length > 0) return false;
  const sentences = text
    .toLowerCase()
    .replace(apostrophes, "'")
    .split(/(?<=[.!?？؟。:])\s+|\n+/);
  return sentences.some((sentence, at) => {
    const whole = request.test(sentence) && pointsBack.test(sentence) ? `${sentences[at - 1] ?? ""} ${sentence}` : sentence;
    if (questionMark.test(sentence) && (open.test(sentence) || !offer.test(sentence)))
      return names(whole, argument, open.test(sentence) || request.test(sentence));
    if (!request.test(sentence) || refuses(sentence)) return false;
    return names(/:\s*$/.test(sentence) ? sentences.slice(at).join(" ") : whole, argument, true); // a list may follow
  });
}

/** @param isOpen it asks for a value, not for yes or no */
function names(sentence: string, argument: string, isOpen: boolean): boolean {
  const said = ` ${sentence.replace(/[^\p{L}\p{N}]+/gu, " ")} `;
  const words = spoken(argument).toLowerCase().split(" ");
  const telling = words.filter((word) => !formal.has(word));
  const has = (word: string) => said.includes(` ${word}`) || (askedBy.get(word) ?? []).some((by) => said.includes(` ${by} `));
  const label = labels.filter((word) => words.includes(word));
  // nothing else's: "the ID", not "the order ID"
  if (isOpen && label.some((word) => new RegExp(` (the|your|its|a|an)( full| exact| whole)? ${word} `).test(said))) return true;
  const isTold = label.length === 0 || isOpen || label.some((word) => said.includes(` ${word} `));
  return isTold && (telling.length > 0 ? telling : words).every(has);
}
