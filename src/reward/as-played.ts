// The expected calls as the world has played them out. A blueprint states what each call returns, and a later call may use a value
// of an earlier result. In a written world the results are others: right is then what the earlier call really returned, and a
// report is about the real results. In a world of the blueprint both are the same, and nothing changes.

import { givesOut, linksOf } from "../rules/journal.ts";
import { isObject, jsonOf, own } from "../rules/json.ts";
import { isSameCall, sameValue } from "../rules/values.ts";
import type { ExpectedCall, Json, Message, Task, ToolCall, Trajectory } from "../types.ts";

/** A call with its result; undefined if it was cut. */
interface Played extends ToolCall {
  readonly result: Json | undefined;
}

export function asPlayed({ task, messages }: Pick<Trajectory, "task" | "messages">): Task {
  if (task.kind === "decline") return task;
  const played = playedIn(messages);
  const expected: ExpectedCall[] = [];
  for (const [index, call] of task.expected.entries()) {
    const links = linksOf(task, index).flatMap(({ name, from }): [string, Json][] => {
      const source = expected[from]?.result ?? null;
      const given = played
        .filter((made) => made.name === call.name)
        .map((made) => own(made.arguments, name))
        .find((value) => (typeof value === "string" || typeof value === "number") && isFrom(source, name, value));
      return given === undefined ? [] : [[name, given]];
    });
    const wanted = { ...call, arguments: { ...call.arguments, ...Object.fromEntries(links) } };
    const result = played.find((made) => isSameCall(wanted, made, task.tools))?.result;
    expected.push(result === undefined ? wanted : { ...wanted, result });
  }
  return { ...task, expected };
}

/** Whether a result gives the value of a link: under its own name, or where it has no such field in another one of ids, or in a sentence. */
function isFrom(result: Json, name: string, value: string | number): boolean {
  const named = underName(result, name);
  return named.length === 0 ? givesOut(result, name, value) : named.some((one) => sameValue(one, value));
}

/** The values of the fields of this name: an object's own, else those of its members, at any depth. */
function underName(result: Json, name: string): readonly Json[] {
  if (Array.isArray(result)) return result.flatMap((item: Json) => underName(item, name));
  if (!isObject(result)) return [];
  const mine = own(result, name);
  return mine === undefined ? Object.values(result).flatMap((inner) => underName(inner, name)) : [mine];
}

/** Each executed call with its result, in order; those that a rule refused have none. */
export function playedIn(messages: readonly Message[]): Played[] {
  return messages.flatMap(({ calls }, at) => {
    const next = messages[at + 1];
    if (next?.role !== "tool") return [];
    const results = next.text.split("\n"); // one line of JSON each, in the order of the calls
    return calls.flatMap((call, index) =>
      call.refused === undefined ? [{ ...call, result: jsonOf(results[index] ?? "") }] : [],
    );
  });
}
