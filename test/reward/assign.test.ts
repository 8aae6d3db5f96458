import { describe, expect, test } from "vitest";
import { trainingSamples } from "../../src/learner/batch.ts";
import { assignAdvantages, byMessage } from "../../src/reward/assign.ts";
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
