// Trials for tests: the config's part, a turn that tries as a Hermes policy writes it, and tasks whose pages are not true.
import { type Config, type ConfigInput, configSchema } from "../../src/config/config.ts";
import { trialTurn } from "../../src/llm/text/trial.ts";
import { draws } from "../../src/rng.ts";
import { withDrift } from "../../src/tasks/drift.ts";
import type { DriftKind, Task, ToolCall } from "../../src/types.ts";
import { blueprint, bookSeats, findTrain, says } from "./blueprint.ts";

/** Two trials in a copy of the world, unless a test says otherwise. */
export function trials(change: ConfigInput["trial"] = {}): Config["trial"] {
  return configSchema.parse({ trial: { turns: 2, ...change } }).trial;
}

export function tries(...calls: readonly ToolCall[]): string {
  return trialTurn(says(...calls));
}

/** A task with an untrue page of this kind. */
export function drifting(kind: DriftKind, plain: Task = blueprint()): Task {
  const toolsets = [{ domain: "travel", name: "trains", tools: [findTrain, bookSeats] }];
  const task = withDrift(plain, { share: 1, kinds: [kind], toolsets, random: draws("trials", kind) });
  if (task.drift === undefined) throw new Error(`${plain.id} cannot be ${kind}`);
  return task;
}
