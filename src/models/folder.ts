// Where things lie on disk: the package, the folder of weights, the Hugging Face cache. Paths only; nothing is read or made.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. The same distance from src/models (tests) and dist/models (users). */
export const packageRoot = fileURLToPath(new URL("../../", import.meta.url));

/** Weights that came from the package index, and the user's own; PLAYACT_MODELS moves it. */
export function modelsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.PLAYACT_MODELS ?? join(packageRoot, "models"));
}

/** Where huggingface_hub keeps what it downloads, by its own rules (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME). */
export function hubCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return resolve(env.HF_HUB_CACHE ?? join(home, "hub"));
}
