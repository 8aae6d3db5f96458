// The manifest as shipped, and what is rejected.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { modelsOf, modelsOfPreset } from "../../src/config/needed-models.ts";
import { presets } from "../../src/config/presets.ts";
import { filesOf, findEmbedder, findLanguageModel, findModel, readManifest } from "../../src/models/manifest.ts";

/** The shipped manifest with one field of the first model replaced. */
function readChanged(change: Readonly<Record<string, unknown>>): unknown {
  const folder = mkdtempSync(join(tmpdir(), "playact-manifest-"));
  const path = join(folder, "manifest.json");
  const [first, ...rest] = readManifest();
  writeFileSync(path, JSON.stringify({ models: [{ ...first, ...change }, ...rest] }));
  try {
    return readManifest(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the shipped manifest is valid and its names and files are unique", () => {
  const models = readManifest();
  expect(new Set(models.map((model) => model.name)).size).toBe(models.length);
  const files = models.flatMap(filesOf).map(({ file }) => file);
  expect(new Set(files).size).toBe(files.length);
});

test("every preset names models in the manifest", () => {
  for (const preset of Object.keys(presets)) {
    for (const name of modelsOfPreset(preset)) expect(findModel(name).name).toBe(name);
  }
});

test("a model that plays two roles of a preset is needed once", () => {
  expect(modelsOfPreset("tiny")).toEqual(["smollm2-135m-instruct"]);
});

test("the embedder is needed only where texts are compared", () => {
  const needs = (tasks: object) => modelsOf(configSchema.parse({ tasks })).includes("all-minilm-l6-v2");
  expect([needs({ novelty: null }), needs({ novelty: 0.9 }), needs({ novelty: null, distractors: "near" })]).toEqual([
    false,
    true,
    true,
  ]);
  expect(modelsOfPreset("laptop")).toContain("all-minilm-l6-v2");
});

test("the embedder is two files under one name and not a policy; a policy is not an embedder", () => {
  const embedder = findEmbedder("all-minilm-l6-v2");
  expect(filesOf(embedder).map(({ name, file }) => [name, file])).toEqual([
    ["all-minilm-l6-v2", "all-minilm-l6-v2-int8.onnx"],
    ["all-minilm-l6-v2", "all-minilm-l6-v2-tokenizer.json"],
  ]);
  expect(() => findLanguageModel("all-minilm-l6-v2")).toThrow(/not a language model/);
  expect(() => findEmbedder("smollm2-135m-instruct")).toThrow(/not an embedder/);
});

test("an unknown model is reported with the known ones", () => {
  expect(() => findModel("qwen")).toThrow(/No model is called "qwen".*qwen2\.5-coder-0\.5b-instruct/);
});

test("a file name cannot leave the models folder, and a package name cannot be an option of pip", () => {
  expect(() => readChanged({ file: "../../etc/passwd" })).toThrow(/not a valid manifest/);
  const parts = [{ package: "--index-url=x", version: "1", member: "a" }];
  expect(() => readChanged({ sources: [{ kind: "package-index", parts }] })).toThrow(/not a valid manifest/);
});

test("a shortened hash and an unknown key are rejected", () => {
  expect(() => readChanged({ sha256: "abc" })).toThrow(/sha256/);
  expect(() => readChanged({ colour: "red" })).toThrow(/colour/);
});
