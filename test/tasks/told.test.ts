import { expect, test } from "vitest";
import { toldOf } from "../../src/tasks/told.ts";
import { blueprint } from "../support/blueprint.ts";

test("the told twin of a task says all its values at once, in the words of the answers, and expects the same calls", () => {
  const asking = blueprint({
    firstMessage: "Which train goes from Oslo?",
    heldBack: [
      { call: 0, argument: "to", sentence: "To: Bergen." },
      { call: 0, argument: "day", sentence: "Day: 2027-03-02." },
    ],
  });
  const told = toldOf(asking);
  expect(told).toEqual({
    ...asking,
    id: told.id,
    firstMessage: "Which train goes from Oslo? To: Bergen. Day: 2027-03-02.",
    heldBack: [],
  });
  expect(told.id).not.toBe(asking.id);
});

test("a task that tells everything has no told twin", () => {
  expect(() => toldOf(blueprint())).toThrow("holds nothing back");
});
