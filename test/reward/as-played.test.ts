import { expect, test } from "vitest";
import { asPlayed } from "../../src/reward/as-played.ts";
import type { Json, ToolCall } from "../../src/types.ts";
import { blueprint, booked, bookSeats, chain, findTrain, found, says } from "../support/blueprint.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";

const bare = [findTrain, bookSeats].map(({ returns: _, ...tool }) => tool);
const book = (train_id: string): ToolCall => ({ ...booked, arguments: { ...booked.arguments, train_id } });
const trains: Json = [
  { train_id: "NT7", departs: "10:10" },
  { train_id: "NT8", departs: "11:50" },
];

/** An episode whose tools write these results, and the verdict of the rules. */
async function written(turns: readonly string[], results: readonly Json[], task = chain({ tools: bare })) {
  const left = [...results];
  const played = stage(
    { turns, reply: () => ({ reason: "It fits.", reward: 1, result: left.shift() ?? null }) },
    { tools: "written" },
  );
  const episode = await episodeOf(played, task);
  return { ...episode, ...(await verdictOn(played, episode, "rules")) };
}

test("in a written world an id is right that an earlier call really returned, and the report is about the real results", async () => {
  const told = "I booked 2 seats on train NT8 at 11:50, also seen was NT7 at 10:10. They cost 99.";
  const { verdict, trajectory } = await written([says(found), says(book("NT8")), told], [trains, { price: 99 }]);
  expect(verdict).toMatchObject({ rules: 1, reward: 1 });
  expect(asPlayed(trajectory).expected.map(({ arguments: given, result }) => [given.train_id, result])).toEqual([
    [undefined, trains],
    ["NT8", { price: 99 }],
  ]);
  // what only the blueprint has said is no report
  const invented = await written([says(found), says(book("NT8")), "NT418, at 08:25, for 184."], [trains, { price: 99 }]);
  expect(invented.verdict?.reward).toBe(0.5);
});

test("the blueprint's id, which no tool returned there, is refused and stays wrong", async () => {
  const { verdict, counts } = await written([says(found), says(book("NT418")), "Done."], [trains]);
  expect(verdict?.rules).toBe(0.5);
  expect(counts["refused/invented_id"]).toBe(1);
});

test("in a world of the blueprint nothing changes, whatever was called beside it", async () => {
  const other = { ...found, arguments: { ...found.arguments, to: "Hamar" } };
  const turns = [says(other, found, booked, booked), "Done."];
  const { trajectory } = await episodeOf(stage({ turns, reply: () => ({ train_id: "NT9", departs: "07:00" }) }), chain());
  expect(trajectory.messages.filter(({ role }) => role === "tool")).toHaveLength(1);
  expect(asPlayed(trajectory)).toEqual(chain());
  const one = blueprint();
  const { trajectory: long } = await episodeOf(stage({ turns: [says(found), "Done."] }, { toolChars: 20 }), one);
  expect(asPlayed(long)).toEqual(one); // a result that was cut is no JSON
});

test("another id of the same result is not taken for the linked one", async () => {
  const [first, second] = chain().expected;
  if (first === undefined || second === undefined) throw new Error("a chain has two calls");
  const task = chain({ expected: [{ ...first, result: { train_id: "NT418", coach_id: "C7" } }, second] });
  const wrong = { ...booked, arguments: { ...booked.arguments, train_id: "C7" } };
  const { trajectory } = await episodeOf(
    stage({ turns: [says(found), says(wrong), "Done."], reply: () => ({ price: 99 }) }),
    task,
  );
  expect(asPlayed(trajectory).expected[1]?.arguments).toEqual(booked.arguments);
});

test("an id of a part of the result is not taken for the result's own one of that name", async () => {
  const [first, second] = chain().expected;
  if (first === undefined || second === undefined) throw new Error("a chain has two calls");
  const task = chain({ expected: [{ ...first, result: { train_id: "NT418", coaches: [{ train_id: "C7" }] } }, second] });
  const wrong = { ...booked, arguments: { ...booked.arguments, train_id: "C7" } };
  const turns = [says(found), says(wrong), "Done."];
  const { trajectory } = await episodeOf(stage({ turns, reply: () => ({ price: 99 }) }), task);
  expect(asPlayed(trajectory).expected[1]?.arguments).toEqual(booked.arguments);
});

test("the value of a call that its task does not link is never taken from the world", async () => {
  const task = chain({ tools: bare, dependent: false });
  const { trajectory } = await written([says(found), says(book("NT8")), "Done."], [trains, null], task);
  expect(asPlayed(trajectory).expected[1]?.arguments).toEqual(booked.arguments);
});
