// The supervised passes of the warm-up, on the doubles: what is trained on, in which order and at which rate, and what is stored of it.
import { beforeAll, describe, expect, test } from "vitest";
import { configSchema } from "../src/config/config.ts";
import type { UpdateRequest } from "../src/learner/learner.ts";
import { scriptedLearner } from "../src/learner/scripted.ts";
import { type Script, scriptedVocabulary } from "../src/llm/scripted.ts";
import { pairOf } from "../src/pairs.ts";
import { probeTasks } from "../src/run/probe-tasks.ts";
import { batchesOf, type Demonstration, learnFromDemonstrations } from "../src/run/supervised.ts";
import { packLogprobs } from "../src/store/blobs.ts";
import { loadTrajectories } from "../src/store/trajectories.ts";
import type { Trajectory } from "../src/types.ts";
import { exampleMessage, exampleTrajectory, temporaryStore } from "./store/temporary.ts";
import { openRequest } from "./suites/learner.suite.ts";
import { life, newRun, simulatorReply } from "./support/whole-run.ts";

const { warmup } = configSchema.parse({
  warmup: { when: "always", demonstrations: 6, declineShare: 0.5, epochs: 2, batch: 2, learningRate: 6e-4 },
});
const texts = ({ minibatches }: UpdateRequest) => minibatches.flat().map(({ ids }) => scriptedVocabulary().decode(ids));

describe("two supervised passes over three calls and their twins, two at a time", () => {
  const requests: UpdateRequest[] = [];
  let shown: readonly Trajectory[] = [];
  beforeAll(async () => {
    using temporary = temporaryStore();
    const run = newRun(temporary, { steps: 0, warmup });
    await life(temporary, run, { token: "one", updated: (request) => requests.push(request) });
    const stored = loadTrajectories(temporary.store, run, { step: 0, purpose: "demonstration" });
    shown = stored.map(({ trajectory }) => trajectory);
  });

  test("train on every demonstration once a pass, in another order, each beside its twin", () => {
    expect(requests.map(({ loss }) => loss.kind)).toEqual(Array<string>(6).fill("sft"));
    const [first, second] = [requests.slice(0, 3).flatMap(texts), requests.slice(3).flatMap(texts)];
    expect(new Set(first).size).toBe(6);
    expect([...second].sort()).toEqual([...first].sort());
    expect(second).not.toEqual(first);
    for (const request of requests) {
      const asked = texts(request).map((text) => /goes from Oslo to (\w+) on/.exec(text)?.[1]);
      expect(asked).toEqual([expect.any(String), asked[0]]);
    }
  });

  test("at a rate that falls linearly to 0", () => {
    const rates = [6e-4, 5e-4, 4e-4, 3e-4, 2e-4, 1e-4].map((rate) => expect.closeTo(rate, 10));
    expect(requests.map(({ learningRate }) => learningRate)).toEqual(rates);
  });

  test("and each demonstration has the log-probs that its own tokens had before it was trained on", async () => {
    const learner = scriptedLearner();
    await learner.open(openRequest);
    const before = new Map<string, readonly number[]>();
    for (const request of requests.slice(0, 3)) {
      const { logprobs } = await learner.update(request);
      for (const [at, { ids, mask }] of request.minibatches.flat().entries())
        before.set(ids.join(), logprobs[at]?.filter((_, position) => mask[position] === 1) ?? []);
    }
    expect(shown).toHaveLength(6);
    for (const trajectory of shown) {
      const stored = trajectory.messages.flatMap(({ role, logprobs }) => (role === "assistant" ? (logprobs ?? []) : []));
      const expected = before.get(trajectory.messages.flatMap(({ ids }) => ids).join()) ?? [];
      expect(expected.length).toBeGreaterThan(0);
      expect(stored).toEqual(expected.map((logprob) => expect.closeTo(logprob, 5)));
    }
  });
});

test("a turn for which the learner computed no numbers gets no log-probs, so that the warm-up can be closed; the others keep theirs", async () => {
  const double = scriptedLearner();
  await double.open(openRequest);
  const overflowing: typeof double = {
    ...double,
    update: async (request) => {
      const reply = await double.update(request);
      const logprobs = reply.logprobs.map((all, at) => (at === 0 ? all.map(() => Number.NaN) : all));
      return { ...reply, logprobs };
    },
  };
  const messages = [exampleMessage(), exampleMessage({ role: "assistant", ids: [4, 5] })];
  const trajectory = exampleTrajectory({ author: "blueprint", messages });
  const demonstrations = [1, 2].map((id): Demonstration => ({ id, pair: 0, trajectory }));

  const config = configSchema.parse({ warmup: { epochs: 1, batch: 2 } });
  const parts = { config, learner: overflowing, progress: () => undefined, pause: () => undefined };
  const { logprobs } = await learnFromDemonstrations(parts, demonstrations);
  expect(logprobs.map(({ message }) => message)).toEqual([1]);
  for (const one of logprobs) expect(() => packLogprobs(one.logprobs)).not.toThrow();
});

test("a demonstration without its twin takes no other pair apart", () => {
  const one = (id: number): Demonstration => ({ id, pair: pairOf(id), trajectory: { messages: [] } as unknown as Trajectory });
  const left = [0, 1, 3, 4, 5, 6, 7, 8, 10, 11].map(one);
  for (const batch of [2, 3, 4]) {
    const batches = batchesOf(left, { seed: 1, warmup: { ...warmup, batch } });
    expect(
      batches
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...left, ...left].map(({ id }) => id).sort());
    for (const part of batches) {
      expect(part.length).toBeLessThanOrEqual(batch);
      for (const { pair } of part)
        expect(part.filter((other) => other.pair === pair)).toHaveLength([1, 4].includes(pair) ? 1 : 2);
    }
  }
  expect(batchesOf(left, { seed: 1, warmup: { ...warmup, batch: 1 } })).toHaveLength(2 * left.length);
});

test.each([
  { calls: "makes the right calls", right: true, trained: false },
  { calls: "asks instead of calling", right: false, trained: true },
])("with warmup.when=auto a policy that $calls in the probe has a warm-up: $trained", async ({ right, trained }) => {
  using temporary = temporaryStore();
  const requests: UpdateRequest[] = [];
  const say: Script["say"] = (prompt) => {
    const task = probeTasks.find(({ firstMessage }) => prompt.includes(firstMessage));
    return right && task !== undefined ? `<tool_call>\n${JSON.stringify(task.call)}\n</tool_call>` : "Which?";
  };
  const run = newRun(temporary, { steps: 0, warmup: { ...warmup, when: "auto" } });
  await life(temporary, run, {
    token: "one",
    script: { say, reply: simulatorReply },
    updated: (request) => requests.push(request),
  });
  expect(requests.length > 0).toBe(trained);
});
