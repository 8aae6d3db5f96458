// Where trials happen: in the world of the execution, or in a copy, of which what was read holds on and what was changed does not.
import { describe, expect, test } from "vitest";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import type { Remembered } from "../../src/simulator/memory.ts";
import { refusalOf } from "../../src/simulator/tools.ts";
import { openWorld, type World } from "../../src/simulator/world.ts";
import type { Json, Task, ToolCall, ToolSpec } from "../../src/types.ts";
import { blueprint, booked, bookSeats, chain, findTrain, found } from "../support/blueprint.ts";
import { memoryOver } from "../support/remembered.ts";
import { stage } from "../support/stage.ts";
import { scriptedSet } from "../support/synth.ts";
import { drifting, trials } from "../support/trials.ts";

interface Opened {
  readonly where?: "shared" | "scratch";
  readonly tools?: "blueprint" | "executed";
  readonly reply?: (request: ReplyRequest) => Json;
  readonly remembered?: Remembered[];
}

/** The world of a task, and what its simulator was asked. */
function open(task: Task, { where = "scratch", tools = "blueprint", reply, remembered }: Opened = {}) {
  const memory = remembered === undefined ? null : memoryOver(remembered);
  const { simulator, ways, asked } = stage(reply ? { reply } : {}, { tools, memory, trial: trials({ world: where }) });
  return { world: openWorld(task, simulator, ways, ["scratch"]), asked };
}
async function textOf(answer: ReturnType<World["answer"]>): Promise<string> {
  const given = await answer;
  return given.ok ? given.text : expect.fail(given.failure.text);
}

const cancel: ToolSpec = {
  name: "cancel_seats",
  description: "Cancels booked seats.",
  parameters: { type: "object", properties: { seats_id: { type: "string" } }, required: ["seats_id"] },
  returns: { type: "object", properties: { refund: { type: "number" } }, required: ["refund"] },
};
const booking: ToolSpec = {
  ...bookSeats,
  returns: { type: "object", properties: { seats_id: { type: "string" } }, required: ["seats_id"] },
};
/** Find a train and book two seats on it; they can be cancelled. */
const trip: Task = chain({ tools: [findTrain, booking, cancel], expected: [found, { ...booked, result: { seats_id: "ST55" } }] });
const undo: ToolCall = { name: "cancel_seats", arguments: { seats_id: "ST55" } };
const seatsOn = (train_id: string): ToolCall => ({ name: "book_seats", arguments: { train_id, seats: 3 } });
/** What the simulator answers to calls that are not expected. */
const reply = ({ schema }: ReplyRequest): Json => {
  const fields = Object.keys(Object(schema.properties));
  return Object.fromEntries(fields.map((field) => [field, field === "seats_id" ? "ST99" : 100]));
};

describe("in a copy of the world", () => {
  test("what was read holds on: its ids may be used", async () => {
    const tried = open(trip, { reply }).world;
    await tried.attempt(found, []);
    expect(await textOf(tried.answer(seatsOn("NT418"), []))).toContain("ST99");
    expect(await textOf(open(trip).world.answer(seatsOn("NT418"), []))).toContain("no such train_id");
  });

  test("what was changed does not, nor do the ids that it gave out", async () => {
    const { world } = open(trip, { reply });
    await world.attempt(found, []);
    expect(await textOf(world.attempt(booked, []))).toContain("ST55");
    expect(await textOf(world.attempt(undo, []))).toContain("refund"); // the copy knows it
    expect(await textOf(world.answer(undo, []))).toBe('{"error": "no such seats_id: \\"ST55\\""}');
  });

  test("what was read after a change is of the copy alone", async () => {
    const { world } = open(trip, { reply });
    await world.attempt(booked, []);
    await world.attempt(found, []);
    expect(await textOf(world.answer(seatsOn("NT418"), []))).toContain("no such train_id");
  });

  test("of a pair with opaque names, what the tools do says which of them changes something", async () => {
    const task = drifting("decoy");
    const [needed] = task.expected;
    if (task.drift?.kind !== "decoy" || needed === undefined) throw new Error("a decoy");
    expect(task.drift.was).toBe("find_train");
    const { world } = open(task, { reply });
    await world.attempt(needed, []);
    await world.attempt({ ...needed, name: task.drift.decoy }, []);
    expect(await textOf(world.answer(seatsOn("NT418"), []))).toContain("price");
    const other = open(task, { reply }).world;
    await other.attempt({ ...needed, name: task.drift.decoy }, []); // a change
    await other.attempt(needed, []);
    expect(await textOf(other.answer(seatsOn("NT418"), []))).toContain("no such train_id");
  });

  test("the next prompts and answers of a model are those without trials", async () => {
    const task = blueprint({ firstMessage: "Book seats on NT418, NT419 or NT420." });
    const price = ({ seed }: ReplyRequest): Json => ({ price: 1 + (seed % 900) });
    const remembered: Remembered[] = [];
    const tried = open(task, { reply: price, remembered });
    await tried.world.attempt(seatsOn("NT419"), []);
    await tried.world.attempt(seatsOn("NT420"), []);
    const answer = await textOf(tried.world.answer(seatsOn("NT418"), []));
    const plain = open(task, { reply: price });
    expect(answer).toBe(await textOf(plain.world.answer(seatsOn("NT418"), [])));
    expect(tried.asked.replies.at(-1)?.messages).toEqual(plain.asked.replies.at(-1)?.messages);
    expect(remembered.map(({ state }) => state.length)).toEqual([0, 1, 0]); // the second trial saw the first
  });

  test("the table of assembled tasks and all its answers are those without trials", async () => {
    const tasks = (await scriptedSet(60)).flatMap(({ task }) => task ?? []);
    expect(tasks.length).toBeGreaterThan(50);
    let changed = 0;
    for (const task of tasks) {
      const executed = (where: "shared" | "scratch", tries: number) => played(task, where, tries);
      const without = await executed("scratch", 0);
      expect(await executed("scratch", 2)).toEqual(without);
      if (JSON.stringify(await executed("shared", 2)) !== JSON.stringify(without)) changed++;
    }
    expect(changed).toBeGreaterThan(20);
  });
});

