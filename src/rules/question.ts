// Whether a turn asks for a value that the user holds back: by a question or a request in words. Used for the first turn, for
// complaints that were none, and for rubrics. By rule; requests without a question mark are read in English only.
import type { HeldBack, Message } from "../types.ts";
import { refuses } from "./language/refusal.ts";
import { rootOf, spoken } from "./language/spoken.ts";
import { apostrophes } from "./language/tokens.ts";

/** Words of a name that a question leaves out: "How many guests?" for number_of_guests, "What's your email?" for email_address. */
const formal = new Set(["number", "num", "count", "total", "of", "the", "for", "name", "address", "value", "code", "id", "type"]);
/** Of these, those that name it alone: "What is the ID?". Of "Is it about your appointment?" none asks for an appointment's id. */
const labels = ["id", "number", "name", "code", "address"];
/** What asks for a value without its word, separated by commas. */
const askedBy: readonly (readonly [names: string, questions: string])[] = [
  ["date, day, time", "when"],
  ["date", "what day, which day"],
  ["day", "what date, which date"],
  ["place, location, city, town, destination", "where"],
  ["quantity, count", "how many"],
  [
    "guests, people, persons, visitors, attendees, participants, passengers, travellers, party size, group size",
    "how many people, how many guests, how many persons, how many of you",
  ],
  ["amount", "how much"],
  ["duration, length", "how long, how many minutes, how many hours, how many days, how many nights"],
  ["weight", "heavy, weigh"],
  ["height", "tall, high"],
  ["distance", "far"],
  // units, by what is measured in them: the weight of weight_kg; "Which parcel?" asks for no parcel_kg
  ["minutes, hours, days, weeks", "how long, duration, length"],
  ["kg", "weight, heavy, weigh, kilos, kilograms"],
  ["km", "distance, far, kilometers, kilometres"],
  ["cm", "height, tall, high, length, long, width, wide, size, centimeters, centimetres"],
  ["usd, eur", "amount, how much, price, cost, dollars, euros"],
  ["percent", "percentage, rate"],
  ["celsius", "temperature, degrees, warm, hot, cold"],
];

/** Words that ask for no label: the place of a delivery address, not its time. */
const asksOther = /^(?!.* (?:what|which|where|who|whose|how many) ).* (?:when|how (?:should|would|do)) /;

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
  const isAsked = (name: string) =>
    askedBy.some(([of, by]) => of.split(", ").includes(name) && by.split(", ").some((one) => said.includes(` ${one} `)));
  const label = labels.filter((word) => words.includes(word));
  // where something is delivered is its address; what one reserves has an id that nobody asked for
  const isRooted = label.every((word) => word === "address");
  const has = (word: string) => said.includes(` ${isRooted ? rootOf(word) : word}`) || isAsked(word);
  // nothing else's: "the ID", not "the order ID"
  if (isOpen && label.some((word) => new RegExp(` (the|your|its|a|an)( full| exact| whole)? ${word} `).test(said))) return true;
  const isTold = label.length === 0 || (isOpen && !asksOther.test(said)) || label.some((word) => said.includes(` ${word} `));
  return isTold && ((telling.length > 0 ? telling : words).every(has) || isAsked(telling.join(" ")));
}
