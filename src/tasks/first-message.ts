// The person's first message of a task, calls first: what it must tell, what it must keep back, and what is said where the
// simulator finds no such words. Rules only; write-task.ts asks for the words.
import type { ExpectedCall, Json, JsonObject, ToolSpec } from "../types.ts";
import type { Outline } from "./draw-task.ts";
import { purpose } from "./refusal.ts";
import { namedTool } from "./rejection.ts";
import { carries, spoken, spokenValue } from "./values.ts";

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

/** The message must say what it is about, carry every told value, none that is held back, and no tool name; else it is asked for again. */
export function checkedMessage(
  reply: JsonObject,
  outline: Outline,
  calls: readonly ExpectedCall[],
): { value: string } | { reason: string } {
  const message = String(reply.message ?? "").trim();
  const missing = toldValues(outline, calls).find(({ value }) => !carries(message, value));
  if (missing) return { reason: `the message lacks ${missing.name}` };
  const betrayed = outline.heldBack.find(({ call, argument }) => carries(message, calls[call]?.arguments[argument] ?? "\u0000"));
  if (betrayed) return { reason: `the message gives away ${betrayed.argument}` };
  if (namedTool(message, [...outline.needed, ...outline.offered]) !== null) return { reason: "the message names a tool" };
  if (/\bassistant\b/i.test(message)) return { reason: "the message speaks about the assistant" };
  if (!outline.needed.some((tool) => namesMatter(message, tool))) return { reason: "the message does not say what it is about" };
  return { value: message };
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
