import { expect, test } from "vitest";
import { stopwatch } from "../../src/run/step.ts";

test("laps are consecutive and never exceed the step's time", () => {
  const watch = stopwatch();
  for (const lap of ["time/tasks", "time/rollout"]) {
    const until = performance.now() + 2;
    while (performance.now() < until);
    watch.lap(lap);
  }
  const { step_time = 0, "time/tasks": tasks = 0, "time/rollout": rollout = 0 } = watch.read();
  expect(Math.min(tasks, rollout)).toBeGreaterThanOrEqual(0.002);
  expect(tasks + rollout).toBeLessThanOrEqual(step_time);
});
