// Counts of what the simulator was asked, kept by its handle (simulator.ts) for the whole process and for each episode. A flat
// record, so that a copy is a snapshot and two of them add up by name.
import type { Counts, SimulatorRole } from "../types.ts";

type PerRole = "tokens_in" | "tokens_out" | "retried";

/** Counts under the names of the metrics, without `simulator/`. */
export type Usage = {
  /** Replies received. */
  replies: number;
  /** Of these, replies that were not JSON. */
  unparsed: number;
  /** Questions asked again, for any reason. */
  retried: number;
  /** Replies that contradicted what the tools had stated, whether or not the next one was better. */
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
