import { expect, test } from "vitest";
import { clockWithoutGaps } from "../../../src/llm/engine/awake.ts";

test("the clock of deadlines goes on while it is read, and stands still while the process does", () => {
  let now = 100;
  const clock = clockWithoutGaps(() => now);
  const after = (milliseconds: number) => {
    now += milliseconds;
    return clock();
  };
  expect([after(1000), after(4000), after(60_000), after(1000), after(600_000), after(1000)]).toEqual([
    1100, 5100, 5100, 6100, 6100, 7100,
  ]);
});
