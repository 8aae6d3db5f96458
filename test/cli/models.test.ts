// `playact models` in process; the downloads themselves are tested in test/models/fetch.test.ts.
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelsCommand } from "../../src/cli/models.ts";
import { modelsFolder } from "../../src/models/folder.ts";
import { filesOf, findModel, readManifest } from "../../src/models/manifest.ts";
import { emptyPlace, startHub } from "../models/tiny-model.ts";
import { changed, ggufBytes, smallestPolicy, writeGguf } from "../support/tiny-gguf.ts";

/** Before a test moves it. */
const modelsBefore = modelsFolder();

async function models(...args: string[]): Promise<string> {
  let printed = "";
  const take = (text: string) => {
    printed += text;
  };
  await modelsCommand(take, take).parseAsync(args, { from: "user" });
  return printed;
}

test("ls lists every model of the manifest with role, size, licence and whether it is here", async () => {
  using place = emptyPlace();
  writeFileSync(join(place.models, "smollm2-135m-instruct-q4_1.gguf"), "not a model");
  const rows = JSON.parse(await models("ls", "--json"));
  expect(rows).toHaveLength(readManifest().length);
  const [policy] = rows;
  expect(policy).toMatchObject({ roles: ["policy"], bytes: 491400064, licence: "Apache-2.0", state: "absent", path: null });
  expect(rows).toContainEqual(expect.objectContaining({ name: "smollm2-135m-instruct", state: "wrong hash" }));
  expect(await models("ls")).toMatch(/^qwen2\.5-coder-0\.5b-instruct +policy +491 +Apache-2\.0 +absent$/m);
});

test("a model of two files is here only when both are", async () => {
  using place = emptyPlace();
  const [weights, tokenizer] = filesOf(findModel("all-minilm-l6-v2"));
  for (const one of [weights, tokenizer]) symlinkSync(join(modelsBefore, one?.file ?? ""), join(place.models, one?.file ?? ""));
  const state = async () => JSON.parse(await models("ls", "--json")).find(({ name }: { name: string }) => name === weights?.name);
  expect(await state()).toMatchObject({ state: "verified", roles: ["embedder"], bytes: 22928619 + 466247 });
  rmSync(join(place.models, tokenizer?.file ?? ""));
  expect(await state()).toMatchObject({ state: "absent" });
});

test("get without a name says what it expects", async () => {
  await expect(models("get")).rejects.toMatchObject({
    boundary: "usage",
    message: expect.stringContaining("a name or --preset"),
  });
});

test("get with an address names the command that takes one", async () => {
  await expect(models("get", "hf:Playact/tiny/tiny.gguf")).rejects.toMatchObject({
    boundary: "usage",
    message: expect.stringMatching(/is an address\. Add it with: npx playact models add hf:Playact\/tiny\/tiny\.gguf$/),
  });
});

test("a misspelt name is reported before anything is fetched", async () => {
  using _place = emptyPlace();
  await expect(models("get", "smollm2-135m-instruct", "smollm3")).rejects.toThrow(/No model is called "smollm3"/);
});

test("an unknown preset is reported with the known ones", async () => {
  await expect(models("get", "--preset", "huge")).rejects.toThrow(/"huge".*laptop/);
});

test("add and show print the facts of a file, its hash, and the seats it fits", async () => {
  using place = emptyPlace();
  const path = writeGguf(join(place.wheels, "mine.gguf"));
  const added = JSON.parse(await models("add", path, "--json"));
  expect(added).toMatchObject({ model: path, architecture: "qwen2", layers: 2, policy: "can be", simulator: "can be" });
  expect(JSON.parse(await models("show", path, "--json"))).toEqual(added);
  const bare = writeGguf(join(place.wheels, "bare.gguf"), changed(smallestPolicy, { "tokenizer.ggml.token_type": [1, 1, 1, 1] }));
  expect(await models("show", bare)).toMatch(/^policy +cannot be: .*the turn markers of no frame/m);
});

test("a model that was added by address is listed, and shown", async () => {
  using _place = emptyPlace();
  const address = "hf:Playact/tiny/tiny.gguf";
  {
    await using _hub = await startHub(ggufBytes(smallestPolicy));
    await models("add", address);
  }
  const rows = JSON.parse(await models("ls", "--json"));
  expect(rows).toContainEqual(expect.objectContaining({ name: address, state: "verified", licence: null }));
  expect(await models("show", address)).toMatch(/^architecture +qwen2$/m);
});

test("a named model that is not here is shown from the manifest", async () => {
  using _place = emptyPlace();
  const shown = JSON.parse(await models("show", "qwen3-8b", "--json"));
  expect(shown).toMatchObject({ source: "models/manifest.json", layers: 36, width: 4096, thinking: true });
});
