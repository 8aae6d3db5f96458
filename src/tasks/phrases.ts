// Fields with their values, as a report or a person states them: a list, because it is right for every name, whether noun, verb
// or plural. Every value stays in a form that rules/language/said.ts reads.
import { spoken, spokenValue } from "../rules/language/spoken.ts";
import type { Json } from "../types.ts";

export type Field = readonly [name: string, value: Json];

/** "Departs: 08:25; alerts left: 19." */
export function stated(fields: readonly Field[]): string {
  const text = fields.map(([name, value]) => `${spoken(name)}: ${spokenValue(value)}`).join("; ");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
