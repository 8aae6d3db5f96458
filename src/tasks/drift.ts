// Tools that are not what their pages say (types/drift.ts), drawn by rule for tasks that are written already: one table of the
// kinds. What the kinds mean for a call is in rules/drift.ts. ToolMaster (arXiv 2601.12762) trains on tools that are unfamiliar;
// the kinds are ours. Pure.
import { pageCall } from "../rules/drift.ts";
import type { DriftKind, Task, ToolSpec, Toolset } from "../types.ts";
import { type DecoyDraw, type Home, mayHaveDecoy, withDecoy } from "./drift/decoy.ts";
import { mayCode, withCodes } from "./drift/options.ts";
import { mayRename, withRenamed } from "./drift/renamed.ts";

interface DriftWay {
  /** Whether some task may have such a page of the tool. */
  readonly may: (tool: ToolSpec, home: Home, toolsets: readonly Toolset[]) => boolean;
  /** The task with such a page of a needed tool; null if it can have none. Limits, texts and what is held back stay. */
  readonly draw: (task: Task, drawing: DecoyDraw) => Task | null;
}

const driftWays: Readonly<Record<DriftKind, DriftWay>> = {
  renamed: { may: mayRename, draw: (task, { random }) => withRenamed(task, random) },
  options: { may: mayCode, draw: (task, { random }) => withCodes(task, random) },
  decoy: { may: mayHaveDecoy, draw: withDecoy },
};

export interface Drifting extends DecoyDraw {
  /** Of the call tasks. */
  readonly share: number;
  readonly kinds: readonly DriftKind[];
}

/** The task, in a share of the tasks with an untrue page; a kind that it cannot have is replaced by another one. */
export function withDrift(task: Task, drifting: Drifting): Task {
  const { share, kinds, random } = drifting;
  if (task.kind === "decline" || random.uniform() >= share) return task;
  for (const kind of random.shuffle(kinds)) {
    const drifted = driftWays[kind].draw(task, drifting);
    if (drifted !== null) return drifted;
  }
  return task;
}

/** The task as it was before its pages became untrue. */
export function undrifted(task: Task): Task {
  const { drift, world, ...plain } = task;
  if (drift === undefined || world === undefined) return task;
  const expected = task.expected.map((call) => pageCall(drift, call));
  if (drift.kind !== "decoy") return { ...plain, expected };
  const { tool, was, decoy } = drift;
  const asBefore = <Named extends { readonly name: string }>(one: Named): Named =>
    one.name === tool ? { ...one, name: was } : one;
  return { ...plain, tools: world.filter(({ name }) => name !== decoy).map(asBefore), expected: expected.map(asBefore) };
}

/** Whether a tool of the toolsets can have an untrue page of one of the kinds. */
export function mayDrift(toolsets: readonly Toolset[], kinds: readonly DriftKind[]): boolean {
  return toolsets.some(({ domain, name: toolset, tools }) =>
    tools.some((tool) => kinds.some((kind) => driftWays[kind].may(tool, { domain, toolset }, toolsets))),
  );
}
