// Why the engine does not compute on an NVIDIA card that is there. node-llama-cpp takes its CUDA build only where it finds
// CUDA's runtime libraries, which a driver alone does not bring, and falls back to the processor without a word.
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { commandLine, reinstallCommand } from "../../models/installation.ts";

/** The driver's. */
const driverLibrary = "libcuda.so.1";
const runtimeLibraries = ["libcudart.so", "libcublas.so", "libcublasLt.so"];
/** Versions of CUDA that node-llama-cpp has a build for, the preferred one first. */
const majors = [13, 12];

/** Cards and driver as nvidia-smi tells them, e.g. "NVIDIA L4, driver 570.86.15"; null where it does not answer. */
export async function nvidiaCards(): Promise<string | null> {
  try {
    const question = ["--query-gpu=name,driver_version", "--format=csv,noheader"];
    const { stdout } = await promisify(execFile)("nvidia-smi", question, { timeout: 20_000 });
    const cards = stdout.split("\n").filter((line) => line.trim() !== "");
    return cards.length === 0 ? null : cards.map((card) => card.trim().replace(/,\s*/, ", driver ")).join("; ");
  } catch {
    return null;
  }
}

/** The libraries that `folders` lack for the CUDA build they come nearest to; empty where one build has all. */
export function missingLibraries(folders: readonly string[], there: (path: string) => boolean = existsSync): readonly string[] {
  const lacking = (library: string) => !folders.some((folder) => there(join(folder, library)));
  const [first = [], ...others] = majors.map((major) => runtimeLibraries.map((name) => `${name}.${major}`).filter(lacking));
  const nearest = others.reduce((least, missing) => (missing.length < least.length ? missing : least), first);
  return [driverLibrary].filter(lacking).concat(nearest);
}

/** Where node-llama-cpp and the loader look for libraries on Linux. */
export function loaderFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = [env.LD_LIBRARY_PATH, env.CUDA_PATH].flatMap((path) => path?.split(delimiter) ?? []);
  const usual = ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
  const toolkits = below("/usr/local", /^cuda/).flatMap((toolkit) => below(join(toolkit, "targets")));
  return [...named.filter((folder) => folder !== ""), ...usual, ...toolkits.map((target) => join(target, "lib"))];
}

/** For an engine on the processor: the card that it leaves alone, why, and what to do. Null where no NVIDIA driver answers. */
export async function whyNotOnCard(): Promise<string | null> {
  const cards = await nvidiaCards();
  if (cards === null) return null;
  const told = `nvidia-smi tells of a GPU (${cards}), but the engine computes on the CPU`;
  if (process.platform !== "linux" || process.arch !== "x64")
    return `${told}: node-llama-cpp has no CUDA build for ${process.platform} ${process.arch}.`;
  const missing = missingLibraries(loaderFolders());
  if (missing.length > 0)
    return `${told}: ${missing.join(", ")} not found on the loader's path (CUDA ${majors.join(" or ")} is wanted). "${commandLine("setup")}" brings CUDA's libraries along with torch; others belong on LD_LIBRARY_PATH.`;
  return `${told}: the CUDA libraries are there, but its CUDA build does not start. Usually the driver is too old: CUDA 13 wants 580 or newer, CUDA 12 525. Update it, or put the package back with: ${reinstallCommand()}`;
}

function below(folder: string, name = /^/): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((entry) => (name.test(entry) ? [join(folder, entry)] : []));
}
