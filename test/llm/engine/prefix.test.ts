import { expect, test } from "vitest";
import { planSlot, type SlotView } from "../../../src/llm/engine/prefix.ts";

const run = (start: number, length: number) => Array.from({ length }, (_, at) => start + at);
const idle = (cells: readonly number[], lastUsed = 0): SlotView => ({ cells, promised: null, lastUsed });
const busy = (cells: readonly number[], promised: readonly number[], lastUsed = 9): SlotView => ({ cells, promised, lastUsed });

test("an empty context gives its first slot and nothing to reuse", () => {
  expect(planSlot([idle([]), idle([])], run(0, 20))).toEqual({ kind: "take", slot: 0, from: 0, keep: 0 });
});

test("the next turn continues in the slot of the last one, in place", () => {
  const slots = [idle(run(100, 50), 1), idle(run(0, 30), 2)];
  expect(planSlot(slots, run(0, 60))).toEqual({ kind: "take", slot: 1, from: 1, keep: 30 });
});

test("the last id is always computed again, for its logits", () => {
  expect(planSlot([idle(run(0, 30))], run(0, 30))).toEqual({ kind: "take", slot: 0, from: 0, keep: 29 });
  expect(planSlot([idle(run(0, 40))], run(0, 30))).toEqual({ kind: "take", slot: 0, from: 0, keep: 29 });
});

test("a sibling copies the shared prefix into the least recently used idle slot and leaves the source unchanged", () => {
  const slots = [idle([...run(0, 30), 7, 8], 5), idle(run(500, 9), 3), idle(run(600, 9), 4)];
  expect(planSlot(slots, [...run(0, 30), 1, 2])).toEqual({ kind: "take", slot: 1, from: 0, keep: 30 });
});

test("computed cells of a busy slot can be copied", () => {
  expect(planSlot([busy(run(0, 40), run(0, 40)), idle([])], run(0, 40))).toEqual({ kind: "take", slot: 1, from: 0, keep: 39 });
});

test("a request waits while another computes a longer shared prefix than any available", () => {
  expect(planSlot([busy(run(0, 10), run(0, 40)), idle([])], run(0, 40))).toEqual({ kind: "await prefix", slot: 0 });
});

test("a request does not wait for a prefix that another slot has already", () => {
  const slots = [busy([], run(0, 40)), idle(run(0, 40), 1), idle([], 2)];
  expect(planSlot(slots, run(0, 40))).toMatchObject({ kind: "take", keep: 39 });
});

test("a few shared ids are neither copied nor waited for", () => {
  const slots = [busy([], [...run(0, 5), 77]), idle([...run(0, 5), 88], 2), idle([], 1)];
  expect(planSlot(slots, run(0, 20))).toEqual({ kind: "take", slot: 2, from: 2, keep: 0 });
});

test("a single idle slot with more than the prefix is cut", () => {
  expect(planSlot([idle(run(0, 30))], [...run(0, 12), 99, 98])).toEqual({ kind: "take", slot: 0, from: 0, keep: 12 });
});

test("with every slot busy a request stays queued", () => {
  expect(planSlot([busy(run(0, 3), run(0, 3))], run(50, 4))).toEqual({ kind: "busy" });
});
