import { describe, expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { trainingSamples } from "../../src/learner/batch.ts";
import { assignAdvantages, byMessage, learntMembers, stepAdvantages } from "../../src/reward/assign.ts";
import { blueprint } from "../support/blueprint.ts";
import { aborted, judged, message } from "../support/trajectory.ts";

const options = { mode: "uniform", normalizeStd: false } as const;
const group = (...trajectories: Parameters<typeof assignAdvantages>[0][number]["trajectories"]) => ({
  index: 4,
  task: blueprint(),
  trajectories,
  ids: trajectories.map((_, member) => member),
});
const [system, user, call, tool, last] = [
  message("system", "s"),
  message("user", "u"),
  message("assistant", "call", 1),
  message("tool", "t"),
  message("assistant", "last", null),
];
const talk = [system, user, call, tool, last];

describe("advantages of a step's groups", () => {
  test("centre each group on its own mean, one number for every assistant turn", () => {
    const [first, second] = assignAdvantages(
      [group(judged(1, { messages: talk }), judged(0)), group(judged(0), judged(-1))],
      options,
    );
    expect(first?.advantages).toEqual([[0.5, 0.5], [-0.5]]);
    expect(second?.advantages).toEqual([[0.5], [-0.5]]);
    expect(first).toMatchObject({ index: 4, dead: false });
  });

  test("leave aborted members out of the mean and give them zeros", () => {
    const [scored] = assignAdvantages([group(judged(1), aborted({ messages: talk }), judged(0))], options);
    expect(scored?.advantages).toEqual([[0.5], [0, 0], [-0.5]]);
  });

  test("a reward of 0 is a reward, not an abort", () => {
    const [scored] = assignAdvantages([group(judged(0), judged(1))], options);
    expect(scored?.advantages).toEqual([[-0.5], [0.5]]);
  });

  test("weigh turns by their rewards if the mode says so; an unjudged turn counts 0", () => {
    const [scored] = assignAdvantages([group(judged(1, { messages: talk }), judged(0))], { ...options, mode: "linear" });
    expect(scored?.advantages).toEqual([[0.5, 0], [0]]);
  });

  test("weigh what is negative, and leave the rest and what is dead as it is", () => {
    const groups = [group(judged(1), judged(-1), judged(-1)), group(judged(0), judged(0))];
    const inMode = (negative: number) => assignAdvantages(groups, { ...options, negative });
    expect(inMode(0.5)[0]?.advantages).toEqual([[4 / 3], [-1 / 3], [-1 / 3]].map(([one = 0]) => [expect.closeTo(one, 12)]));
    expect(inMode(0)[0]?.advantages).toEqual([[expect.closeTo(4 / 3, 12)], [0], [0]]);
    expect([0, 0.5, 1].map((negative) => inMode(negative).map(({ dead }) => dead))).toEqual(Array(3).fill([false, true]));
    const byToken = assignAdvantages([group(judged(1), judged(-1))], { ...options, returns: "token", negative: 0 });
    expect(byToken[0]?.advantages.flat(2).every((one) => one >= 0)).toBe(true);
  });

  test("a group whose members do not differ is dead, and so is one whose members were all aborted", () => {
    const scored = assignAdvantages(
      [group(judged(1), judged(1)), group(aborted(), aborted()), group(judged(1), judged(0))],
      options,
    );
    expect(scored.map(({ dead }) => dead)).toEqual([true, true, false]);
  });

  test("a lone survivor of aborts gets zeros, and its group is dead", () => {
    const [scored] = assignAdvantages([group(judged(1, { messages: talk }), aborted(), aborted())], options);
    expect(scored?.advantages).toEqual([[0, 0], [0], [0]]);
    expect(scored?.dead).toBe(true);
  });

  test("fit the training samples turn by turn", () => {
    const [scored] = assignAdvantages([group(judged(1, { messages: talk }), judged(0))], options);
    const [sample] = trainingSamples(judged(1, { messages: talk }), scored?.advantages[0] ?? []);
    expect(sample?.advantages).toEqual([0, 0, 0.5, 0.5, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0.5]);
  });
});

test("returns by token give every sampled token its own, and the record their mean", () => {
  const byToken = { ...options, returns: "token", gamma: 0.5 } as const;
  const [scored] = assignAdvantages([group(judged(1, { messages: talk }), judged(0))], byToken);
  if (!scored) throw new Error("no group");
  const lengths = talk.filter(({ role }) => role === "assistant").map(({ ids }) => ids.length);
  const turns = scored.advantages[0]?.map((turn) => (typeof turn === "number" ? [] : [...turn])) ?? [];
  expect(turns.map((turn) => turn.length)).toEqual(lengths);
  // the last turn, which nobody judged, ends with the outcome: each token before it returns half of the next one's, and each
  // token of the call earns its 1 beside that
  const [called = [], last = []] = turns;
  const mean = -(scored.advantages[1]?.flat()[0] ?? Number.NaN); // the other member's tokens all return 0
  const all = [...called, ...last].map((value) => value + mean);
  const wanted = all.map((_, index) => {
    const [toCallEnd, toEnd] = [called.length - index, all.length - 1 - index];
    return 0.5 ** toEnd + (toCallEnd > 0 ? 2 - 2 * 0.5 ** toCallEnd : 0);
  });
  expect(all).toEqual(wanted.map((value) => expect.closeTo(value, 12)));
  expect(byMessage(scored, 0)[1]?.value).toBeCloseTo(last.reduce((sum, value) => sum + value, 0) / last.length, 12);
  expect(trainingSamples(judged(1, { messages: talk }), scored.advantages[0] ?? [])[0]?.advantages).toHaveLength(
    talk.flatMap(({ ids }) => ids).length,
  );
});

test("sparse returns are one number for all of an episode's turns: its outcome and its turns' rewards, compared as a sum", () => {
  const options = { mode: "linear", returns: "sparse", normalizeStd: false } as const; // no mode is read
  const [scored] = assignAdvantages([group(judged(-1, { messages: talk }), judged(-1), aborted(), judged(0))], options);
  expect(scored?.advantages).toEqual(
    [[1 / 3, 1 / 3], [-2 / 3], [0], [1 / 3]].map((turns) => turns.map((x) => expect.closeTo(x, 12))),
  );
});

test("advantages by message name the assistant's messages by their index in the trajectory", () => {
  const [scored] = assignAdvantages([group(judged(1, { messages: talk }), judged(0))], options);
  if (!scored) throw new Error("no group");
  expect(byMessage(scored, 0)).toEqual([
    { message: 2, value: 0.5 },
    { message: 4, value: 0.5 },
  ]);
  expect(byMessage(scored, 1)).toEqual([{ message: 1, value: -0.5 }]);
  expect(byMessage(scored, 2)).toEqual([]);
});

describe("a group in which all solved their task", () => {
  const solved = { ...group(aborted(), judged(1, { messages: talk }), judged(1)), index: 3 };
  const mixed = { ...group(judged(1), judged(-1)), index: 0 };
  const guided = {
    ...group(judged(-1), judged(-1), judged(-1)),
    ...{ index: 2, guide: { id: 9, trajectory: judged(1, { author: "blueprint" }) } },
  };
  const rehearsed = (...groups: Parameters<typeof assignAdvantages>[0]) => assignAdvantages(groups, options, { rehearses: true });

  test("is rehearsed: its first success is learnt with the mean of what else is learnt, its other members are not", () => {
    const [, , last] = rehearsed(mixed, guided, solved);
    expect(last).toMatchObject({ advantages: [[0], [(1 + 1.5) / 2, (1 + 1.5) / 2], [0]], dead: false, agreed: true });
  });

  test("leaves the others as they are", () => {
    const others = [mixed, guided];
    expect(rehearsed(...others, solved).slice(0, 2)).toEqual(assignAdvantages(others, options));
  });

  test("is dead where nothing else is learnt, or nothing is rehearsed", () => {
    expect(rehearsed(solved, { ...solved, index: 4 }).map(({ dead }) => dead)).toEqual([true, true]);
    expect(assignAdvantages([mixed, solved], options).map(({ dead }) => dead)).toEqual([false, true]);
  });

  test("and differ has its own comparison to learn from", () => {
    const differing = { ...group(judged(1), judged(0.75)), index: 3 };
    expect(rehearsed(mixed, differing)[1]?.advantages).toEqual([[0.125], [-0.125]]);
  });

  test("is dead if what they agree on is no success", () => {
    const failed = { ...group(judged(0.5), judged(0.5)), index: 3 };
    expect(rehearsed(guided, failed).map(({ dead }) => dead)).toEqual([false, true]);
  });
});

describe("a guide", () => {
  const right = judged(1, { author: "blueprint", messages: talk.map((one) => ({ ...one, logprobs: null })) });
  const guided = { ...group(judged(-1), judged(-1), aborted()), guide: { id: 9, trajectory: right } };

  test("is compared with the sampled members, and leaves their own comparison as it is", () => {
    const [scored] = assignAdvantages([guided], options);
    expect(scored?.advantages).toEqual([[0], [0], [0]]);
    expect(scored?.guideAdvantages).toEqual([4 / 3, 4 / 3].map((x) => expect.closeTo(x, 12)));
    expect(scored).toMatchObject({ dead: false, agreed: true });
    const [normalized] = assignAdvantages([guided], { ...options, normalizeStd: true });
    // deviations of -1, -1, 1: sample variance 4/3
    expect(normalized?.guideAdvantages[0]).toBeCloseTo(4 / 3 / Math.sqrt(4 / 3), 5);
    const [differing] = assignAdvantages([{ ...group(judged(-1), judged(0)), guide: guided.guide }], options);
    expect(differing).toMatchObject({ advantages: [[-0.5], [0.5]], guideAdvantages: [1, 1], dead: false, agreed: false });
  });

  test("is compared even with one survivor of aborts, but teaches nothing alone", () => {
    const [one, none] = assignAdvantages(
      [
        { ...group(judged(0), aborted()), guide: guided.guide },
        { ...group(aborted(), aborted()), guide: guided.guide },
      ],
      options,
    );
    expect([one?.advantages, one?.guideAdvantages]).toEqual([
      [[0], [0]],
      [0.5, 0.5],
    ]);
    expect(none).toMatchObject({ guideAdvantages: [0, 0], dead: true });
  });

  test("comes last of what is learnt from, under its own row id and by its own messages", () => {
    const [scored] = assignAdvantages([guided], options);
    if (!scored) throw new Error("no group");
    expect(learntMembers(scored).map(({ id, trajectory }) => [id, trajectory.author])).toEqual([
      [0, "policy"],
      [1, "policy"],
      [2, "policy"],
      [9, "blueprint"],
    ]);
    expect(byMessage(scored, 3).map(({ message }) => message)).toEqual([2, 4]);
    const [sample] = trainingSamples(right, scored.guideAdvantages);
    expect(sample?.guide).toBe(true);
  });
});

describe("shuffled rewards", () => {
  const rewards = [1, -1, 0, 0.25, 0.5];
  const members = rewards.map((reward) => judged(reward));
  const guide = { id: 9, trajectory: judged(1, { author: "blueprint" }) };
  const many = Array.from({ length: 40 }, (_, index) => ({
    ...group(...members.slice(0, 3), aborted(), ...members.slice(3)),
    index,
  }));

  test("are the group's own, dealt out at random to its judged members, the same again for the same names", () => {
    const own = assignAdvantages(many, options)[0]?.advantages.flat() ?? [];
    const scored = assignAdvantages(many, options, { shuffled: [1, "step", 2] });
    for (const { advantages } of scored) {
      expect(advantages[3]).toEqual([0]); // the aborted one
      expect(advantages.flat().toSorted()).toEqual(own.toSorted());
    }
    expect(new Set(scored.map(({ advantages }) => JSON.stringify(advantages))).size).toBeGreaterThan(20);
    expect(assignAdvantages(many, options, { shuffled: [1, "step", 2] })).toEqual(scored);
    expect(assignAdvantages(many, options, { shuffled: [1, "step", 3] })).not.toEqual(scored);
    // each member gets each reward: on average none keeps its own
    const mean = scored.reduce((sum, { advantages }) => sum + Number(advantages[0]?.[0]), 0) / scored.length;
    expect(Math.abs(mean)).toBeLessThan(0.35);
  });

  test("are those of a step if the config says so, drawn by its seed and number", () => {
    const of = (shuffled: boolean, seed: number, step: number) =>
      stepAdvantages(many, configSchema.parse({ seed, advantage: options, reward: { shuffled } }), step);
    expect(of(false, 1, 2)).toEqual(of(false, 5, 6));
    expect(of(true, 1, 2)).toEqual(of(true, 1, 2));
    for (const other of [of(false, 1, 2), of(true, 1, 3), of(true, 2, 2)]) expect(of(true, 1, 2)).not.toEqual(other);
  });

  test("are those of the turns too, dealt out among all turns of the group", () => {
    const turned = (reward: number, turnReward: number) => {
      const { messages, ...rest } = judged(reward);
      return { ...rest, messages: messages.map((one) => (one.role === "assistant" ? { ...one, turnReward } : one)) };
    };
    const earned = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    // the outcomes are alike in size, so that a turn's advantage shows its own reward
    const groups = Array.from({ length: 10 }, (_, index) => ({
      ...group(...earned.map((own, member) => turned(member % 2 === 0 ? 1 : -1, own))),
      index,
    }));
    const linear = { mode: "linear", normalizeStd: false } as const;
    const sizes = (shuffled: boolean) =>
      assignAdvantages(groups, linear, shuffled ? { shuffled: ["names"] } : {}).map(({ advantages }) =>
        advantages.flat(2).map((value) => Number(Math.abs(value).toFixed(9))),
      );
    for (const one of sizes(true)) expect(one.toSorted()).toEqual(earned);
    expect(sizes(true)).not.toEqual(sizes(false));
  });

  test("leave the verdicts and the guide's reward as they are", () => {
    const [plain] = assignAdvantages([{ ...group(...members), guide }], options);
    const [scored] = assignAdvantages([{ ...group(...members), guide }], options, { shuffled: ["names"] });
    expect(scored?.guideAdvantages).toEqual(plain?.guideAdvantages);
    expect(scored?.trajectories.map(({ verdict }) => verdict?.reward)).toEqual(rewards);
  });
});
