// A store in a temporary folder, removed with it; and small tasks and trajectories to fill it with.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configSchema } from "../../src/config/config.ts";
import type { CallForm } from "../../src/llm/text/dialect.ts";
import type { ScoredGroup } from "../../src/reward/assign.ts";
import { acquireLease, type Writer } from "../../src/store/lease.ts";
import { createRun } from "../../src/store/runs.ts";
import type { Devices } from "../../src/store/starts.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { Message, Task, Trajectory } from "../../src/types.ts";

export interface Temporary extends Disposable {
  readonly home: string;
  readonly path: string;
  readonly store: Store;
}

export function temporaryStore(): Temporary {
  const home = mkdtempSync(join(tmpdir(), "playact-store-"));
  const path = join(home, "playact.db");
  const store = openStore(path);
  const dispose = () => {
    store[Symbol.dispose]();
    rmSync(home, { recursive: true });
  };
  return { home, path, store, [Symbol.dispose]: dispose };
}

/** A new run that this process writes. */
export function newWriter(store: Store, name?: string): Writer {
  const config = configSchema.parse({});
  const run = createRun(store, {
    ...(name === undefined ? {} : { name }),
    preset: "tiny",
    config,
    versions: { playact: "0.1.0" },
  });
  return acquireLease(store, run, { pid: process.pid, token: `token of ${run.name}` });
}

/** What a first start settles. */
export const exampleForm: CallForm = { dialect: "hermes", markers: "pieces" };

/** A machine with a GPU. */
export const exampleDevices: Devices = {
  engine: "cuda (NVIDIA L4)",
  policy: { dtype: "Q4_K_M", gpuLayers: 25, layers: 25 },
  simulator: { dtype: "Q8_0", gpuLayers: 12, layers: 29 },
  learner: "cuda:0 (NVIDIA L4)",
  dtype: "bfloat16",
  torch: "2.13.0",
};

/** A machine without one. */
export const processorOnly: Devices = {
  engine: "cpu",
  policy: { dtype: "Q4_K_M", gpuLayers: 0, layers: 25 },
  simulator: { dtype: "Q8_0", gpuLayers: 0, layers: 29 },
  learner: "cpu",
  dtype: "float32",
  torch: "2.13.0+cpu",
};

export function exampleTask(change: Partial<Task> = {}): Task {
  return {
    id: "weather-1",
    kind: "call",
    domain: "weather",
    toolset: "forecast",
    level: 4,
    tools: [
      {
        name: "forecast",
        description: "Tomorrow's weather.",
        parameters: { type: "object", properties: { city: { type: "string" } } },
      },
    ],
    systemPrompt: "You help with the weather.",
    intent: "Know tomorrow's weather in Oslo.",
    persona: "an expert",
    expectedTurns: 0,
    firstMessage: "What is the weather in Oslo tomorrow?",
    expected: [{ name: "forecast", arguments: { city: "Oslo" }, result: { celsius: -2.5 } }],
    dependent: false,
    heldBack: [],
    report: "It will be -2.5 degrees.",
    criteria: 1,
    limits: { userReplies: 0, assistantTurns: 2, toolTurns: 1, responseTokens: 256, tokensPerTurn: 64 },
    ...change,
  };
}

export function exampleMessage(change: Partial<Message> = {}): Message {
  return { role: "user", text: "Hello", sample: 0, ids: [1, 2, 3], logprobs: null, turnReward: null, calls: [], ...change };
}

/** A group of one stored trajectory, whose turns have this advantage. */
export function scoredGroup(id: number, advantage: number, trajectory = exampleTrajectory()): ScoredGroup {
  const turns = trajectory.messages.filter(({ role }) => role === "assistant");
  const group = { task: trajectory.task, index: 0, trajectories: [trajectory], ids: [id] };
  return { ...group, advantages: [turns.map(() => advantage)], guideAdvantages: [], dead: false, agreed: false };
}

/** A user message and a sampled answer, judged 0.5. */
export function exampleTrajectory(change: Partial<Trajectory> = {}): Trajectory {
  return {
    task: exampleTask(),
    author: "policy",
    sample: 0,
    policyVersion: 0,
    seed: 4294967295,
    messages: [
      exampleMessage(),
      exampleMessage({ role: "assistant", text: "Hi.", ids: [4, 151657], logprobs: [-0.5, -1.25], turnReward: 0.25 }),
    ],
    status: "terminated",
    stopReason: "user_done",
    verdict: { reward: 0.5, rules: 1, judge: null, reason: "all calls right" },
    failure: null,
    seconds: 1.5,
    counts: {},
    ...change,
  };
}
