// What the drift of a task (types/drift.ts) means for one call: how an error tells it, the call as the page has it and as the world
// takes it, and what a decoy gives. How drift is drawn is in tasks/drift.ts. Pure.
import type { Drift, JsonObject, Task, ToolCall, Trajectory } from "../types.ts";
import { isReading } from "./journal.ts";
import { own } from "./json.ts";
import { isSameCall } from "./values.ts";

/** What is right, in words that an error adds for a call that goes by an untrue page; null: the call does not, or nothing tells. */
export function tellingOf(drift: Drift | undefined, call: ToolCall): string | null {
  if (drift === undefined || call.name !== drift.tool) return null;
  switch (drift.kind) {
    case "renamed":
      return Object.hasOwn(call.arguments, drift.page) ? `"${drift.page}" is now "${drift.world}"` : null;
    case "options": {
      const given = own(call.arguments, drift.argument);
      const codes = Object.entries(drift.codes);
      if (given === undefined || codes.some(([, code]) => code === given)) return null;
      const listed = codes.map(([word, code]) => `"${code}" (${word})`);
      return `"${drift.argument}" takes ${[listed.slice(0, -1).join(", "), ...listed.slice(-1)].filter(Boolean).join(" or ")}`;
    }
    case "decoy":
      return null;
  }
}

/** A call that the world takes, as the page has it. Of a decoy pair page and world have the same. */
export function pageCall<Call extends ToolCall>(drift: Drift, call: Call): Call {
  return exchanged(drift, call, "page");
}

/** A call by the page, as the world takes it. */
export function worldCall<Call extends ToolCall>(drift: Drift, call: Call): Call {
  return exchanged(drift, call, "world");
}

function exchanged<Call extends ToolCall>(drift: Drift, call: Call, to: "page" | "world"): Call {
  if (call.name !== drift.tool || drift.kind === "decoy") return call;
  if (drift.kind === "renamed") {
    const [from, name] = to === "page" ? [drift.world, drift.page] : [drift.page, drift.world];
    const entries = Object.entries(call.arguments).map(([key, value]) => [key === from ? name : key, value] as const);
    return { ...call, arguments: Object.fromEntries(entries) };
  }
  const given = own(call.arguments, drift.argument);
  const pair = Object.entries(drift.codes).find(([word, code]) => (to === "page" ? code : word) === given);
  if (pair === undefined) return call;
  const [word, code] = pair;
  return { ...call, arguments: { ...call.arguments, [drift.argument]: to === "page" ? word : code } };
}

/** What the decoy gives for the arguments of the call that it stands beside; null for any other call. */
export function decoyResult({ drift, expected, tools, world = tools }: Task, call: ToolCall): JsonObject | null {
  if (drift?.kind !== "decoy" || call.name !== drift.decoy) return null;
  const beside = { ...call, name: drift.tool };
  return expected.some((one) => isSameCall(one, beside, world)) ? drift.result : null;
}

/** Whether a call of the tool may change something. The names of a decoy pair do not say; what the two stand for does. */
export function mayChange(drift: Drift | undefined, tool: string): boolean {
  if (drift?.kind !== "decoy") return !isReading(tool);
  return tool === drift.decoy || !isReading(tool === drift.tool ? drift.was : tool);
}

/** Whether a call of a task's tool only reads. */
export function readsIn({ drift }: Pick<Task, "drift">): (tool: string) => boolean {
  return (tool) => !mayChange(drift, tool);
}

/** Whether errors of the tool tell what an argument takes: no text of the task has the code of an option. */
export function isToldByErrors(drift: Drift | undefined, tool: string, argument: string): boolean {
  return drift?.kind === "options" && drift.tool === tool && drift.argument === argument;
}

/** Whether a page of the episode's task is not true, and the episode has no trials to find that out: errors of calls by it are due. */
export function goesByPages({ task, messages }: Pick<Trajectory, "task" | "messages">): boolean {
  return task.drift !== undefined && !messages.some(({ phase }) => phase !== undefined);
}
