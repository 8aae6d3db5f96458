import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { demonstrationSamples, trainingSamples } from "../../src/learner/batch.ts";
import type { Message, Role, Task, Trajectory } from "../../src/types.ts";

const task: Task = {
  id: "t1",
  kind: "call",
  domain: "travel",
  toolset: "flights",
  level: 1,
  tools: [],
  systemPrompt: "",
  intent: "",
  persona: "",
  expectedTurns: 0,
  firstMessage: "",
  expected: [],
  dependent: false,
  heldBack: [],
  report: "",
  criteria: 1,
  limits: { userReplies: 0, assistantTurns: 2, toolTurns: 1, responseTokens: 100, tokensPerTurn: 50 },
};

const message = (role: Role, ids: readonly number[], logprobs: readonly number[] | null = null, sample = 0): Message => ({
  role,
  text: "",
  sample,
  ids,
  logprobs,
  turnReward: null,
  calls: [],
});

const trajectory = (messages: readonly Message[], status: Trajectory["status"] = "terminated"): Trajectory => ({
  task,
  author: "policy",
  sample: 0,
  policyVersion: 0,
  seed: 1,
  messages,
  status,
  stopReason: status === "aborted" ? "simulator_failed" : "user_done",
  verdict: null,
  failure: null,
  seconds: 1,
  counts: {},
});

