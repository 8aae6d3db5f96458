// A page with an old name of a parameter: the tool itself takes another one, as after an upgrade that its page has missed. Pure.
import type { Draws } from "../../rng.ts";
import { worldCall } from "../../rules/drift.ts";
import { isIdName } from "../../rules/journal.ts";
import type { Drift, Task, ToolSpec } from "../../types.ts";
import { neededTools, plainParameters, saidArguments, withParameter } from "./needed.ts";

const prefixes = ["in", "req", "use", "arg", "p", "f"] as const;

/** The names that a parameter may have instead: none is taken, and an id stays one by its name, or rules would read it otherwise. */
function otherNames(tool: ToolSpec, name: string): readonly string[] {
  const names = Object.keys(plainParameters(tool));
  const isCamel = names.some((one) => /[a-z][A-Z]/.test(one)) && !names.some((one) => one.includes("_"));
  return prefixes
    .map((prefix) => (isCamel ? `${prefix}${name.slice(0, 1).toUpperCase()}${name.slice(1)}` : `${prefix}_${name}`))
    .filter((other) => !names.includes(other) && isIdName(other) === isIdName(name));
}

export function mayRename(tool: ToolSpec): boolean {
  return Object.keys(plainParameters(tool)).some((name) => otherNames(tool, name).length > 0);
}

/** The task with one parameter of a needed tool renamed; null if none can be. */
export function withRenamed(task: Task, random: Draws): Task | null {
  const places = neededTools(task).flatMap((needed) =>
    saidArguments(task, needed).flatMap((page) => {
      const schema = plainParameters(needed.tool)[page];
      const names = otherNames(needed.tool, page);
      return schema === undefined || names.length === 0 ? [] : [{ tool: needed.tool, page, schema, names }];
    }),
  );
  if (places.length === 0) return null;
  const { tool, page, schema, names } = random.pick(places);
  const world = random.pick(names);
  const drift: Drift = { kind: "renamed", tool: tool.name, page, world };
  return {
    ...task,
    world: task.tools.map((one) => (one === tool ? withParameter(tool, page, [world, schema]) : one)),
    drift,
    expected: task.expected.map((call) => worldCall(drift, call)),
  };
}
