// Models by path and by address: found, fetched, pinned, refused. Real huggingface_hub, and a hub on this machine.
import { mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addModel } from "../../src/models/add.ts";
import { findOnDisk, knownFacts, parametersOf } from "../../src/models/model.ts";
import { readPins } from "../../src/models/pins.ts";
import { changed, ggufBytes, smallestPolicy, type TinyGguf, writeGguf } from "../support/tiny-gguf.ts";
import { emptyPlace, startHub } from "./tiny-model.ts";

const address = "hf:Playact/tiny/tiny.gguf";
const bytes = ggufBytes(smallestPolicy);
const other = ggufBytes(changed(smallestPolicy, { "general.name": "other" }));

/** A model in two files: the second has the second layer. */
function inTwo(): readonly [TinyGguf, TinyGguf] {
  const { "blk.1.attn_q.weight": last = [], ...first } = smallestPolicy.tensors ?? {};
  const { metadata = {} } = smallestPolicy;
  return [
    { metadata: { ...metadata, "split.count": 2 }, tensors: first },
    { metadata: { "split.no": 1, "split.count": 2 }, tensors: { "blk.1.attn_q.weight": last } },
  ];
}

describe("by path", () => {
  test("its facts, hash and size come from the file alone", async () => {
    using place = emptyPlace();
    const path = writeGguf(join(place.wheels, "mine.gguf"));
    const model = await findOnDisk(path);
    expect(model).toMatchObject({ name: "mine", path, paths: [path], parameters: 160, entry: null });
    expect(model.facts.architecture).toBe("qwen2");
    expect(model.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect([parametersOf(path), knownFacts(path)]).toEqual([160, model.facts]);
  });

  test("another file under the same path has another hash", async () => {
    using place = emptyPlace();
    const path = writeGguf(join(place.wheels, "mine.gguf"));
    const before = (await findOnDisk(path)).sha256;
    writeFileSync(path, other);
    expect((await findOnDisk(path)).sha256).not.toBe(before);
  });

  test("the files of a sharded model are one model", async () => {
    using place = emptyPlace();
    const [first, second] = [1, 2].map((n) => join(place.wheels, `m-0000${n}-of-00002.gguf`)) as [string, string]; // of two
    const [head, tail] = inTwo();
    writeGguf(first, head);
    await expect(findOnDisk(first)).rejects.toThrow(`${second} is missing. Put all of them into one folder.`);
    writeGguf(second, tail);
    const model = await findOnDisk(first);
    const whole = await findOnDisk(writeGguf(join(place.wheels, "whole.gguf")));
    expect(model.facts).toEqual(whole.facts);
    expect(model.paths).toEqual([first, second]);
    writeGguf(second, changed(tail, { "general.name": "other" }));
    expect((await findOnDisk(first)).sha256).not.toBe(model.sha256);
  });

  test("no file there is a sentence", async () => {
    await expect(findOnDisk("./nowhere.gguf")).rejects.toMatchObject({
      boundary: "model",
      message: expect.stringMatching(/^There is no model file at .*\/nowhere\.gguf\. Check the path\.$/),
    });
  });
});

describe("by address", () => {
  test("the first fetch pins the hash, and later the file is found without the hub", async () => {
    using place = emptyPlace();
    {
      await using hub = await startHub(bytes);
      await expect(findOnDisk(address)).rejects.toThrow(
        `is not downloaded yet. Fetch it with: npx playact models add ${address}`,
      );
      const model = await addModel(address);
      expect(model).toMatchObject({ name: "tiny", parameters: 160, entry: null });
      expect(hub.downloads()).toBe(1);
      await addModel(address);
      expect(hub.downloads()).toBe(1);
    }
    expect(readPins()).toEqual([
      { repo: "Playact/tiny", file: "tiny.gguf", bytes: bytes.length, sha256: (await findOnDisk(address)).sha256 },
    ]);
    expect(readdirSync(place.models).sort()).toEqual([".pinned", ".verified"]);
    expect(parametersOf(address)).toBe(160);
  });

  test("a sharded model is fetched whole", async () => {
    using _place = emptyPlace();
    const [head, tail] = inTwo();
    await using _hub = await startHub({
      "q4/m-00001-of-00002.gguf": ggufBytes(head),
      "q4/m-00002-of-00002.gguf": ggufBytes(tail),
    });
    const model = await addModel("hf:Playact/tiny/q4/m-00001-of-00002.gguf");
    expect(model.paths).toHaveLength(2);
    expect(model.parameters).toBe(160);
  });

  test("a cached file that has changed is refused, and fetched again by add", async () => {
    using _place = emptyPlace();
    await using _hub = await startHub(bytes);
    const { path, sha256 } = await addModel(address);
    writeFileSync(realpathSync(path), other);
    await expect(findOnDisk(address)).rejects.toThrow(new RegExp(`is not ${address}: expected .* SHA-256 ${sha256}.*models add`));
    expect((await addModel(address)).sha256).toBe(sha256);
  });

  test("a file that the publisher has replaced is refused with both hashes and the pin", async () => {
    using place = emptyPlace();
    let pinned = "";
    {
      await using _hub = await startHub(bytes);
      const { path, sha256 } = await addModel(address);
      pinned = sha256;
      writeFileSync(realpathSync(path), "gone");
    }
    await using _hub = await startHub(other);
    const adding = addModel(address);
    await expect(adding).rejects.toThrow(`expected SHA-256 ${pinned}, got `);
    await expect(adding).rejects.toThrow(join(place.models, ".pinned", "Playact--tiny--tiny.gguf.json"));
  });

  test("bytes that are not what the hub announced are refused and not pinned", async () => {
    using _place = emptyPlace();
    await using _hub = await startHub(bytes, () => "0".repeat(64));
    await expect(addModel(address)).rejects.toThrow(/could not be fetched .*SHA-256 [0-9a-f]{64}/);
    expect(readPins()).toEqual([]);
  });

  test.each([
    ["hf:Playact/tiny/no.gguf", "the repository has no file no.gguf"],
    ["hf:Playact/none/no.gguf", "there is no such repository, or it is private: then set HF_TOKEN"],
    ["hf:Playact/gated/no.gguf", "Playact/gated is gated: accept its terms on the hub, and set HF_TOKEN"],
  ])("%s is refused in a sentence that says why", async (wrong, why) => {
    using _place = emptyPlace();
    await using _hub = await startHub(bytes);
    await expect(addModel(wrong)).rejects.toMatchObject({
      boundary: "model",
      message: expect.stringMatching(
        new RegExp(`^The model ${wrong} could not be fetched .*${why}\\). Check the address, then: .*models add ${wrong}$`),
      ),
    });
  });

  test("without a network and with nothing cached it is a sentence", async () => {
    using _place = emptyPlace();
    await expect(addModel(address)).rejects.toMatchObject({
      boundary: "model",
      message: expect.stringMatching(/could not be fetched \(Hugging Face hub, Playact\/tiny: .+\)\. Check the network, then: /),
    });
    expect(readPins()).toEqual([]);
  });

  test("without a network, what the hub's cache has is pinned", async () => {
    using place = emptyPlace();
    const folder = join(place.models, "..", "hub", "models--Playact--tiny");
    mkdirSync(join(folder, "refs"), { recursive: true });
    mkdirSync(join(folder, "snapshots", "c0ffee"), { recursive: true });
    writeFileSync(join(folder, "refs", "main"), "c0ffee");
    writeFileSync(join(folder, "snapshots", "c0ffee", "tiny.gguf"), bytes);
    expect((await addModel(address)).path).toBe(join(folder, "snapshots", "c0ffee", "tiny.gguf"));
    expect(readPins()).toHaveLength(1);
  });
});
