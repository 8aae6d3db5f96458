// Draws from rows of logits by a hand-written addon: its own numbers, and rows that a model whose weights overflow computes.
import { expect, test } from "vitest";
import type { Bindings, NativeContext, NativeModel, NativeSampler, SampledRow } from "../../../src/llm/engine/addon.ts";
import { openDrawer } from "../../../src/llm/engine/sampler.ts";
import { failedAlone } from "../../../src/llm/llm.ts";

/** Draws from one row of logits by an addon that always takes the id with the largest. */
function drawnFrom(logits: readonly number[], temperature: number) {
  class Sampler implements NativeSampler {
    applyConfig() {}
    dispose() {}
  }
  const best = Math.max(0, logits.indexOf(Math.max(...logits)));
  const weight = logits.reduce((sum, logit) => sum + Math.exp(logit - (logits[best] ?? Number.NaN)), 0);
  const row: SampledRow = [best, undefined, undefined, [best, logits[best] ?? Number.NaN], weight];
  const sampleToken = async (...asked: readonly unknown[]) => (asked.length === 2 ? best : row);
  const parts = { bindings: { AddonSampler: Sampler }, model: {}, context: { sampleToken } };
  // all that a drawer uses of the addon
  const native = parts as unknown as { bindings: Bindings; model: NativeModel; context: NativeContext };
  return openDrawer(native, { temperature, seed: 1 }).draw(0);
}

test.each([0, 1])("a draw has the log-prob of its id (temperature %s)", async (temperature) => {
  const { id, logprob } = await drawnFrom([0, Math.log(3)], temperature);
  expect(id).toBe(1);
  expect(logprob).toBeCloseTo(Math.log(0.75), 12);
});

test.each([
  [0, [Number.NaN, Number.NaN]],
  [1, [Number.NaN, Number.NaN]],
  [0, [1, Number.POSITIVE_INFINITY]],
  [1, [1, Number.POSITIVE_INFINITY]],
])("a row without a finite log-prob fails its request alone (temperature %s, logits %s)", async (temperature, logits) => {
  const error = await drawnFrom(logits, temperature).catch((thrown: unknown) => thrown);
  expect(failedAlone(error) && error.code).toBe("native");
});
