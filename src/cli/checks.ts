// The checks of `playact doctor`, one function per subject. Each reports what it finds; missing things are findings, not errors.
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { modelsOfPreset } from "../config/needed-models.ts";
import { resolveConfig } from "../config/resolve.ts";
import { describe } from "../errors.ts";
import { freeOfCard, nvidiaCards, whyNotOnCard } from "../llm/engine/nvidia.ts";
import { fetchCommand, findFiles } from "../models/fetch.ts";
import { modelsFolder } from "../models/folder.ts";
import { commandLine, otherPlatform, platformFault, reinstallCommand, sqliteCommand } from "../models/installation.ts";
import { readManifest } from "../models/manifest.ts";
import { askPython, pythonPath } from "../models/python.ts";
import { freeBytes } from "../models/space.ts";
import { packageVersion, playactVersion, versions } from "../run/versions.ts";
import { ensureWritable, resolveHome } from "../store/home.ts";
import { sqliteVersion } from "../store/sqlite.ts";
import { leastSqlite } from "../store/store.ts";

/** The result for one item. `fix` is one command; null if nothing needs fixing. */
export type Check = {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  readonly found: string;
  readonly fix: string | null;
};

const setUp = commandLine("setup");
const leastMemory = 15e9; // bytes; a machine with 16 GB reports a little less; measured: learner/peak_mb 10 GB, engine 4 GB
const leastDisk = 5e9; // bytes; models, checkpoints and the store of a few runs

export function checkNode(): Check[] {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const platform = `${process.platform} ${process.arch}`;
  const newEnough = major > 20 || (major === 20 && minor >= 19);
  return [
    ok("playact", playactVersion()),
    newEnough ? ok("node", node) : fail("node", `${node}, needs 20.19 or newer`, "nvm install 24"),
    platformFault === null ? ok("platform", platform) : fail("platform", `${platform}: ${platformFault}`, otherPlatform),
  ];
}

/** The engine's package and its device. Loads llama.cpp itself, but no model. */
export async function checkEngine(): Promise<Check[]> {
  try {
    const found = versions();
    const { deviceOf, startLlama } = await import("../llm/engine/llama.ts"); // late: a missing package is a finding
    const llama = await startLlama("auto", 1);
    const device = await deviceOf(llama);
    await llama.dispose();
    const idle = device === "cpu" ? await whyNotOnCard() : null;
    return [
      ok("engine", `node-llama-cpp ${found["node-llama-cpp"]}, llama.cpp ${found["llama.cpp"]}`),
      idle === null ? ok("engine device", device) : warn("engine device", `${device}: ${idle}`, setUp),
    ];
  } catch (error) {
    return [fail("engine", describe(error), reinstallCommand())];
  }
}

/** The embedder's package. npm leaves it out if its install script fails. */
export function checkEmbedder(): Check {
  try {
    return ok("embedder", `onnxruntime-node ${packageVersion("onnxruntime-node")}`);
  } catch (error) {
    return fail("embedder", describe(error), reinstallCommand());
  }
}

export async function checkMachine(): Promise<Check[]> {
  const free = await freeBytes(modelsFolder());
  const memory = `${gigabytes(totalmem())} GB, ${gigabytes(freemem())} free`;
  return [
    ok("cpu", `${availableParallelism()} x ${cpus()[0]?.model ?? "unknown"}`),
    totalmem() >= leastMemory
      ? ok("memory", memory)
      : warn("memory", `${memory}: the laptop preset needs 16`, commandLine("train --preset tiny")),
    free >= leastDisk
      ? ok("disk", `${gigabytes(free)} GB free`)
      : warn("disk", `${gigabytes(free)} GB free, 5 are needed`, "df -h ."),
  ];
}

