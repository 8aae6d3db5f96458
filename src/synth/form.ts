// The form that a simulator fills in for a persona, checked and turned into what rules need: a thing, its attributes, its states.
// What a grammar cannot say is checked here; a detail that repeats another one is left out, for a small model likes to repeat.
import { carries } from "../rules/language/said.ts";
import { exampleThings } from "../simulator/prompts/synth-form.ts";
import type { Checked } from "../simulator/simulator.ts";
import type { Attribute, AttributeKind, Json } from "../types.ts";

export interface Form {
  /** Singular, in plain words: "piano lesson". */
  readonly thing: string;
  /** The first is the name of a person; two or three more. Names in snake_case. */
  readonly attributes: readonly Attribute[];
  /** First, on the way, and at the end: "booked", "confirmed", "cancelled". */
  readonly states: readonly [string, string, string];
}

/** The reply under formSchema (simulator/prompts/synth-form.ts). */
type Reply = {
  readonly [key: string]: Json;
  readonly thing: string;
  readonly whose: string;
  readonly details: readonly { readonly kind: AttributeKind; readonly name: string; readonly options?: readonly string[] }[];
  readonly at_first: string;
  readonly later: string;
  readonly at_the_end: string;
};

/** Words of the machine and of its world. */
const machine = /\b(app|assistant|bot|chat|computer|data|database|function|software|system|task|thing|tool|user)s?\b/;
/** "glass" and "bus" are one, "lessons" are many. */
const plural = /[^sui]s$/;
/** Names that a call, a result or the table has already, and those that promise another kind. */
const reserved = /^(error|id|name|result|state|status|kind|options)$|_(id|name|date|time|price|fee|cost)$|^number_/;

/** The filled form, or why it cannot be used. The schema was checked before. */
export function checkedForm(reply: Json): Checked<Form> {
  const { thing, whose, details, at_first, later, at_the_end } = reply as Reply; // fits formSchema, by ask
  if (exampleThings.some((example) => example === thing)) return { reason: "the thing is the one of the example" };
  if (machine.test(thing)) return { reason: `"${thing}" is a word for software, not for something that people order` };
  if (plural.test(thing)) return { reason: `"${thing}" is more than one; the thing is named in the singular` };
  if (whose === thing) return { reason: "the thing and whose it is are the same" };
  const first: Attribute = { name: `${whose}_name`, kind: "name", options: [] };
  const attributes: Attribute[] = [first];
  for (const { kind, name, options = [] } of details) {
    const snake = name.replaceAll(" ", "_");
    if (name === thing || attributes.some((other) => other.name === snake)) continue;
    if (kind !== "option") attributes.push({ name: snake, kind, options: [] });
    // one option beside the name of a person: two lists of made-up words are too many for a first message
    else if (!reserved.test(snake) && !attributes.some((other) => other.kind === "option")) {
      const apart = distinct(options, `${thing} ${name}`);
      if (apart.length >= 3) attributes.push({ name: snake, kind, options: apart });
    }
  }
  if (attributes.length < 3) return { reason: "fewer than two details can be told apart" };
  return { value: { thing, attributes, states: [at_first, later, at_the_end] } };
}

/** Options of which none is said where another one, or the thing, is named. */
function distinct(options: readonly string[], named: string): readonly string[] {
  return options.filter(
    (option, at) =>
      !carries(named, option) &&
      !options.some((other, place) => place !== at && carries(other, option) && (other !== option || place < at)),
  );
}
