// Adapters on the real engine: one that is swapped in must change the log-probs, one that is swapped out must leave no trace.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checked } from "../../../src/llm/engine/addon.ts";
import { type EngineOptions, openEngine } from "../../../src/llm/engine/llama.ts";
import type { Engine } from "../../../src/llm/llm.ts";
import { renderChat } from "../../../src/llm/text/prompt.ts";
import { exposedCollector, slope } from "../../support/memory.ts";
import { writeAdapter } from "./adapter-file.ts";
import { smallModel } from "./small-model.ts";

const options: EngineOptions = {
  policyModel: smallModel,
  simulatorModel: null,
  mode: "fast",
  gpu: "off",
  threads: 1,
  policySequences: 2,
  policyContext: 128,
  simulatorSequences: 1,
  simulatorContext: 128,
};

describe("an adapter swap", () => {
  let engine: Engine;
  const folder = mkdtempSync(join(tmpdir(), "playact-swap-"));
  const adapter = (seed: number, scale: number) => {
    const path = join(folder, `${seed}.gguf`);
    writeAdapter(path, seed, scale);
    return { path, hash: `hash of ${seed}` };
  };
  beforeAll(async () => {
    engine = await openEngine(options);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const prompt = () => renderChat(engine.vocabulary, [{ role: "user", content: "Say hello to the world." }], "");

  test("changes the policy's log-probs, and the base model comes back bit for bit", async () => {
    const base = await engine.score(prompt());
    expect(await engine.swap(adapter(1, 1), 1)).toMatchObject({ version: 1, adapter: "hash of 1" });
    const moved = await engine.score(prompt());
    expect(Math.max(...moved.map((logprob, at) => Math.abs(logprob - (base[at] ?? 0))))).toBeGreaterThan(0.1);
    await engine.swap(adapter(2, 1), 2);
    const other = await engine.score(prompt());
    expect(other).not.toEqual(moved);
    await engine.swap(adapter(1, 1), 3);
    expect(await engine.score(prompt())).toEqual(moved);
    await engine.swap(null, 4);
    expect(await engine.score(prompt())).toEqual(base);
  });

  test("does not affect the simulator, which shares the loaded model", async () => {
    const request = {
      messages: [{ role: "user", content: "Yes or No?" }] as const,
      lead: "Answer:",
      options: [" Yes", " No"],
      deadlineMs: 60_000,
    };
    const base = await engine.simulator.choose(request);
    await engine.swap(adapter(3, 1), 5);
    // asked with another start first, so that nothing of the answer is taken from the cache
    await engine.simulator.choose({ ...request, messages: [{ role: "user", content: "Something else entirely" }] });
    expect(await engine.simulator.choose(request)).toEqual(base);
  });

  test("reuses nothing that was computed with another adapter", async () => {
    const request = { ids: prompt(), seed: 1, temperature: 0, maxTokens: 4, stop: new Set<number>(), deadlineMs: 60_000 };
    await engine.swap(null, 6);
    const base = await engine.policy.sample(request);
    await engine.swap(adapter(4, 1), 7);
    await engine.policy.sample(request);
    const reused = engine.counters().policy.reused;
    await engine.swap(null, 8);
    expect(await engine.policy.sample(request)).toEqual(base);
    expect(engine.counters().policy.reused).toBe(reused);
  });

  test("fifty in a row keep no memory: resident memory grows by less than 1 MB per swap", async () => {
    const paths = [11, 12].map((seed) => {
      const path = join(folder, `large-${seed}.gguf`);
      writeAdapter(path, seed, 0.01, 512); // 2.4 MB, so that one kept by each swap would show
      return { path, hash: `hash of ${seed}` };
    });
    const collect = exposedCollector();
    const resident: number[] = [];
    for (let swap = 0; swap < 100; swap++) {
      await engine.swap(paths[swap % 2] ?? null, 100 + swap);
      collect();
      resident.push(process.memoryUsage.rss() / 1e6);
    }
    expect(slope(resident.slice(50))).toBeLessThan(1); // the first half fills the allocator's pools
    await engine.swap(null, 200);
  });

  test("waits for the samples in flight", async () => {
    const request = { ids: prompt(), seed: 1, temperature: 1, maxTokens: 20, stop: new Set<number>(), deadlineMs: 60_000 };
    const running = engine.policy.sample(request);
    const swapped = engine.swap(adapter(5, 1), 9);
    expect((await running).ids).toHaveLength(20);
    expect(await swapped).toMatchObject({ version: 9 });
  });

  test("with a file that is not an adapter reports it and leaves the policy unchanged", async () => {
    const before = engine.policy;
    const path = join(folder, "broken.gguf");
    writeFileSync(path, "not a GGUF file");
    await expect(engine.swap({ path, hash: "x" }, 10)).rejects.toThrow(/cannot load the adapter .*broken\.gguf/);
    expect(engine.policy).toBe(before);
    expect(
      (await before.sample({ ids: prompt(), seed: 1, temperature: 1, maxTokens: 2, stop: new Set(), deadlineMs: 60_000 })).ids,
    ).toHaveLength(2);
  });
});

test("an engine closes also after its unreferenced parts were garbage-collected", async () => {
  const collect = exposedCollector();
  const engine = await openEngine(options);
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await engine[Symbol.asyncDispose]();
  await expect(
    engine.policy.sample({ ids: [1], seed: 1, temperature: 1, maxTokens: 1, stop: new Set(), deadlineMs: 1000 }),
  ).rejects.toMatchObject({ code: "closed" });
});

test("a missing model file is named", async () => {
  await expect(openEngine({ ...options, policyModel: "/no/such/model.gguf" })).rejects.toMatchObject({
    boundary: "model",
    message: expect.stringContaining("/no/such/model.gguf"),
  });
});

test("a context larger than the model's training context is rejected", async () => {
  await expect(openEngine({ ...options, policyContext: 9000 })).rejects.toMatchObject({
    boundary: "config",
    message: expect.stringContaining("8192"),
  });
});

test("a different node-llama-cpp version is reported in one sentence", () => {
  expect(() =>
    checked({ _ctx: { decodeBatch: () => undefined } }, "_ctx", ["decodeBatch", "toString", "initBatch" as "toString"]),
  ).toThrow(/has no _ctx\.initBatch.*npm run setup/);
});
