// What drift and trials mean for whoever answers or judges: what an error tells, and what is kept from their eyes.
import { describe, expect, test } from "vitest";
import { asItIs, executionOf } from "../../src/rules/as-it-is.ts";
import { blameFor } from "../../src/rules/blame.ts";
import { decoyResult, mayChange, pageCall, tellingOf, worldCall } from "../../src/rules/drift.ts";
import type { Drift, Task } from "../../src/types.ts";
import { blueprint, bookSeats, findTrain, found } from "../support/blueprint.ts";
import { message, trajectory } from "../support/trajectory.ts";

const renamed: Drift = { kind: "renamed", tool: "find_train", page: "day", world: "in_day" };
const options: Drift = {
  kind: "options",
  tool: "book_seats",
  argument: "class",
  codes: { economy: "K4", business: "M1", first: "B7" },
};
const decoy: Drift = { kind: "decoy", tool: "trains_1", was: "find_train", decoy: "trains_2", result: { price: 184 } };
const call = (name: string, given: Readonly<Record<string, string | number>>) => ({ name, arguments: given });

describe("an error tells what is right", () => {
  test("for a call by the page, and for no other", () => {
    expect(tellingOf(renamed, found)).toBe('"day" is now "in_day"');
    expect(tellingOf(renamed, worldCall(renamed, found))).toBeNull();
    expect(tellingOf(renamed, { ...found, name: "book_seats" })).toBeNull();
    expect(tellingOf(undefined, found)).toBeNull();
  });

  test("of options every code with its word, also for a word that the page has not", () => {
    const told = '"class" takes "K4" (economy), "M1" (business) or "B7" (first)';
    expect(tellingOf(options, call("book_seats", { class: "economy" }))).toBe(told);
    expect(tellingOf(options, call("book_seats", { class: "cheap" }))).toBe(told);
    expect(tellingOf(options, call("book_seats", { class: "M1" }))).toBeNull();
    expect(tellingOf(options, call("book_seats", { seats: 2 }))).toBeNull();
  });

  test("never of a decoy", () => {
    for (const name of ["trains_1", "trains_2"]) expect(tellingOf(decoy, { ...found, name })).toBeNull();
  });
});

test("a call by the page and the call that the world takes are each other's, in the order of their arguments", () => {
  const world = worldCall(renamed, found);
  expect(JSON.stringify(world.arguments)).toBe('{"from":"Oslo","to":"Bergen","in_day":"2027-03-02"}');
  expect(pageCall(renamed, world)).toEqual(found);
  expect(worldCall(options, call("book_seats", { class: "business" })).arguments).toEqual({ class: "M1" });
  expect(pageCall(options, call("book_seats", { class: "M1" })).arguments).toEqual({ class: "business" });
  expect(worldCall(decoy, found)).toBe(found);
});

const shown = { name: "trains_1", description: "Service of trains.", parameters: findTrain.parameters };
const paired: Task = blueprint({
  tools: [shown, { ...shown, name: "trains_2" }],
  world: [
    { ...findTrain, name: "trains_1" },
    { ...bookSeats, name: "trains_2", parameters: findTrain.parameters },
  ],
  drift: decoy,
  expected: [{ ...found, name: "trains_1" }],
});

test("a decoy gives its result for the arguments of the needed call alone", () => {
  expect(decoyResult(paired, { ...found, name: "trains_2" })).toEqual({ price: 184 });
  expect(decoyResult(paired, { name: "trains_2", arguments: { ...found.arguments, to: "Narva" } })).toBeNull();
  expect(decoyResult(paired, { ...found, name: "trains_1" })).toBeNull();
  expect(decoyResult(blueprint(), found)).toBeNull();
});

test("what a call may change goes by what a tool was, not by its opaque name", () => {
  expect([undefined, renamed].map((drift) => mayChange(drift, "find_train"))).toEqual([false, false]);
  expect(mayChange(decoy, "trains_1")).toBe(false);
  expect(mayChange({ ...decoy, was: "book_seats" }, "trains_1")).toBe(true);
  expect(mayChange(decoy, "trains_2")).toBe(true);
  expect([mayChange(decoy, "get_fare"), mayChange(decoy, "book_seats")]).toEqual([false, true]);
});

describe("who answers or judges", () => {
  test("has the tools as they are, and what is as shown stays as it is", () => {
    expect(asItIs(paired).tools).toBe(paired.world);
    expect(asItIs(asItIs(paired))).toEqual(asItIs(paired));
    expect(asItIs(paired)).not.toHaveProperty("world");
    const plain = blueprint();
    expect(asItIs(plain)).toBe(plain);
  });

  test("reads the execution alone, with its results", () => {
    const tried = [message("assistant", "Trial: one"), message("tool", "{}")].map((one) => ({ ...one, phase: "trial" as const }));
    const done = [message("assistant", "call"), message("tool", '{"a": 1}')].map((one) => ({
      ...one,
      phase: "execution" as const,
    }));
    const asked = message("user", "go on");
    const whole = trajectory([], { messages: [asked, ...tried, ...done] }, paired);
    expect(executionOf(whole).messages).toEqual([asked, ...done]);
    expect(executionOf(whole).task.tools).toBe(paired.world);
    const plain = trajectory(["hello"]);
    expect(executionOf(plain)).toBe(plain);
  });
});

test("who never finds out a code is blamed, not the task: an error would have told it", () => {
  const seats = (given: string) => ({ name: "book_seats", arguments: { class: given } });
  const task = blueprint({ expected: [{ ...seats("K4"), result: { price: 184 } }], drift: options });
  const wrong = [{ ...message("assistant", "call"), calls: [seats("economy")] }, message("tool", "{}")];
  const verdict = { reward: -1, rules: 0, judge: null, reason: "" };
  const blamed = (one: Task) => blameFor(trajectory([], { messages: [message("user", "go on"), ...wrong], verdict }, one))?.party;
  expect(blamed(task)).toBe("agent");
  const { drift: _, ...unknowable } = task;
  expect(blamed(unknowable)).toBe("task");
});
