// In this mode a sample depends only on its ids, seed and adapter; on the real model, since a double rounds nothing.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "../../../src/llm/engine/llama.ts";
import type { Engine, SampleRequest } from "../../../src/llm/llm.ts";
import { renderChat } from "../../../src/llm/text/prompt.ts";
import { smallModel } from "./small-model.ts";

const open = () =>
  openEngine({
    policyModel: smallModel,
    simulatorModel: null,
    mode: "reproducible",
    gpu: "off",
    threads: 1,
    policySequences: 4,
    policyContext: 256,
    simulatorSequences: 4,
    simulatorContext: 256,
  });

describe("a reproducible engine", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine[Symbol.asyncDispose]());
  const request = (text: string, seed: number): SampleRequest => ({
    ids: renderChat(engine.vocabulary, [{ role: "user", content: text }], ""),
    seed,
    temperature: 1,
    maxTokens: 12,
    stop: new Set(),
    deadlineMs: 60_000,
  });

  test("samples the same ids with the same log-probs, bit for bit, alone, among others and after a related request", async () => {
    const wanted = request("Name three rivers and say where they end.", 7);
    const alone = await engine.policy.sample(wanted);
    const others = ["Name three rivers", "Hi.", "x".repeat(120)].map((text, seed) => engine.policy.sample(request(text, seed)));
    expect((await Promise.all([...others, engine.policy.sample(wanted)])).at(-1)).toEqual(alone);
    await engine.policy.sample({ ...wanted, ids: [...wanted.ids, ...alone.ids], maxTokens: 2 });
    expect(await engine.policy.sample(wanted)).toEqual(alone);
    expect(engine.counters().policy.reused).toBe(0);
  });

  test("computes one request at a time, for any configured number of sequences", () => {
    expect(engine.sequences).toEqual({ policy: 1, simulator: 1 });
  });

  test("samples the same after it was opened again", async () => {
    const wanted = request("Name three rivers and say where they end.", 8);
    const before = await engine.policy.sample(wanted);
    await using second = await open();
    expect(await second.policy.sample(wanted)).toEqual(before);
  });
});
