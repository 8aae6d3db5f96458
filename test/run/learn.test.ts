import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import type { Learner, UpdateReply, UpdateRequest } from "../../src/learner/learner.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { stepAdvantages } from "../../src/reward/assign.ts";
import { tokenDigest } from "../../src/rules/token-digest.ts";
import { learn } from "../../src/run/learn.ts";
import type { ProgressEvent } from "../../src/run/session.ts";
import type { Trajectory } from "../../src/types.ts";
import { openRequest } from "../suites/learner.suite.ts";
import { blueprint } from "../support/blueprint.ts";
import { planWith } from "../support/plan.ts";
import { aborted, judged, message } from "../support/trajectory.ts";

/** As no default has it. */
const temperature = 0.7;

/**
 * Learns from these groups with the double, whose update also returns what is in `change`; records requests, temperatures of
 * log-probs and progress. The first group has the guide.
 */
async function learned(
  groups: readonly (readonly Trajectory[])[],
  input: ConfigInput = {},
  change: Partial<UpdateReply> = {},
  step = 1,
  guide: Trajectory | null = null,
  plan = planWith(),
) {
  const config = configSchema.parse(input);
  const double = scriptedLearner();
  await double.open(openRequest);
  const before = await double.logprobs([[1, 111, 107]], "policy", 1);
  const requests: UpdateRequest[] = [];
  const told: ProgressEvent[] = [];
  const measuredAt: number[] = [];
  const learner: Learner = {
    ...double,
    logprobs: (samples, which, at) => {
      measuredAt.push(at);
      return double.logprobs(samples, which, at);
    },
    update: async (request) => {
      requests.push(request);
      const reply = await double.update(request);
      return { ...reply, ...change, metrics: { ...reply.metrics, ...change.metrics } };
    },
  };
  const scored = stepAdvantages(
    groups.map((trajectories, index) => ({
      ...{ index, task: blueprint(), ids: [], trajectories },
      ...(guide === null || index > 0 ? {} : { guide: { id: 99, trajectory: guide } }),
    })),
    config,
    step,
  );
  const said = await learn({ config, learner, plan, progress: (event) => told.push(event) }, scored, { step, temperature });
  const after = await double.logprobs([[1, 111, 107]], "policy", 1);
  return { said, requests, measuredAt, told, moved: JSON.stringify(before) !== JSON.stringify(after) };
}

const alive = [judged(1), judged(-1, { messages: [message("user", "go on"), message("assistant", "no")] })];
const dead = [judged(1), judged(1), judged(1)];
const sizes = ({ requests }: { readonly requests: readonly UpdateRequest[] }) =>
  requests.flatMap(({ minibatches }) => minibatches.map((samples) => samples.length));

/** Without a KL term. */
const bare: ConfigInput = { advantage: { negative: 1 }, rollout: { guide: "off" }, learner: { klCoef: 0, tasksPerMinibatch: 2 } };

