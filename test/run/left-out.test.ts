// An episode too long for the learner's memory, in a whole run with the doubles: the learner's double refuses such a sample as
// the real one does, so that a run that asked for its update would end here.
import { expect, test } from "vitest";
import { trainedPart, trainingSamples } from "../../src/learner/batch.ts";
import type { RunRow } from "../../src/store/run-row.ts";
import { findRun } from "../../src/store/runs.ts";
import { metricsOf } from "../../src/store/steps.ts";
import { loadTrajectories } from "../../src/store/trajectories.ts";
import type { Trajectory } from "../../src/types.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { Killed, life, newRun, outcome } from "../support/whole-run.ts";

const once = { steps: 1, warmup: { when: "never" as const } };

function started(temporary: Temporary): RunRow {
  const { config } = newRun(temporary);
  return newRun(temporary, { ...once, warmup: { ...config.warmup, ...once.warmup } });
}

/** Tokens of an episode's longest sample; what a turn is worth does not matter. */
function lengthOf(trajectory: Trajectory): number {
  const isGuide = trajectory.author === "blueprint"; // its turns were not sampled
  const own = trajectory.messages.filter(({ role, logprobs }) => role === "assistant" && (isGuide || logprobs !== null));
  return Math.max(
    ...trainingSamples(
      trajectory,
      own.map(() => 1),
    ).map((sample) => trainedPart(sample).length),
  );
}

test("a stored episode that cannot fit is left out and counted once, whether or not the run was killed at its update", async () => {
  using whole = temporaryStore();
  const reference = started(whole);
  await life(whole, reference, { token: "one" });
  const lengths = loadTrajectories(whole.store, reference, { step: 1, purpose: "train" }).map(({ trajectory }) =>
    lengthOf(trajectory),
  );
  const longestSample = Math.max(...lengths) - 1;
  const tooLong = lengths.filter((length) => length > longestSample).length;
  expect(tooLong).toBeGreaterThan(0);
  expect(tooLong).toBeLessThan(lengths.length);

  using straight = temporaryStore();
  const told: string[] = [];
  const progress = (event: { readonly kind: string; readonly text?: string }) =>
    void (event.kind === "warning" && told.push(event.text ?? ""));
  const uninterrupted = started(straight);
  await life(straight, uninterrupted, { token: "one", longestSample, progress });
  expect(metricsOf(straight.store, uninterrupted, 1)["learner/left_out"]).toBe(tooLong);
  expect(told).toContainEqual(expect.stringContaining(`longer than the ${longestSample} tokens that fit`));

  using killed = temporaryStore();
  const run = started(killed);
  const dying = (name: string) => {
    if (name === "before an update") throw new Killed(name);
  };
  await expect(life(killed, run, { token: "one", longestSample, moment: dying })).rejects.toThrow(Killed);
  await life(killed, findRun(killed.store, run.name), { token: "two", longestSample });
  expect(outcome(killed, run).steps).toHaveLength(2);
  expect(metricsOf(killed.store, run, 1)["learner/left_out"]).toBe(tooLong);
  expect(outcome(killed, run).metrics).toEqual(outcome(straight, uninterrupted).metrics);
  expect(outcome(killed, run).adapters).toEqual(outcome(straight, uninterrupted).adapters);
});
