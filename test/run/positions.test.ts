// Engine and learner at far positions, with scripted doubles that differ where a test says so.
import { expect, test } from "vitest";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { probePositions } from "../../src/run/positions.ts";

const engine = scriptedEngine();
/** A learner whose log-probs differ from the engine's by `gap` at each position. */
const learnerOff = (gap: (position: number) => number) => ({
  logprobs: (samples: readonly (readonly number[])[]) =>
    Promise.all(samples.map(async (ids) => (await engine.score(ids)).map((logprob, position) => logprob + gap(position)))),
});

test("the rounding of a quantised model passes, as far as the context goes", async () => {
  expect(
    await probePositions(
      engine,
      learnerOff((at) => (at % 2 ? 0.06 : -0.06)),
      4096,
    ),
  ).toEqual({
    near: expect.closeTo(0.06, 6),
    far: expect.closeTo(0.06, 6),
    position: 1500,
  });
  expect(
    (
      await probePositions(
        engine,
        learnerOff(() => 0),
        512,
      )
    ).position,
  ).toBe(512);
});

test.each([
  ["only from afar", (at: number) => (at > 1000 ? 0.2 : 0.04)],
  ["everywhere, by more than rounding", () => 0.5],
  ["by no number", (at: number) => (at > 1000 ? Number.NaN : 0)],
])("a learner that is off %s ends the session in one sentence", async (_, gap) => {
  await expect(probePositions(engine, learnerOff(gap), 4096)).rejects.toThrow(
    /^Engine and learner do not read this policy alike: .* at position 1500, and by .* near the start, .* choose another policy/,
  );
});
