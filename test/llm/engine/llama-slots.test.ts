import { expect, test } from "vitest";
import { largestThatFits } from "../../../src/llm/engine/llama-slots.ts";

test.each([
  { name: "as many as the budget holds", one: 100, two: 130, budget: 215, fits: 4 },
  { name: "no more than are of use", one: 100, two: 130, budget: 10_000, fits: 8 },
  { name: "exactly one where one fits and two do not", one: 100, two: 130, budget: 129, fits: 1 },
  { name: "one where none fits, so that opening it says what is missing", one: 100, two: 130, budget: 50, fits: 1 },
  { name: "the most where more sequences cost nothing", one: 100, two: 100, budget: 200, fits: 8 },
])("a context gets $name", ({ one, two, budget, fits }) => {
  expect(largestThatFits(one, two, budget, 8)).toBe(fits);
});
