// How a report tells what has no word of its own: that something was done, or that there is none of it. By rule, in English only;
// questions tell nothing.
import { rootOf, spoken } from "./spoken.ts";

/** Whether a result's text says no more than that it was done. */
export function isDone(leaf: string | number): boolean {
  return typeof leaf === "string" && /^(ok|okay|done|success(ful(ly)?)?|completed?)\W*$/i.test(leaf.trim());
}

/** What was done: "booked", "sent". Not what is felt, wanted or wrong: "needed", "limited". */
const participle =
  "(?!red\\b|(?:need|proceed|want|limit|requir|expect|interest|suppos)\\w*)(?:\\w+ed|sent|lent|spent|built|set|reset|put|cut|shut|paid|made|done|taken|given|told|written|bought|sold|frozen|withdrawn)";
/** What something is like, as often as what was done to it: "The office is closed." */
const like = "(?!(?:advis|allow|ask|bas|clos|delay|detail|includ|locat|recommend|relat|us)ed\\b)";
const adverbs = "(?:(?:just|now|already|successfully) )*";
const done = new RegExp(
  [
    String.raw`(?<!\bbe (?:\w+ly )?)\b(?:done|successful(?:ly)?|completed)\b|\ball set\b`,
    String.raw`\b(?:has|have|it's) ${adverbs}been ${adverbs}${participle}\b`,
    String.raw`(?<!\b(?:if|once|until|unless|when) (?:\w+ ){0,2})\b(?:is|are|was|were|it's) ${adverbs}${like}${participle}\b`,
    String.raw`\b(?:i|we)(?: have|'ve)? ${adverbs}${participle}\b`,
  ].join("|"),
  "i",
);
const undone = /\b(?:not|never|error|fail\w*|unable|cannot|tried|try)\b|n't\b/i;

/** Whether a folded text says that something was done: "I've added the meeting", "The email was sent". */
export function tellsDone(text: string): boolean {
  return statements(text).some((sentence) => done.test(sentence) && !undone.test(sentence));
}

/** Whether a result's value is nothing: a report may say so without it. */
export function isNothing(leaf: string | number): boolean {
  return typeof leaf === "number" ? leaf === 0 : /^(none|nothing)$/i.test(leaf.trim());
}

/** Words of a name that any sentence may have. */
const common = /^(?:.{0,2}|and|the|for|per|now|new|not|all|any)$/;
/** What one pays has many names, and without it a thing is "free of charge". */
const payment = ["fee", "price", "cost", "charge", "fare"];

/** A name that says no more than that something is counted, and what tells that none was. */
const counted = /^(?:(?:number|num|total|count|size|length|results?|matches|hits|items|entries|found|returned|of) ?)+$/;
const noneFound =
  /\b(?:found|find|returned|see) (?:no|none|nothing)\b|n't (?:find|see) any|\bthere (?:are|were) (?:no|none)\b|\b(?:no|none|nothing)\b(?: [\p{L}'-]+){0,3} (?:was|were|is|are|could be)?(?: \w+ly)? ?(?:found|available|returned|match\w*)\b/iu;

/** Whether a folded text says that there is none of what a name names: "no seats left" of seats_left, not "no problem". */
export function tellsNone(text: string, name: string): boolean {
  if (counted.test(spoken(name).toLowerCase()) && statements(text).some((sentence) => noneFound.test(sentence))) return true;
  const words = spoken(name)
    .split(/[^\p{L}]+/u)
    .filter((word) => !common.test(word))
    .map((word) => rootOf(word.replace(/s$/, "")));
  const isPaid = words.some((word) => payment.includes(word));
  const named = `(?:${[...words, ...(isPaid ? payment : [])].join("|")})`;
  const between = String.raw`(?:(?!(?:of|in|to|on|with|about|for|from|at|the|that|than)\b)[\p{L}'-]+ ){0,2}`;
  const lack = new RegExp(
    [
      String.raw`(?:\b(?:no(?! (?:later|longer|more|less)\b)|none(?: of (?:the|your))?|nothing(?: to)?|without)|(?:\bnot|n't)(?: have)? any) ${between}${named}`,
      String.raw`\b${named}\p{L}*:? (?:is |are |was |were )?(?:none|nothing)\b`,
      ...(isPaid ? [String.raw`(?<!\bnot )\b(?:free of charge|for free)\b`] : []),
    ].join("|"),
    "iu",
  );
  return words.length > 0 && statements(text).some((sentence) => lack.test(sentence));
}

/** The sentences of a text that ask nothing. */
function statements(text: string): readonly string[] {
  return text.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => !sentence.includes("?"));
}