/** What the right calls of a task are answered after all of them were tried so many times. */
async function played(task: Task, where: "shared" | "scratch", tries: number): Promise<readonly string[]> {
  const { world } = open(task, { where, tools: "executed" });
  for (let time = 0; time < tries; time++) for (const call of task.expected) await world.attempt(call, []);
  const texts: string[] = [];
  for (const call of [...task.expected, ...task.expected]) texts.push(await textOf(world.answer(call, [])));
  return texts;
}

test("in the world of the execution, what a trial changes stays", async () => {
  const { world } = open(trip, { where: "shared", reply });
  for (const call of [found, booked]) await world.attempt(call, []);
  expect(await textOf(world.answer(undo, []))).toContain("refund");
});

describe("an error for a call by an untrue page", () => {
  test("says what is right, in trials, in the execution and in demonstrations alike", async () => {
    const task = drifting("renamed");
    const { drift, expected } = task;
    const [right] = expected;
    if (drift?.kind !== "renamed" || right === undefined) throw new Error("renamed");
    const { [drift.world]: value = null, ...others } = right.arguments;
    const paged: ToolCall = { name: right.name, arguments: { ...others, [drift.page]: value } };
    const { world } = open(task);
    const error = await textOf(world.attempt(paged, []));
    expect(JSON.parse(error).error).toBe(
      `unknown argument '${drift.page}'; missing argument '${drift.world}'; "${drift.page}" is now "${drift.world}"`,
    );
    expect(await textOf(world.answer(paged, []))).toBe(error);
    expect(refusalOf(task, paged)).toEqual({ text: error, refused: "wrong_arguments" });
    expect(refusalOf(task, right)).toBeNull();
    expect(await textOf(world.answer(right, []))).toContain("NT418");
  });

  test("comes from no tool but the drifting one, and other errors say no more than before", () => {
    const task = drifting("renamed");
    const broken = refusalOf(task, { name: "book_seats", arguments: { seats: 99 } });
    expect(broken?.text).toBe(refusalOf(blueprint(), { name: "book_seats", arguments: { seats: 99 } })?.text);
    expect(refusalOf(task, { name: "fly", arguments: {} })?.refused).toBe("unknown_tool");
  });
});

test("a decoy gives what was drawn for it, and no model is asked", async () => {
  const task = drifting("decoy");
  const [right] = task.expected;
  if (task.drift?.kind !== "decoy" || right === undefined) throw new Error("a decoy");
  const { world, asked } = open(task);
  expect(JSON.parse(await textOf(world.attempt({ ...right, name: task.drift.decoy }, [])))).toEqual(task.drift.result);
  expect(JSON.parse(await textOf(world.answer(right, [])))).toEqual(found.result);
  expect(asked.replies).toEqual([]);
});
