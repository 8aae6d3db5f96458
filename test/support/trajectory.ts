// Trajectories for tests that only read records: what was said in each turn, without an engine.
import type { Message, Task, Trajectory } from "../../src/types.ts";
import { blueprint } from "./blueprint.ts";

/** A message whose ids are the bytes of its text; assistant messages are sampled (log-prob -0.5 each). */
export function message(role: Message["role"], text: string, turnReward: number | null = null): Message {
  const ids = [...Buffer.from(text)];
  return { role, text, sample: 0, ids, logprobs: role === "assistant" ? ids.map(() => -0.5) : null, turnReward, calls: [] };
}

/** A terminated trajectory in which the assistant says these texts, a user message before each. */
export function trajectory(turns: readonly string[], change: Partial<Trajectory> = {}, task: Task = blueprint()): Trajectory {
  return {
    task,
    author: "policy",
    sample: 0,
    policyVersion: 0,
    seed: 1,
    messages: turns.flatMap((text) => [message("user", "go on"), message("assistant", text)]),
    status: "terminated",
    stopReason: "answered",
    verdict: null,
    failure: null,
    seconds: 0,
    counts: {},
    ...change,
  };
}

/** A judged trajectory. */
export function judged(reward: number, change: Partial<Trajectory> = {}): Trajectory {
  return trajectory(["ok"], { verdict: { reward, rules: reward > 0.5 ? 1 : 0.5, judge: null, reason: "" }, ...change });
}

/** An aborted trajectory, without a verdict. */
export function aborted(change: Partial<Trajectory> = {}): Trajectory {
  const failure = { boundary: "tool", code: "deadline", text: "late" } as const;
  return trajectory(["ok"], { status: "aborted", stopReason: "simulator_failed", failure, ...change });
}
