// Headers of GGUF files: what is read of them, and which files are refused.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { PlayactError } from "../../src/errors.ts";
import { factsOf } from "../../src/models/facts.ts";
import { findFile } from "../../src/models/fetch.ts";
import { readGguf } from "../../src/models/gguf.ts";
import { readManifest } from "../../src/models/manifest.ts";
import { changed, ggufBytes, smallestPolicy, type TinyGguf, writeGguf } from "../support/tiny-gguf.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-gguf-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "tiny.gguf");

function read(file: TinyGguf) {
  return factsOf([readGguf(writeGguf(path, file))], path);
}

/** The sentence that a file is refused with. */
function refusal(file: TinyGguf | Buffer): string {
  if (Buffer.isBuffer(file)) writeFileSync(path, file);
  else writeGguf(path, file);
  try {
    factsOf([readGguf(path)], path);
  } catch (error) {
    expect(error).toBeInstanceOf(PlayactError);
    expect(error).toMatchObject({ boundary: "model" });
    return (error as PlayactError).message; // as checked
  }
  return "";
}

test("a header tells the shape of a model, its bytes by type, and its markers", () => {
  const { facts, markers } = read(smallestPolicy);
  expect(facts).toEqual({
    ...{ architecture: "qwen2", parameters: 8 * 4 + 2 * 64, contextTrained: 512, vocabulary: 4 },
    ...{ layers: 2, experts: 0, width: 8, heads: 4, kvHeads: 2, headWidth: 2, feedForward: 16, tied: true },
    ...{ chatTemplate: true, thinking: false, rope: { scaling: "none", factor: 1, factors: false } },
    bytesByType: { F32: 4 * (8 * 4 + 2 * 64) },
  });
  expect([...markers]).toEqual(["<|im_start|>", "<|im_end|>", "<|endoftext|>"]);
});

test("rope scaling, thinking and an output layer of its own are read; a tensor of rope factors is no parameter", () => {
  const more = { "qwen2.rope.scaling.type": "linear", "qwen2.rope.scaling.factor": 2.5, "qwen2.attention.key_length": 16 };
  const template = { "tokenizer.chat_template": "{% if thinking %}<think>{% endif %}" };
  const { facts } = read(
    changed(smallestPolicy, { ...more, ...template }, { "output.weight": [8, 4], "rope_freqs.weight": [4] }),
  );
  expect(facts).toMatchObject({ headWidth: 16, thinking: true, tied: false, parameters: 2 * 8 * 4 + 2 * 64 });
  expect(facts.rope).toEqual({ scaling: "linear", factor: 2.5, factors: true });
});

test("a file of 64 GB, which no buffer holds, is read by its header alone", () => {
  writeGguf(path);
  truncateSync(path, 64e9); // sparse: it takes no room
  expect(factsOf([readGguf(path)], path).facts.layers).toBe(2);
});

describe("refused in a sentence", () => {
  const whole = ggufBytes(smallestPolicy);

  test("a file that is cut short, with the bytes that are missing", () => {
    expect(refusal(whole.subarray(0, whole.length - 1))).toBe(
      `${path} is cut short: its header lists tensors up to byte ${whole.length}, and the file has ${whole.length - 1} bytes. Fetch or copy it again.`,
    );
    expect(refusal(whole.subarray(0, 100))).toContain("it ends within its header");
  });

  test("a file that is no GGUF, of another version, empty, absent, or a folder", () => {
    expect(refusal(Buffer.from("PK\u0003\u0004 some archive"))).toMatch(/is no GGUF file: it does not begin with "GGUF"/);
    expect(refusal(Buffer.alloc(0))).toMatch(/is no GGUF file/);
    expect(refusal(Buffer.concat([Buffer.from("GGUF"), Buffer.from([1, 0, 0, 0])]))).toMatch(/version 1/);
    expect(() => readGguf(join(folder, "nowhere.gguf"))).toThrow(/cannot be read \(ENOENT/);
    expect(() => readGguf(folder)).toThrow(PlayactError);
  });

  test("a header whose counts are damage", () => {
    const damaged = Buffer.from(whole);
    damaged.writeBigUInt64LE(2n ** 60n, 16); // the number of metadata entries
    expect(refusal(damaged)).toMatch(/header of .* is damaged/);
  });

  test("an embedding model, by its architecture or by its pooling", () => {
    expect(refusal({ metadata: { "general.architecture": "nomic-bert" } })).toMatch(/is an embedding model \(nomic-bert\)/);
    expect(refusal(changed(smallestPolicy, { "qwen2.pooling_type": 3 }))).toMatch(/is an embedding model \(qwen2\)/);
  });

  test("an adapter, and a file without an architecture or a shape", () => {
    expect(refusal(changed(smallestPolicy, { "general.type": "adapter" }))).toMatch(/holds no whole model.*adapter/);
    expect(refusal({ metadata: {} })).toMatch(/names no architecture/);
    expect(refusal(changed(smallestPolicy, { "qwen2.block_count": undefined }))).toMatch(/does not say .*\(layers\)/);
  });
});

describe("the facts of the manifest", async () => {
  const named = readManifest().flatMap((model) => (model.format === "gguf" && model.facts !== undefined ? [model] : []));

  const files = await Promise.all(named.map(async (model) => ({ model, file: await findFile(model) })));
  const here = files.flatMap(({ model, file }) => (file.state === "right" ? [[model.name, model, file.path] as const] : []));
  test.each(here)("of %s, whose file is here, are those of its file", (_, model, path) => {
    expect(model.facts).toEqual(factsOf([readGguf(path)], path).facts);
  });

  test.each(named.map((model) => [model.name, model] as const))("of %s add up to the size of its file", (_, model) => {
    const tensors = Object.values(model.facts?.bytesByType ?? {}).reduce((sum, bytes) => sum + bytes, 0);
    const files = model.bytes + (model.shards ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(files - tensors).toBeGreaterThan(1e6); // the header, most of it the vocabulary
    expect(files - tensors).toBeLessThan(8e6);
  });

  test("cover the models that presets for one GPU name", () => {
    expect(named.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["qwen3-4b", "qwen3-8b", "qwen3-14b", "qwen2.5-7b-instruct"]),
    );
  });
});