describe("groups without variance", () => {
  test("are left out without a KL term", async () => {
    // the first two are a pair: the one that is left stays alone, so that the third keeps its own mini-batch
    expect(sizes(await learned([alive, dead, alive], bare))).toEqual([2, 2]);
  });

  test("stay in the mini-batches, with advantages of 0, with a KL term", async () => {
    const kept = await learned([alive, dead, alive], { ...bare, learner: { klCoef: 0.001, tasksPerMinibatch: 2 } });
    expect(sizes(kept)).toEqual([5, 2]);
    const [first] = kept.requests[0]?.minibatches ?? [];
    expect(first?.slice(2).every((sample) => sample.advantages.every((advantage) => advantage === 0))).toBe(true);
  });

  test("do not change the 4 mini-batches of 4 tasks of the preset `trustee`, in which each episode is its own rollout", async () => {
    const step = Array.from({ length: 16 }, (_, index) => (index % 3 === 0 ? alive : dead));
    const { requests } = await learned(step, presets.trustee);
    const request = requests[0];
    expect(request?.loss).toMatchObject({ kind: "dual_clip", dualClip: 3, normalize: "rollout", klCoef: 0.001 });
    const numbers = request?.minibatches.map((samples) => samples.map(({ rollout }) => rollout)) ?? [];
    expect(numbers.map((rollouts) => rollouts.length)).toEqual([10, 11, 11, 10]); // two of an alive group, three of a dead one
    for (const rollouts of numbers) expect(new Set(rollouts).size).toBe(rollouts.length);
  });

  test("include a lone survivor, which has only its KL; failures of the world are left out", async () => {
    const group = [judged(1), aborted(), judged(Number.NaN)];
    const { requests } = await learned([group], { learner: { klCoef: 0.001 } });
    expect(requests[0]?.minibatches.map((samples) => samples.map(({ advantages }) => new Set(advantages)))).toEqual([
      [new Set([0])],
    ]);
  });

  test.each<[string, readonly Trajectory[]]>([
    ["all rewards equal", dead],
    ["one member", [judged(1)]],
    ["one survivor", [judged(1), aborted(), aborted()]],
    ["all aborted", [aborted(), aborted()]],
    ["a reward that is NaN beside one", [judged(Number.NaN), judged(1)]],
    ["an infinite reward beside one", [judged(1), judged(Number.POSITIVE_INFINITY)]],
    ["a turn's reward that is NaN", [judged(1, { messages: [message("assistant", "ok", Number.NaN)] }), judged(-1)]],
    ["nobody", []],
  ])("change nothing and are counted: %s", async (_, group) => {
    const { said, requests, moved } = await learned([group, group], bare);
    expect(requests).toEqual([]);
    expect(said.skipped_steps).toBe(1);
    expect(moved).toBe(false);
    const beside = await learned([group, alive], bare);
    expect(sizes(beside)).toEqual([2]);
    expect(beside.moved).toBe(true);
  });
});

test("the temperature of the samples is that of the update, and of the gap where nothing is learnt", async () => {
  const { requests } = await learned([alive], bare);
  expect(requests.map(({ loss }) => loss)).toEqual([expect.objectContaining({ temperature })]);
  expect((await learned([dead], bare)).measuredAt).toEqual([temperature]);
});

test("an update that trained on other ids than were sampled ends the step", async () => {
  const digests = alive.map(() => tokenDigest([9]));
  await expect(learned([alive], bare, { digests })).rejects.toThrow(/trained on other token ids than were sampled/);
});

test("without negative advantages and a KL term only successes are learnt from", async () => {
  const { requests } = await learned([alive, dead], { rollout: { guide: "off" }, learner: { klCoef: 0 } });
  expect(requests[0]?.minibatches.map((samples) => samples.map(({ advantages }) => Math.max(...advantages) > 0))).toEqual([
    [true],
  ]);
});

describe("a guide", () => {
  const right = judged(1, {
    author: "blueprint",
    messages: [message("user", "go on"), { ...message("assistant", "ok"), logprobs: null }],
  });
  const failed = [judged(-1), judged(-1), aborted()];

  const inMinibatch = async (group: readonly Trajectory[], klCoef: number) => {
    const { requests } = await learned([group, alive], { ...bare, learner: { klCoef, tasksPerMinibatch: 2 } }, {}, 1, right);
    return requests[0]?.minibatches[0] ?? [];
  };

  test("is learnt beside the samples of its group, and marked", async () => {
    const samples = await inMinibatch([judged(-1), judged(-0.5)], 0);
    expect(samples.map(({ guide }) => guide === true)).toEqual([false, false, true, false, false]);
    expect(samples.slice(0, 3).map(({ advantages }) => Math.sign(advantages.at(-1) ?? 0))).toEqual([-1, 1, 1]);
    expect(new Set(samples.map(({ rollout }) => rollout)).size).toBe(5);
  });

  test("is learnt alone where the samples agree, unless a KL term needs them", async () => {
    const guides = async (klCoef: number) => (await inMinibatch(failed, klCoef)).map(({ guide }) => guide === true);
    expect(await guides(0)).toEqual([true, false, false]);
    expect(await guides(0.1)).toEqual([false, false, true, false, false]);
  });

  test("is never what the sampler is compared with", async () => {
    const { said, requests } = await learned([[aborted(), aborted()]], bare, {}, 1, right);
    expect(requests).toEqual([]);
    expect(said).not.toHaveProperty("sampling/ratio_out_of_band");
  });
});

