// Why the engine does not use an NVIDIA GPU that is present. node-llama-cpp uses its CUDA build only if it finds CUDA's
// runtime libraries, which are not part of the driver, and otherwise falls back to the CPU silently.
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { commandLine, reinstallCommand } from "../../models/installation.ts";

/** The driver's library. */
const driverLibrary = "libcuda.so.1";
const runtimeLibraries = ["libcudart.so", "libcublas.so", "libcublasLt.so"];
/** CUDA versions that node-llama-cpp has a build for, the preferred one first. */
const majors = [13, 12];

/** GPUs and driver as nvidia-smi reports them, e.g. "NVIDIA L4, driver 570.86.15"; null if it does not answer. */
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

/**
 * The first card that CUDA shows a process, as nvidia-smi's --id takes it: an index or a UUID; null: none. The index is CUDA's,
 * which is nvidia-smi's only with CUDA_DEVICE_ORDER=PCI_BUS_ID or cards of one kind.
 */
function firstCard(env: NodeJS.ProcessEnv = process.env): string | null {
  const [first = ""] = (env.CUDA_VISIBLE_DEVICES ?? "0").split(",");
  const card = first.trim();
  return card === "" || card.startsWith("-") ? null : card;
}

/** Memory of the card that a run uses which is not in use, in bytes; null if there is none or nvidia-smi does not say. */
export async function freeOfCard(): Promise<number | null> {
  const card = firstCard();
  if (card === null) return null;
  try {
    const question = ["--query-gpu=memory.free", "--format=csv,noheader,nounits", `--id=${card}`];
    const { stdout } = await promisify(execFile)("nvidia-smi", question, { timeout: 20_000 });
    const mebibytes = Number(stdout.trim());
    return Number.isFinite(mebibytes) && mebibytes > 0 ? mebibytes * 2 ** 20 : null;
  } catch {
    return null;
  }
}

/** The libraries missing in `folders` for the most complete CUDA build; empty if one build has all. */
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

/** For an engine on the CPU: the unused GPU, why it is unused, and what to do. Null if no NVIDIA driver answers. */
export async function whyNotOnCard(): Promise<string | null> {
  const cards = await nvidiaCards();
  if (cards === null) return null;
  const told = `nvidia-smi reports a GPU (${cards}), but the engine computes on the CPU`;
  if (process.platform !== "linux" || process.arch !== "x64")
    return `${told}: node-llama-cpp has no CUDA build for ${process.platform} ${process.arch}.`;
  const missing = missingLibraries(loaderFolders());
  if (missing.length > 0)
    return `${told}: ${missing.join(", ")} not found on the loader's path (CUDA ${majors.join(" or ")} is needed). "${commandLine("setup")}" installs the CUDA libraries with torch; others must be on LD_LIBRARY_PATH.`;
  return `${told}: the CUDA libraries are present, but node-llama-cpp's CUDA build does not start. Usually the driver is too old: CUDA 13 needs 580 or newer, CUDA 12 525. Update it, or reinstall the package with: ${reinstallCommand()}`;
}

function below(folder: string, name = /^/): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((entry) => (name.test(entry) ? [join(folder, entry)] : []));
}