/** Which preset for GPUs would start here; nothing is said of a machine without a card. */
export async function checkPresets(): Promise<Check[]> {
  const free = await freeOfCard();
  if (free === null) return [];
  const room = `${gigabytes(free)} GB free on the GPU`;
  try {
    const { gpuPresetsFor } = await import("../run/gpu-presets.ts"); // late: a missing package is a finding
    const { thisMachine } = await import("../run/machine.ts");
    const machine = await thisMachine(resolveConfig({ preset: "laptop", set: [] }).config);
    const [largest] = gpuPresetsFor(machine);
    if (largest !== undefined) return [ok("preset", `${largest} fits: ${room}`)];
    if (machine.engine === "host" || machine.learner === "host")
      return [
        warn("preset", `${room}, but not both engine and learner compute there: none for GPUs`, "see the lines of both devices"),
      ];
    const beside = `${gigabytes(machine.hostBytes ?? 0)} GB of the machine's memory`;
    return [warn("preset", `${room}, ${beside}: too little for a preset for GPUs`, commandLine("plan --preset gpu-24gb"))];
  } catch (error) {
    return [warn("preset", `${room}, but what fits is not known: ${describe(error)}`, setUp)];
  }
}

export function checkSqlite(): Check {
  try {
    const version = sqliteVersion();
    const order = version.localeCompare(leastSqlite, "en", { numeric: true });
    return order >= 0 ? ok("sqlite", version) : fail("sqlite", `${version}, needs ${leastSqlite} or newer`, reinstallCommand());
  } catch (error) {
    return fail("sqlite", describe(error instanceof Error ? (error.cause ?? error) : error), sqliteCommand());
  }
}

export async function checkPython(): Promise<Check[]> {
  try {
    const path = pythonPath();
    const { python, packages, accelerator } = await askPython(path);
    const imports = Object.entries(packages).map(([name, version]) =>
      version === null ? fail(name, "cannot be imported", setUp) : ok(name, version),
    );
    return [ok("python", `${python} (${path})`), ...imports, await learnerDevice(accelerator, packages.torch ?? null)];
  } catch (error) {
    return [fail("python", describe(error), setUp)];
  }
}

/** The device torch would train on, with a warning for a GPU that it does not see. */
async function learnerDevice(accelerator: string | null, torch: string | null): Promise<Check> {
  if (accelerator !== null) return ok("learner device", accelerator);
  const cards = await nvidiaCards();
  if (cards === null) return ok("learner device", "cpu");
  const fix = torch?.endsWith("+cpu") === false ? "update the NVIDIA driver: CUDA 13 needs 580 or newer" : setUp;
  return warn("learner device", `cpu: nvidia-smi reports a GPU (${cards}), but torch finds no CUDA`, fix);
}

/** The laptop preset's models are required, those of `tiny` optional; the rest, some of many gigabytes, are listed if they are here. */
export async function checkModels(): Promise<Check[]> {
  const needed = modelsOfPreset("laptop");
  const optional = modelsOfPreset("tiny");
  const findings: Check[] = [ok("models folder", modelsFolder())];
  for (const model of readManifest()) {
    const found = await findFiles(model);
    if (found.state === "right") findings.push(ok(model.name, `verified, ${found.path}`));
    else if (found.state === "wrong") findings.push(fail(model.name, `wrong file, ${found.path}`, fetchCommand(model.name)));
    else if (needed.includes(model.name)) findings.push(fail(model.name, "missing", fetchCommand(model.name)));
    else if (optional.includes(model.name)) findings.push(warn(model.name, "missing", fetchCommand(model.name)));
  }
  return findings;
}

export function checkHome(option?: string): Check {
  const home = resolveHome(option);
  try {
    ensureWritable(home);
    return ok("home", home);
  } catch (error) {
    return fail("home", describe(error), 'export PLAYACT_HOME="$PWD/runs"');
  }
}

function ok(name: string, found: string): Check {
  return { name, state: "ok", found, fix: null };
}

function warn(name: string, found: string, fix: string): Check {
  return { name, state: "warn", found, fix };
}

function fail(name: string, found: string, fix: string): Check {
  return { name, state: "fail", found, fix };
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
