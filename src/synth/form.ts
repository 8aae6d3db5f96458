// The form that a simulator fills in for a persona, checked and turned into what rules need: a thing, its attributes, its states.
// The kinds of its details are drawn, so that sets are varied whatever a small model likes best. What a grammar cannot say is
// checked here.
import type { Draws } from "../rng.ts";
import { carries } from "../rules/language/said.ts";
import { type DetailKind, detailKinds, exampleThings } from "../simulator/prompts/synth-form.ts";
import type { Checked } from "../simulator/simulator.ts";
import type { Attribute, Json } from "../types.ts";

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
  readonly at_first: string;
  readonly later: string;
  readonly at_the_end: string;
} & { readonly [kind in DetailKind]?: string } & { readonly options?: readonly string[] };

/** Words of the machine and of its world. */
const machine = /\b(app|assistant|bot|chat|computer|data|database|function|software|system|task|thing|tool|user)s?\b/;
/** "glass" and "bus" are one, "lessons" are many. */
const plural = /[^sui]s$/;
/** Names that a call, a result or the table has already, and those that promise another kind. */
const reserved = /^(error|id|name|result|state|status|kind|options?)$|(^|_)(id|name|date|time|number|price|fee|cost)$/;

/** Two or three kinds of details, of which one tells things apart for a person: nobody asks for "the lesson for 40 euros". */
export function drawnKinds(random: Draws): readonly DetailKind[] {
  const telling = random.pick(["date", "time", "option"] as const);
  const others = random.shuffle(detailKinds.filter((kind) => kind !== telling)).slice(0, random.pick([1, 2, 2]));
  return detailKinds.filter((kind) => kind === telling || others.includes(kind));
}

/** The filled form, or why it cannot be used. Its schema was checked before. */
export function checkedForm(reply: Json): Checked<Form> {
  const form = reply as Reply; // fits formSchema, by ask
  const { thing, whose, options = [] } = form;
  if (exampleThings.some((example) => example === thing)) return { reason: "the thing is the one of the example" };
  if (machine.test(thing)) return { reason: `"${thing}" is a word for software, not for something that people order` };
  if (plural.test(thing)) return { reason: `"${thing}" is more than one; the thing is named in the singular` };
  if (whose === thing) return { reason: "the thing and whose it is are the same" };
  const attributes: Attribute[] = [{ name: `${whose}_name`, kind: "name", options: [] }];
  for (const kind of detailKinds) {
    const words = form[kind];
    if (words === undefined) continue;
    const name = words.replaceAll(" ", "_");
    const apart = kind === "option" ? distinct(options, `${thing} ${words}`) : [];
    if (kind === "option" && (reserved.test(name) || words === thing))
      return { reason: `"${words}" is no name for an option of a ${thing}` };
    if (kind === "option" && apart.length < 3) return { reason: `fewer than three values of "${words}" can be told apart` };
    if (attributes.some((one) => one.name === name)) return { reason: `two details have the name "${words}"` };
    attributes.push({ name, kind, options: apart });
  }
  return { value: { thing, attributes, states: [form.at_first, form.later, form.at_the_end] } };
}

/** Options of which none is said where another one, or the thing, is named. */
function distinct(options: readonly string[], named: string): readonly string[] {
  return options.filter(
    (option, at) =>
      !carries(named, option) &&
      !options.some((other, place) => place !== at && carries(other, option) && (other !== option || place < at)),
  );
}
