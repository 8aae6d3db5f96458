// The environment of a process that loads the engine. It must be set before the process starts: the loader reads its path
// once, and libuv starts its threads with the first file that Node reads.
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { interpreterPath } from "../models/folder.ts";

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly cores: number;
  /** Path of the learner's interpreter, in the environment whose torch brings CUDA's libraries. */
  readonly python: string;
}

/** llama.cpp's sampling, file access and DNS share libuv's threads; its default of 4 is fewer than the sequences that can end at once. */
const leastThreads = 8;

/** Keeps what CUDA_VISIBLE_DEVICES was, for a learner of several processes (learner/torch.ts). */
const allCards = "PLAYACT_CARDS";

/**
 * The first card alone, numbered as nvidia-smi does: the plan of memory is for one, and the engine would spread over all that it
 * sees, also a full or slow one. Nothing where the user shows one already.
 */
function oneCard({ CUDA_VISIBLE_DEVICES: shown, CUDA_DEVICE_ORDER: order }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (shown === undefined) return { CUDA_VISIBLE_DEVICES: "0", CUDA_DEVICE_ORDER: order ?? "PCI_BUS_ID", [allCards]: "" };
  const [first = "", ...others] = shown.split(",");
  return others.length === 0 ? {} : { CUDA_VISIBLE_DEVICES: first.trim(), [allCards]: shown };
}

/**
 * `env` with the CUDA libraries of the learner's torch at the front of the loader's path (Linux), one card, and one libuv thread per
 * core. The user's own settings stay; applying it twice changes nothing more.
 */
export function nativeEnvironment(env: NodeJS.ProcessEnv = process.env, machine: Machine = thisMachine(env)): NodeJS.ProcessEnv {
  const always = {
    ...oneCard(env),
    UV_THREADPOOL_SIZE: env.UV_THREADPOOL_SIZE ?? String(Math.max(leastThreads, machine.cores)),
  };
  const folders = machine.platform === "linux" ? cudaFolders(machine.python) : [];
  if (folders.length === 0) return { ...env, ...always };
  const before = env.LD_LIBRARY_PATH?.split(delimiter).filter((folder) => folder !== "" && !folders.includes(folder)) ?? [];
  return { ...env, ...always, LD_LIBRARY_PATH: [...folders, ...before].join(delimiter) };
}

function thisMachine(env: NodeJS.ProcessEnv): Machine {
  return { platform: process.platform, cores: availableParallelism(), python: interpreterPath(env) };
}

/** nvidia/…/lib of the environment's packages, where NVIDIA's wheels put their libraries. */
function cudaFolders(python: string): string[] {
  const libraries = join(dirname(dirname(python)), "lib");
  return below(libraries)
    .filter((folder) => /[/\\]python3\.\d+$/.test(folder))
    .flatMap((folder) => below(join(folder, "site-packages", "nvidia")))
    .map((folder) => join(folder, "lib"))
    .filter((folder) => existsSync(folder));
}

function below(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}
