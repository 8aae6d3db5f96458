// The same small run twice with the real model and learner: both in memory together, and each freed while the other computes.
// In the engine's reproducible mode every sample, update and adapter must be the same, bit for bit.
import { expect, test } from "vitest";
import { newHome, set, settings, shape } from "./story.ts";

/** A run of two steps: its adapters, and what of its metrics does not depend on time or memory. */
async function run(residency: "together" | "alternate") {
  await using home = newHome();
  const arguments_ = set({
    ...settings,
    "warmup.when": "never",
    "engine.mode": "reproducible",
    "engine.policyContext": 1024,
    "engine.residency": residency,
  });
  const words = ["train", "--preset", "tiny", "--steps", String(shape.steps), "--tools", home.tools, "--json"];
  const ended = await home.start(...words, ...arguments_).ended;
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  const metrics = home.rows<{ step: number; name: string; value: number }>("SELECT step, name, value FROM metric");
  const computed = /^(sampling|adapter|rollout|completions)\/|^(loss|grad_norm|reward|num_tokens)$/;
  return {
    computed: new Map(metrics.flatMap(({ step, name, value }) => (computed.test(name) ? [[`${name} of ${step}`, value]] : []))),
    held: metrics.filter(({ name }) => name.endsWith("/resting_mb")),
    adapters: home.rows("SELECT step, adapter_hash FROM checkpoint ORDER BY step"),
  };
}

test("a run with alternate is bit for bit the run with together, its sampler gap included", async () => {
  const [together, alternate] = [await run("together"), await run("alternate")];
  expect(alternate.adapters).toEqual(together.adapters);
  expect(alternate.computed).toEqual(together.computed);
  const gap = alternate.computed.get("sampling/sampling_logp_difference/mean of 2");
  expect(gap).toBeGreaterThan(0);
  expect(gap).toBeLessThan(0.3);
  expect(together.held).toEqual([]);
  expect(alternate.held).toHaveLength(2 * (1 + shape.steps));
});
