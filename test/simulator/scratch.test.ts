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
/** Find a train, book two seats on it, cancel them. */
const cancelled: Task = chain({
  tools: [findTrain, booking, cancel],
  expected: [
    found,
    { ...booked, result: { seats_id: "ST55" } },
    { name: "cancel_seats", arguments: { seats_id: "ST55" }, result: { refund: 100 } },
  ],
});
const [, book, undo] = cancelled.expected;
if (book === undefined || undo === undefined) throw new Error("three calls");

describe("in a copy of the world", () => {
  test("what was read holds on: its ids may be used", async () => {
    const { world } = open(cancelled);
    await world.attempt(found, []);
    expect(await textOf(world.answer(book, []))).toContain("ST55");
  });

  test("what was changed does not, nor do the ids that it gave out, nor what was read after it", async () => {
    const { world } = open(cancelled);
    await world.attempt(found, []);
    expect(await textOf(world.attempt(book, []))).toContain("ST55");
    expect(await textOf(world.attempt(undo, []))).toContain("refund"); // the copy knows it
    expect(await textOf(world.answer(undo, []))).toBe('{"error": "no such seats_id: \\"ST55\\""}');
    const late = open(cancelled).world;
    await late.attempt(undo, []); // refused: it changes nothing
    await late.attempt(found, []);
    await late.attempt(book, []);
    expect(await textOf(late.answer(book, []))).toContain("ST55");
  });

  test("of a pair with opaque names, what the tools do says which of them changes something", async () => {
    const task = drifting("decoy", chain());
    if (task.drift?.kind !== "decoy") throw new Error("a decoy");
    const [needed, next] = task.expected;
    if (needed === undefined || next === undefined) throw new Error("two calls");
    const { world } = open(task);
    await world.attempt({ ...needed, name: task.drift.decoy }, []);
    await world.attempt(needed, []); // after a change: it holds in the copy alone
    const reads = task.drift.was === "find_train";
    if (reads) expect(await textOf(world.answer(next, []))).toContain("no such train_id");
    const other = open(task).world;
    await other.attempt(needed, []);
    if (reads) expect(await textOf(other.answer(next, []))).not.toContain("error");
  });

  test("the next prompts and answers of a model are those without trials", async () => {
    const seats = (count: number): ToolCall => ({ name: "book_seats", arguments: { train_id: "NT418", seats: count } });
    const task = blueprint({ firstMessage: "Book seats on NT418." });
    const reply = ({ seed }: ReplyRequest): Json => ({ price: 1 + (seed % 900) });
    const remembered: Remembered[] = [];
    const tried = open(task, { reply, remembered });
    await tried.world.attempt(seats(3), []);
    await tried.world.attempt(seats(4), []);
    const answer = await textOf(tried.world.answer(seats(2), []));
    const plain = open(task, { reply });
    expect(answer).toBe(await textOf(plain.world.answer(seats(2), [])));
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
  }, 120_000);
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
  const { world } = open(cancelled, { where: "shared" });
  for (const call of [found, book]) await world.attempt(call, []);
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
