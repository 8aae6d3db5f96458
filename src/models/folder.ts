// Folders of the weights, Python and the Hugging Face cache: in the clone or, for an installed package, in the user's XDG
// folders. Paths only; reads and creates nothing.
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { layout, packageRoot } from "./installation.ts";
import { type Environment, setting } from "./setting.ts";

/** Weights from the package index, and the user's own; PLAYACT_MODELS overrides it. */
export function modelsFolder(env: Environment = process.env): string {
  const chosen = setting("PLAYACT_MODELS", env);
  if (chosen !== null) return resolve(chosen);
  return layout === "clone" ? join(packageRoot, "models") : join(xdgFolder(env.XDG_CACHE_HOME, ".cache"), "playact", "models");
}

/** The Python environment that setup creates. */
export function environmentFolder(env: Environment = process.env): string {
  return layout === "clone" ? join(packageRoot, ".venv") : join(dataFolder(env), "python");
}

/** The Python environment of the BFCL benchmark, made when it is first used. */
export function bfclFolder(env: Environment = process.env): string {
  return layout === "clone" ? join(packageRoot, ".venv-bfcl") : join(dataFolder(env), "bfcl");
}

/** The interpreter: PLAYACT_PYTHON unchanged, else the environment's. */
export function interpreterPath(env: Environment = process.env): string {
  return resolve(setting("PLAYACT_PYTHON", env) ?? join(environmentFolder(env), "bin", "python"));
}

/** Where huggingface_hub keeps what it downloads, by its own rules (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME). */
export function hubCacheFolder(env: Environment = process.env): string {
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return resolve(env.HF_HUB_CACHE ?? join(home, "hub"));
}

/** Of one repository in that cache. */
export function hubRepoFolder(repo: string, env: Environment = process.env): string {
  return join(hubCacheFolder(env), `models--${repo.replace("/", "--")}`);
}

/** `playact` in the XDG data folder, ~/.local/share by default. */
export function dataFolder(env: Environment = process.env): string {
  return join(xdgFolder(env.XDG_DATA_HOME, join(".local", "share")), "playact");
}

/** A relative path is ignored, as the specification requires. */
function xdgFolder(set: string | undefined, otherwise: string): string {
  return set !== undefined && isAbsolute(set) ? set : join(homedir(), otherwise);
}
