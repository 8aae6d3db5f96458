// The Python that trains and downloads: which interpreter, and what it can import. Only short checks are run here; the
// learner's own process is in src/learner/torch.ts.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { describe, PlayactError } from "../errors.ts";
import { interpreterPath } from "./folder.ts";
import { commandLine, packageRoot } from "./installation.ts";
import { setting } from "./setting.ts";

/** Path of the interpreter: PLAYACT_PYTHON unchanged, else the environment's. Throws PlayactError("environment"). */
export function pythonPath(env: NodeJS.ProcessEnv = process.env): string {
  const path = interpreterPath(env);
  if (existsSync(path)) return path;
  throw new PlayactError(
    "environment",
    setting("PLAYACT_PYTHON", env) === null
      ? `Python's environment is missing (${path}). Create it with: ${commandLine("setup")}`
      : `PLAYACT_PYTHON names ${path}, which does not exist. Correct it, or unset it and run: ${commandLine("setup")}`,
  );
}

/**
 * How every Python process is started. It never imports modules from the user's folder, where a json.py would replace Python's
 * own: -P excludes that folder, and an empty element of PYTHONPATH means `cwd`, which is Playact's. -B: no bytecode is written
 * into the package.
 */
export const pythonStart = { flags: ["-P", "-B"], cwd: join(packageRoot, "native") } as const;

const report = z.object({
  python: z.string(),
  /** Version of each package, or null if it cannot be imported. */
  packages: z.record(z.string(), z.string().nullable()),
  /** The accelerator that torch can train on, for display: "NVIDIA H200, 139 GiB" or "Apple GPU (Metal)"; null: the CPU. */
  accelerator: z.string().nullable(),
  /** Whether it multiplies bfloat16 in hardware; null: no CUDA. */
  bfloat16: z.boolean().nullable(),
});
export type PythonReport = z.output<typeof report>;

// Only an import proves that a package works: an installed one can still fail to load.
const question = `
import importlib, importlib.metadata, json, platform
packages = {}
for name in ("torch", "transformers", "peft", "gguf", "safetensors", "numpy"):
    try:
        importlib.import_module(name)
        packages[name] = importlib.metadata.version(name)
    except Exception:
        packages[name] = None
accelerator = bfloat16 = None
if packages["torch"] is not None:
    import torch
    if torch.cuda.is_available():
        device = torch.cuda.get_device_properties(0)
        accelerator = f"{device.name}, {device.total_memory / 2**30:.0f} GiB"
        bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
    elif torch.backends.mps.is_available():
        accelerator = "Apple GPU (Metal)"
found = {"packages": packages, "accelerator": accelerator, "bfloat16": bfloat16}
print(json.dumps({"python": platform.python_version(), **found}))
`;

/** Asks the interpreter what it can import; takes a few seconds, since torch is large. Throws PlayactError("environment"). */
export async function askPython(path: string): Promise<PythonReport> {
  try {
    const { flags, cwd } = pythonStart;
    const { stdout } = await promisify(execFile)(path, [...flags, "-c", question], { cwd, timeout: 120_000 });
    return report.parse(JSON.parse(stdout));
  } catch (error) {
    const reason = describe(error).split("\n")[0];
    throw new PlayactError("environment", `${path} does not answer (${reason}). Recreate it with: ${commandLine("setup")}`, {
      cause: error,
    });
  }
}
