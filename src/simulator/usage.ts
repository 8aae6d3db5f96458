// What the simulator was asked for, counted: by its handle (simulator.ts), for a whole process and for each episode on its own.
// Flat, so that a copy is a snapshot and two of them add up by name.
import type { Counts, SimulatorRole } from "../types.ts";

type PerRole = "tokens_in" | "tokens_out" | "retried";

/** Counts under the names of the metrics, without `simulator/`. */
export type Usage = {
  /** Replies that came. */
  replies: number;
  /** Of these, not JSON as they came. */
  unparsed: number;
  /** Questions asked once more, for whatever reason. */
  retried: number;
  /** Replies that denied what the tools had stated, whether the next one was better or not. */
  contradictions: number;
} & { [key in `${PerRole}/${SimulatorRole}`]: number };

export function newUsage(): Usage {
  const read = { "tokens_in/task": 0, "tokens_in/user": 0, "tokens_in/tool": 0, "tokens_in/verifier": 0 };
  const written = { "tokens_out/task": 0, "tokens_out/user": 0, "tokens_out/tool": 0, "tokens_out/verifier": 0 };
  const again = { "retried/task": 0, "retried/user": 0, "retried/tool": 0, "retried/verifier": 0 };
  return { replies: 0, unparsed: 0, retried: 0, contradictions: 0, ...read, ...written, ...again };
}

/** Adds counts, name by name. */
export function count(usage: Usage, added: Partial<Usage>): void {
  for (const [name, value] of Object.entries(added)) usage[name as keyof Usage] += value;
}

/** The counts that are not zero. */
export function counted(usage: Usage): Counts {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== 0));
}
