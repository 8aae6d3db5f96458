// The plan's formula for a context against llama.cpp's own account of one that is open.
import { expect, test } from "vitest";
import { nativeContextOf } from "../../../src/llm/engine/addon.ts";
import { startLlama } from "../../../src/llm/engine/llama.ts";
import { loadModel } from "../../../src/llm/engine/llama-model.ts";
import { openContext } from "../../../src/llm/engine/llama-seat.ts";
import { factsAt } from "../../../src/models/facts.ts";
import { computeBytes, kvBytes } from "../../../src/plan/shape.ts";
import { smallModel } from "./small-model.ts";

test("keys, values and compute buffers are what llama.cpp reserves, for any number of sequences, within 2 %", async () => {
  const path = smallModel;
  const shape = factsAt(path);
  const llama = await startLlama("off", 1);
  const model = await loadModel(llama, path);
  const found: number[] = [];
  for (const sequences of [1, 2, 3, 4]) {
    const context = await openContext(model, { sequences, contextTokens: 2048, threads: 1, onCpu: true });
    found.push(nativeContextOf(context).getMemoryBreakdown().cpuRam);
    await context.dispose();
  }
  await model.dispose();
  await llama.dispose();
  for (const [index, bytes] of found.entries()) {
    const planned = (index + 1) * kvBytes(shape, 2048) + computeBytes(shape, 2048, "host");
    expect(Math.abs(planned / bytes - 1)).toBeLessThan(0.02);
  }
  const [one = 0, two = 0, three = 0, four = 0] = found;
  // a few kilobytes are the account's own of a sequence
  for (const more of [two - one, three - two, four - three])
    expect(Math.abs(more / kvBytes(shape, 2048) - 1)).toBeLessThan(0.001);
});
