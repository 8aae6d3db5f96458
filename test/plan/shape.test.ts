// The engine's formulas against llama.cpp's own account of a context, as node-llama-cpp 3.22.1 gives it without opening one
// (estimateContextResourceRequirementsV2, batches of 512, no flash attention): keys, values and compute buffers in bytes.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { computeBytes, kvBytes, type ModelShape } from "../../src/plan/shape.ts";

const { models } = JSON.parse(readFileSync(new URL("../fixtures/plan.json", import.meta.url), "utf8")) as {
  readonly models: readonly { readonly name: string; readonly shape: ModelShape }[];
};

test.each([
  ["qwen2.5-coder-0.5b-instruct", 512, 1, 321_128_448],
  ["qwen2.5-coder-0.5b-instruct", 2048, 16, 717_490_176],
  ["qwen2.5-coder-0.5b-instruct", 8192, 4, 719_325_184],
  ["qwen2.5-coder-1.5b-instruct", 2048, 2, 434_898_944],
  ["qwen2.5-coder-1.5b-instruct", 2048, 16, 1_256_982_528],
  ["qwen2.5-coder-1.5b-instruct", 8192, 1, 555_485_184],
  ["smollm2-135m-instruct", 512, 1, 114_821_120],
  ["smollm2-135m-instruct", 2048, 4, 292_947_968],
  ["smollm2-135m-instruct", 8192, 1, 363_210_752], // attention, not the output layer, is its largest phase here
])(
  "a context of %s, %d tokens for each of %d sequences, takes what llama.cpp says, within 2 %%",
  (name, tokens, sequences, bytes) => {
    const shape = models.find((model) => model.name === name)?.shape;
    if (shape === undefined) throw new Error(`the fixture has no ${name}`);
    const planned = sequences * kvBytes(shape, tokens) + computeBytes(shape, tokens, "host");
    expect(Math.abs(planned / bytes - 1)).toBeLessThan(0.02);
  },
);
