// The person's first message of a task, calls first: what it must tell, what it must keep back, and what is said where the
// simulator finds no such words. Rules only; write-task.ts asks for the words.
import { isObject, own } from "../rules/json.ts";
import { purpose } from "../rules/language/refusal.ts";
import { carries } from "../rules/language/said.ts";
import { spoken, spokenValue } from "../rules/values.ts";
import type { ExpectedCall, Json, JsonObject, ToolSpec } from "../types.ts";
import type { Outline } from "./draw-task.ts";
import { strangeNames, strangeNumbers } from "./made-up.ts";
import { namedTool } from "./rejection.ts";
import { asks, speaksAsAssistant } from "./voice.ts";

const isTold = (outline: Outline, call: number, argument: string) =>
  !(call === 1 && argument === outline.dependent) &&
  !outline.heldBack.some((held) => held.call === call && held.argument === argument);

/** The values that the first message must carry. */
export function toldValues(outline: Outline, calls: readonly ExpectedCall[]): { readonly name: string; readonly value: Json }[] {
  return calls.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name]) => isTold(outline, index, name))
      .map(([name, value]) => ({ name, value })),
  );
}

/**
 * The message must ask for what every call does, carry every told value, none that is held back, no number or name of its own
 * (it would be taken for a value) and no tool's name; else it is asked for again.
 */
export function checkedMessage(
  reply: JsonObject,
  outline: Outline,
  calls: readonly ExpectedCall[],
): { value: string } | { reason: string } {
  const message = String(reply.message ?? "").trim();
  const missing = toldValues(outline, calls).find(({ value }) => !carries(message, value));
  if (missing) return { reason: `the message lacks ${missing.name}` };
  const betrayed = outline.heldBack.find(({ call, argument }) => {
    const value = own(calls[call]?.arguments ?? {}, argument);
    return value !== undefined && carries(message, value);
  });
  if (betrayed) return { reason: `the message gives away ${betrayed.argument}` };
  const other = outline.heldBack
    .flatMap(({ call, argument }) => optionsOf(outline.needed[call], argument))
    .find((option) => carries(message, option));
  if (other !== undefined) return { reason: `the message says ${other} in place of what is held back` };
  if (namedTool(message, [...outline.needed, ...outline.offered]) !== null) return { reason: "the message names a tool" };
  if (speaksAsAssistant(message)) return { reason: "the message speaks as or of the assistant" };
  if (/\b(a|an|at|by|for|from|in|into|of|on|the|to|with)[.?!]*$/i.test(message)) return { reason: "the message breaks off" };
  if (!asks(message, outline.needed)) return { reason: "the message asks for nothing" };
  const silent = outline.needed.find((tool) => !namesMatter(message, tool));
  if (silent) return { reason: `the message does not ask for what ${silent.name} does` };
  const told = toldValues(outline, calls).map(({ value }) => value);
  const about = outline.needed
    .flatMap(({ name, description, parameters }) => [spoken(name), description, ...namesIn(parameters)])
    .join(" ");
  const [strange] = [...strangeNumbers(message, told), ...strangeNames(message, told, about)];
  if (strange !== undefined) return { reason: `the message makes up ${strange}` };
  return { value: message };
}

/** The values that an argument is chosen from; none where it is free. */
function optionsOf(tool: ToolSpec | undefined, argument: string): readonly Json[] {
  const properties = tool?.parameters.properties ?? null;
  const schema = isObject(properties) ? own(properties, argument) : null;
  return isObject(schema) && Array.isArray(schema.enum) ? schema.enum.filter((option: Json) => typeof option === "string") : [];
}

/** Names and descriptions of the parameters, not their options: another currency than the one held back is made up. */
function namesIn(schema: Json): string[] {
  if (!isObject(schema)) return [];
  const { description, properties, items = null } = schema;
  const own = typeof description === "string" ? [description] : [];
  const named = isObject(properties) ? Object.entries(properties).flatMap(([name, one]) => [spoken(name), ...namesIn(one)]) : [];
  return [...own, ...named, ...namesIn(items)];
}

/**
 * Does a text name the matter of a tool: a noun of its name, or a long word of its description? Where every value is held
 * back, a small simulator writes of the situation alone ("We've been on this road for quite some time").
 */
function namesMatter(text: string, { name, description }: ToolSpec): boolean {
  const [verb = "", ...nouns] = spoken(name).split(" ");
  const long = description.split(/[^A-Za-z]+/).filter((word) => word.length > 5);
  const stems = [...(nouns.length > 0 ? nouns : [verb]), ...long]
    .filter((word) => word.length > 3)
    .map((word) => word.toLowerCase().slice(0, 5));
  return stems.length === 0 || stems.some((stem) => text.toLowerCase().includes(stem));
}

/** What a person without imagination says: for simulators that drop values from every sentence they write. */
export function plainMessage(outline: Outline, calls: readonly ExpectedCall[]): string {
  const purposes = outline.needed.map(purpose);
  const details = toldValues(outline, calls).map(({ name, value }) => `the ${spoken(name)} is ${spokenValue(value)}`);
  return `Please ${purposes.join(", then ")}${details.length > 0 ? `: ${details.join(", ")}` : ""}.`;
}
