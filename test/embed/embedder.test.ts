// The real embedder against Python's tokenizers and onnxruntime on the same texts (scripts/record-embeddings.py).
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cosine } from "../../src/embed/cosine.ts";
import { type Embedder, openEmbedder } from "../../src/embed/embedder.ts";
import { filesAt } from "../../src/models/fetch.ts";
import { filesOf, findEmbedder } from "../../src/models/manifest.ts";
import { openEmbedderFiles } from "../../src/run/open-embedder.ts";
import recorded from "../fixtures/embeddings.json" with { type: "json" };
import tokenizers from "../fixtures/tokenizers.json" with { type: "json" };

let embedder: Embedder;
beforeAll(async () => {
  embedder = await openEmbedderFiles(1);
});
afterAll(() => embedder[Symbol.asyncDispose]());

const texts = recorded.cases.map(({ text }) => text);
const vectorOf = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
const shown = (text: string) => JSON.stringify(text.slice(0, 40));

/** SHA-256 of the ids, u32 little-endian; 12 digits. */
function digest(ids: readonly number[]): string {
  return createHash("sha256")
    .update(new Uint8Array(Uint32Array.from(ids).buffer))
    .digest("hex")
    .slice(0, 12);
}

describe("the ids are Python's", () => {
  test.each(recorded.cases.map(({ text, ids }) => ({ name: shown(text), text, ids })))("of $name", ({ text, ids }) => {
    expect(embedder.pieces(text)).toEqual(ids);
  });

  test("of 2,000 mixed strings of many scripts", () => {
    const different = tokenizers.strings.filter((text, at) => digest(embedder.pieces(text)) !== recorded.sweep[at]);
    expect(different).toEqual([]);
  });

  test("a text that is too long is cut at 256 with both special tokens kept", () => {
    const ids = embedder.pieces("word ".repeat(400));
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([256, 101, 102]);
  });
});

describe("the vectors", () => {
  test("are Python's of the same weights, in any batch: cosine over 0.999", async () => {
    const vectors = await embedder.embed(texts);
    const near = recorded.cases.map(({ int8 }, at) => cosine(vectorOf(int8), vectors[at] ?? new Float32Array()));
    expect(Math.min(...near)).toBeGreaterThan(0.999);
    expect(vectors.map((vector) => vector.length)).toEqual(texts.map(() => 384));
    for (const vector of vectors) expect(cosine(vector, vector)).toBeCloseTo(1, 5);
  });

  test("are near those of the float weights", async () => {
    const vectors = await embedder.embed(texts);
    const near = recorded.cases.map(({ float32 }, at) => cosine(vectorOf(float32), vectors[at] ?? new Float32Array()));
    expect(Math.min(...near)).toBeGreaterThan(0.99);
  });

  test("come in the order of the texts, over several batches", async () => {
    const many = Array.from({ length: 70 }, (_, at) => `${"very ".repeat((at * 7) % 11)}short text number ${at}`);
    const together = await embedder.embed(many);
    for (const at of [0, 1, 33, 69]) {
      const [alone = new Float32Array()] = await embedder.embed([many[at] ?? ""]);
      const near = together.map((vector) => cosine(alone, vector));
      expect(near.indexOf(Math.max(...near))).toBe(at);
      expect(near[at]).toBeGreaterThan(0.9999);
    }
  });

  test("are nearer for two wordings of one request than for two requests", async () => {
    const [one, again, other] = await embedder.embed([
      "Please book a table for two at Luigi's tonight.",
      "I would like to reserve a table for 2 people at Luigi's this evening.",
      "Transfer 40 euros to my sister.",
    ]);
    if (!one || !again || !other) throw new Error("a vector is missing");
    expect(cosine(one, again)).toBeGreaterThan(0.8);
    expect(cosine(one, other)).toBeLessThan(0.3);
  });

  test("of no texts are an empty list", async () => {
    expect(await embedder.embed([])).toEqual([]);
  });
});

test("a file that is not a model or a WordPiece tokenizer is named with what to do", async () => {
  const folder = mkdtempSync(join(tmpdir(), "playact-embed-"));
  const wrong = join(folder, "wrong.json");
  writeFileSync(wrong, '{"model": {"type": "BPE"}}');
  const entry = findEmbedder("all-minilm-l6-v2");
  const [model = "", tokenizer = ""] = await filesAt(filesOf(entry));
  const open = (change: object) => openEmbedder({ model, tokenizer, dimensions: 384, maxTokens: 256, threads: 1, ...change });
  try {
    await expect(open({ model: wrong })).rejects.toMatchObject({ boundary: "model", message: expect.stringContaining(wrong) });
    await expect(open({ tokenizer: wrong })).rejects.toMatchObject({
      boundary: "model",
      message: expect.stringContaining(wrong),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
