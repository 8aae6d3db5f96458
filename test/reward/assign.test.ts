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

  test("a reward of 0 is a reward, no abort", () => {
    const [scored] = assignAdvantages([group(judged(0), judged(1))], options);
    expect(scored?.advantages).toEqual([[-0.5], [0.5]]);
  });

  test("weigh turns by their rewards where the mode says so; a turn that nobody judged counts 0", () => {
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
  // the last turn earns the outcome on its last token: each token before it half of the next one's return
  const last = turns[1] ?? [];
  const mean = -(scored.advantages[1]?.flat()[0] ?? Number.NaN); // the other member's tokens all return 0
  expect(last.map((value) => value + mean)).toEqual(
    [1 / 8, 1 / 4, 1 / 2, 1].slice(-last.length).map((value) => expect.closeTo(value, 12)),
  );
  expect(byMessage(scored, 0)[1]?.value).toBeCloseTo(last.reduce((sum, value) => sum + value, 0) / last.length, 12);
  expect(trainingSamples(judged(1, { messages: talk }), scored.advantages[0] ?? [])[0]?.advantages).toHaveLength(
    talk.flatMap(({ ids }) => ids).length,
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
