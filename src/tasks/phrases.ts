// Fields with their values in plain words, as a report or a person states them. A sentence only where the grammar is certain
// ("The size is medium and the certainty is 70."); names that may be plurals, verbs or participles become a list, which is
// right for every name ("Departs: 08:25; alerts left: 19."). By rule: every value stays in a form that said.ts reads.
import { spoken, spokenValue } from "../rules/values.ts";
import type { Json } from "../types.ts";

export type Field = readonly [name: string, value: Json];

/** Endings of names that are not surely a noun in the singular. "status", "address" and "analysis" are. */
const uncertain =
  /[^sui]s$|ed$|\b(due|at|by|on|in|to|of|for|from|with|per|left|away|back|now|free|paid|spent|sent|done|made|told|held|taken|apart|ready|people)$/;
/** One plural noun, which a number counts; not an amount of money or a verb. */
const counted =
  /^(?!(cost|fee|tip|saving|earning|arrive|depart|begin|start|end|open|close|last|leave|take|return)s$)[a-z]+[^sui]s$/;

/** The name of a field as a noun phrase: "departure city", "number of guests". */
export function nounPhrase([name, value]: Field): string {
  const words = spoken(name).replace(/\bid\b/g, "ID");
  return Number.isInteger(value) && counted.test(words) ? `number of ${words}` : words;
}

/** All fields with their values, as one sentence. */
export function stated(fields: readonly Field[]): string {
  const isSentence = fields.every(([name, value]) => {
    const phrase = nounPhrase([name, value]);
    return (
      (typeof value === "string" || typeof value === "number") && (phrase.startsWith("number of ") || !uncertain.test(phrase))
    );
  });
  const parts = fields.map(([name, value]) => {
    const said = spokenValue(value);
    return isSentence ? `the ${nounPhrase([name, value])} is ${said}` : `${nounPhrase([name, value])}: ${said}`;
  });
  const text = isSentence ? [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(Boolean).join(" and ") : parts.join("; ");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
