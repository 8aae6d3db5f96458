// The person's first message of a calls-first task: what it must say, what it must hold back, and the message built by rule when
// the simulator cannot write one. Rules only; write-task.ts asks the simulator.
import { isObject, own } from "../rules/json.ts";
import { purpose } from "../rules/language/refusal.ts";
import { carries } from "../rules/language/said.ts";
import { spoken } from "../rules/values.ts";
import type { ExpectedCall, Json, JsonObject, ToolSpec } from "../types.ts";
import { isParallel, type Plan } from "./draw-task.ts";
import { strangeNames, strangeNumbers } from "./made-up.ts";
import { type Field, stated } from "./phrases.ts";
import { namedTool } from "./rejection.ts";
import { asks, speaksAsAssistant } from "./voice.ts";

const isTold = (plan: Plan, call: number, argument: string) =>
  !(call === 1 && argument === plan.dependent) && !plan.heldBack.some((held) => held.call === call && held.argument === argument);

/** The values that the first message must state. */
export function toldValues(plan: Plan, calls: readonly ExpectedCall[]): { readonly name: string; readonly value: Json }[] {
  return calls.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name]) => isTold(plan, index, name))
      .map(([name, value]) => ({ name, value })),
  );
}

/**
 * The message must ask for what every call does and state every told value, but no held-back value, no number or name of its own
 * (it would be taken for a value) and no tool's name; otherwise the simulator is asked again.
 */
export function checkedMessage(
  reply: JsonObject,
  plan: Plan,
  calls: readonly ExpectedCall[],
): { value: string } | { reason: string } {
  const message = String(reply.message ?? "").trim();
  const missing = toldValues(plan, calls).find(({ value }) => !carries(message, value));
  if (missing) return { reason: `the message lacks ${missing.name}` };
  const betrayed = plan.heldBack.find(({ call, argument }) => {
    const value = own(calls[call]?.arguments ?? {}, argument);
    return value !== undefined && carries(message, value);
  });
  if (betrayed) return { reason: `the message gives away ${betrayed.argument}` };
  const other = plan.heldBack
    .flatMap(({ call, argument }) => optionsOf(plan.needed[call], argument))
    .find((option) => carries(message, option));
  if (other !== undefined) return { reason: `the message says ${other} in place of what is held back` };
  if (namedTool(message, [...plan.needed, ...plan.offered]) !== null) return { reason: "the message names a tool" };
  if (speaksAsAssistant(message)) return { reason: "the message speaks as or of the assistant" };
  if (/\b(a|an|at|by|for|from|in|into|of|on|the|to|with)[.?!]*$/i.test(message)) return { reason: "the message breaks off" };
  if (!asks(message, plan.needed)) return { reason: "the message asks for nothing" };
  const silent = plan.needed.find((tool) => !namesMatter(message, tool));
  if (silent) return { reason: `the message does not ask for what ${silent.name} does` };
  const told = toldValues(plan, calls).map(({ value }) => value);
  const about = plan.needed
    .flatMap(({ name, description, parameters }) => [spoken(name), description, ...namesIn(parameters)])
    .join(" ");
  const [strange] = [...strangeNumbers(message, told), ...strangeNames(message, told, about)];
  if (strange !== undefined) return { reason: `the message makes up ${strange}` };
  return { value: message };
}

/** The values that an argument is chosen from; none for a free argument. */
function optionsOf(tool: ToolSpec | undefined, argument: string): readonly Json[] {
  const properties = tool?.parameters.properties ?? null;
  const schema = isObject(properties) ? own(properties, argument) : null;
  return isObject(schema) && Array.isArray(schema.enum) ? schema.enum.filter((option: Json) => typeof option === "string") : [];
}

/** Names and descriptions of the parameters, not their options: a currency other than the one held back is made up. */
function namesIn(schema: Json): string[] {
  if (!isObject(schema)) return [];
  const { description, properties, items = null } = schema;
  const own = typeof description === "string" ? [description] : [];
  const named = isObject(properties) ? Object.entries(properties).flatMap(([name, one]) => [spoken(name), ...namesIn(one)]) : [];
  return [...own, ...named, ...namesIn(items)];
}

/**
 * Whether a text mentions what a tool is about: a noun of its name, or a long word of its description. With every value held
 * back, a small simulator writes about the situation alone ("We've been on this road for quite some time").
 */
function namesMatter(text: string, { name, description }: ToolSpec): boolean {
  const [verb = "", ...nouns] = spoken(name).split(" ");
  const long = description.split(/[^A-Za-z]+/).filter((word) => word.length > 5);
  const stems = [...(nouns.length > 0 ? nouns : [verb]), ...long]
    .filter((word) => word.length > 3)
    .map((word) => word.toLowerCase().slice(0, 5));
  return stems.length === 0 || stems.some((stem) => text.toLowerCase().includes(stem));
}

/** The message built by rule, for simulators that drop values from every sentence they write. */
export function plainMessage(plan: Plan, calls: readonly ExpectedCall[]): string {
  const [purposes, between] = isParallel(plan)
    ? [[...new Set(plan.needed.map(purpose))], ", and "]
    : [plan.needed.map(purpose), ", then "];
  const fields = toldValues(plan, calls).map(({ name, value }): Field => [name, value]);
  return [`Please ${purposes.join(between)}.`, ...(fields.length > 0 ? [stated(fields)] : [])].join(" ");
}