describe("trainingSamples", () => {
  const talk = [
    message("system", [1, 2]),
    message("user", [3]),
    message("assistant", [4, 5], [-0.5, -0.25]),
    message("tool", [6, 7]),
    message("assistant", [8], [-1]),
  ];

  it("concatenates the messages and trains only on what the policy sampled, with each turn's advantage", () => {
    expect(trainingSamples(trajectory(talk), [0.7, -0.2])).toEqual([
      {
        ids: [1, 2, 3, 4, 5, 6, 7, 8],
        mask: [0, 0, 0, 1, 1, 0, 0, 1],
        logprobs: [0, 0, 0, -0.5, -0.25, 0, 0, -1],
        advantages: [0, 0, 0, 0.7, 0.7, 0, 0, -0.2],
      },
    ]);
  });

  it("also accepts an advantage for each token of a turn, but not a different number of them", () => {
    expect(trainingSamples(trajectory(talk), [[0.7, 0.6], -0.2])[0]?.advantages).toEqual([0, 0, 0, 0.7, 0.6, 0, 0, -0.2]);
    expect(() => trainingSamples(trajectory(talk), [[0.7], -0.2])).toThrow("a sampled message has 2 ids but 1 advantages");
  });

  it("keeps mask 1 if the advantage is zero: that is not the same as foreign text", () => {
    expect(trainingSamples(trajectory(talk), [0, 0]).map((sample) => sample.mask)).toEqual([[0, 0, 0, 1, 1, 0, 0, 1]]);
  });

  it("makes one sample per index; an earlier turn repeated as context is not trained on again", () => {
    const rewritten = [
      message("user", [1]),
      message("assistant", [2, 3], [-1, -2]),
      message("user", [1], null, 1),
      message("assistant", [3], null, 1),
      message("tool", [9], null, 1),
      message("assistant", [4], [-3], 1),
    ];
    expect(trainingSamples(trajectory(rewritten), [1, 2])).toEqual([
      { ids: [1, 2, 3], mask: [0, 1, 1], logprobs: [0, -1, -2], advantages: [0, 1, 1] },
      { ids: [1, 3, 9, 4], mask: [0, 0, 0, 1], logprobs: [0, 0, 0, -3], advantages: [0, 0, 0, 2] },
    ]);
  });

  it("trains on what the rule wrote for the policy in a guide, never on what others said, and marks its samples", () => {
    const shown = [message("user", [3]), message("assistant", [4, 5]), message("tool", [6]), message("assistant", [8])];
    const guide: Trajectory = { ...trajectory(shown), author: "blueprint" };
    const ids = [3, 4, 5, 6, 8];
    expect(trainingSamples(guide, [0.7, 0.2])).toEqual([
      { ids, mask: [0, 1, 1, 0, 1], logprobs: [0, 0, 0, 0, 0], advantages: [0, 0.7, 0.7, 0, 0.2], guide: true },
    ]);
    expect(() => trainingSamples(guide, [0.7])).toThrow("2 sampled turns but 1 advantages");
    // the same turns given to a policy are no turns of its own
    expect(trainingSamples(trajectory(shown), [])).toEqual([]);
  });

  it("gives nothing for an aborted trajectory", () => {
    expect(trainingSamples(trajectory(talk, "aborted"), [1, 1])).toEqual([]);
  });

  it("omits a sample in which nothing was sampled", () => {
    expect(trainingSamples(trajectory([message("user", [1, 2])], "truncated"), [])).toEqual([]);
  });

  it.each([[[0.7]], [[0.7, -0.2, 0]]])("rejects advantages that do not match the turns", (advantages) => {
    expect(() => trainingSamples(trajectory(talk), advantages)).toThrow(`2 sampled turns but ${advantages.length} advantages`);
  });

  it("rejects log-probs that do not match the ids", () => {
    const broken = trajectory([message("assistant", [1, 2], [-1])]);
    expect(() => trainingSamples(broken, [1])).toThrow("a sampled message has 2 ids but 1 log-probs");
  });

  const ids = fc.array(fc.nat(50_000), { maxLength: 6 });
  const foreign = fc.record({ role: fc.constantFrom<Role>("system", "user", "tool", "assistant"), ids, sample: fc.nat(2) });
  const sampled = fc.record({ role: fc.constant<Role>("assistant"), ids, sample: fc.nat(2), sampled: fc.constant(true) });
  const messages = fc
    .array(fc.oneof(foreign, sampled), { maxLength: 10 })
    .map((parts) =>
      parts
        .toSorted((a, b) => a.sample - b.sample)
        .map((part) =>
          message(part.role, part.ids, "sampled" in part ? part.ids.map((id) => -id / 7 - 0.01) : null, part.sample),
        ),
    );

  it("keeps the concatenation law: ids of a sample are its messages' ids, masks are what was sampled", () => {
    fc.assert(
      fc.property(messages, (parts) => {
        const turns = parts.filter((part) => part.logprobs !== null);
        const samples = trainingSamples(
          trajectory(parts),
          turns.map((_, turn) => turn + 1),
        );
        const indexes = [0, 1, 2].filter((index) => turns.some((part) => part.sample === index && part.ids.length > 0));
        expect(samples.map((sample) => sample.ids)).toEqual(
          indexes.map((index) => parts.filter((part) => part.sample === index).flatMap((part) => part.ids)),
        );
        for (const sample of samples) {
          expect([sample.mask.length, sample.logprobs.length, sample.advantages.length]).toEqual(
            Array(3).fill(sample.ids.length),
          );
          sample.mask.forEach((trained, position) => {
            if (trained === 0) expect([sample.logprobs[position], sample.advantages[position]]).toEqual([0, 0]);
            else expect(sample.logprobs[position]).toBe(-(sample.ids[position] ?? Number.NaN) / 7 - 0.01);
          });
        }
        const trained = samples.flatMap((sample) => sample.advantages.filter((_, position) => sample.mask[position] === 1));
        expect(trained).toEqual(turns.flatMap((part, turn) => part.ids.map(() => turn + 1)));
      }),
    );
  });
});

describe("demonstrationSamples", () => {
  it("trains on every written assistant message, with log-probs and advantages of 0", () => {
    const shown = [message("user", [1]), message("assistant", [2, 3]), message("tool", [4]), message("assistant", [5])];
    expect(demonstrationSamples(trajectory(shown))).toEqual([
      { ids: [1, 2, 3, 4, 5], mask: [0, 1, 1, 0, 1], logprobs: [0, 0, 0, 0, 0], advantages: [0, 0, 0, 0, 0] },
    ]);
  });

  it("does not train on what a policy sampled", () => {
    expect(demonstrationSamples(trajectory([message("user", [1]), message("assistant", [2], [-1])]))).toEqual([]);
  });
});