test("a group that is rehearsed gives one sample, to the mini-batch of its pair", async () => {
  const right = judged(1, {
    author: "blueprint",
    messages: [message("user", "go on"), { ...message("assistant", "ok"), logprobs: null }],
  });
  const rehearsing: ConfigInput = { ...bare, rollout: { guide: "failed" } };
  const { requests } = await learned([[judged(-1), judged(-1)], dead], rehearsing, {}, 1, right);
  const [samples = []] = requests[0]?.minibatches ?? [];
  expect(samples.map(({ guide }) => guide === true)).toEqual([true, false]);
  const weights = samples.map(({ advantages, mask }) => new Set(advantages.filter((_, at) => mask[at] === 1)));
  expect(weights[1]).toEqual(weights[0]);
});

describe("an episode longer than fits into the learner's memory", () => {
  const long = judged(1, { messages: [message("user", "go on and on and on"), message("assistant", "ok")] });
  const plan = planWith(12);
  const longer = [long, judged(-1)];

  test("is left out with its advantages unchanged for the others, and counted", async () => {
    const all = await learned([longer, alive], bare);
    const { said, requests, told } = await learned([longer, alive], bare, {}, 1, null, plan);
    expect(sizes(all)).toEqual([4]);
    expect(sizes({ requests })).toEqual([3]);
    expect(requests[0]?.minibatches[0]?.[0]?.advantages).toEqual(all.requests[0]?.minibatches[0]?.[1]?.advantages);
    expect([all.said, said].map((metrics) => metrics["learner/left_out"])).toEqual([0, 1]);
    expect(told).toContainEqual(
      expect.objectContaining({ kind: "warning", text: expect.stringMatching(/^1 episode is longer/) }),
    );
  });

  test("never reaches the learner, not even to measure the sampler's gap, and the step has no update", async () => {
    const { said, requests, moved } = await learned([[long, long]], bare, {}, 1, null, plan);
    expect(requests).toEqual([]);
    expect(moved).toBe(false);
    expect(said).toMatchObject({ skipped_steps: 1, "learner/left_out": 0 }); // a dead group had no update to be left out of
    expect(said).not.toHaveProperty("sampling/ratio_out_of_band");
  });
});

describe("the request to the learner", () => {
  test("numbers each rollout of a mini-batch, across groups", async () => {
    const { requests } = await learned([alive, [judged(0), aborted(), judged(1)]], bare);
    const numbers = requests[0]?.minibatches[0]?.map((sample) => sample.rollout) ?? [];
    expect(numbers).toHaveLength(4);
    expect(new Set(numbers).size).toBe(4);
  });

  test.each<[ConfigInput["learner"], readonly number[]]>([
    [{ learningRate: 8e-6, schedule: "linear" }, [8e-6, 6e-6, 2e-6]],
    [{ learningRate: 8e-6, schedule: "constant" }, [8e-6, 8e-6, 8e-6]],
  ])("has the learning rate of its step, which is recorded: %j in four steps", async (learner, rates) => {
    const steps = await Promise.all([1, 2, 4].map((step) => learned([alive], { steps: 4, learner }, {}, step)));
    const asked = steps.map(({ requests }) => requests[0]?.learningRate ?? Number.NaN);
    expect(asked).toEqual(rates.map((rate) => expect.closeTo(rate, 12)));
    expect(steps.map(({ said }) => said.learning_rate)).toEqual(asked);
  });
});

describe("the alarm of the sampler-learner gap", () => {
  const outside = (share: number) => ({ metrics: { "sampling/ratio_out_of_band": share } });
  const warnings = (told: readonly ProgressEvent[]) => told.filter((event) => event.kind === "warning");

  test("warns above 5 % of the tokens, says what to do, and is a metric", async () => {
    const loud = await learned([alive], {}, outside(0.051), 7);
    expect(loud.said["sampling/gap_alarm"]).toBe(1);
    expect(warnings(loud.told)).toMatchObject([{ step: 7, text: expect.stringContaining("5.1 % of the tokens") }]);
    const quiet = await learned([alive], {}, outside(0.05));
    expect(quiet.said["sampling/gap_alarm"]).toBe(0);
    expect(warnings(quiet.told)).toEqual([]);
  });

  test("has the config's limit, and also works in a step that trained nothing", async () => {
    const wide = await learned([alive], { learner: { gapAlarm: 0.5 } }, outside(0.4));
    expect(warnings(wide.told)).toEqual([]);
    const untrained = await learned([dead], bare); // the double's log-probs are far from the -0.5 of the record
    expect(untrained.said["sampling/gap_alarm"]).toBe(1);
    expect(warnings(untrained.told)).toHaveLength(1);
  });
});
