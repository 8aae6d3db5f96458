// `npm run check:gpu -- --learner | --engine`: does Playact do on this GPU what it is tested for on CPUs? Each prints a table,
// writes JSON and takes less than 8 minutes. Exit codes: 0 every bound holds, 1 one does not, 2 usage, 4 no GPU or something
// is missing.
//   npm run check:gpu -- --learner [--json FILE] [--python PYTHON] [--only CHECK,…] [--layers N]      Python and torch with CUDA
//   npm run check:gpu -- --engine  [--json FILE] [--model FILE.gguf] [--sequences 1,8,32,64]          Node's packages and a model
// `--tiny` (learner) and `--cpu` (engine) run the same without a GPU; bytes and seconds are then shown, not judged.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { learnerPython } from "./check-gpu/python.mjs";
import { root, SetupError, script } from "./setup/step.mjs";

const options = /** @type {const} */ ({
  learner: { type: "boolean", default: false },
  engine: { type: "boolean", default: false },
  json: { type: "string" },
  python: { type: "string" },
  only: { type: "string" },
  layers: { type: "string" },
  tiny: { type: "boolean", default: false },
  model: { type: "string" },
  sequences: { type: "string", default: "1,8,32,64" },
  cpu: { type: "boolean", default: false },
});

/**
 * Runs a program in this terminal; returns its exit code.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function ended(program, args, env) {
  const [code] = await once(spawn(program, args, { cwd: root, env, stdio: "inherit" }), "exit");
  return Number(code ?? 130);
}

await script(async () => {
  const { learner, engine, json, python, only, layers, tiny, model, sequences, cpu } = valuesOf();
  const file = resolve(json ?? `gpu-${learner ? "learner" : "engine"}.json`);
  if (learner) {
    const chosen = [only === undefined ? [] : ["--only", only], layers === undefined ? [] : ["--layers", layers]].flat();
    const args = ["-P", "-B", "-m", "gpucheck", "--json", file, ...chosen, ...(tiny ? ["--tiny"] : [])];
    process.exitCode = await ended(await learnerPython(python), args, { ...process.env, PYTHONPATH: join(root, "native") });
    return;
  }
  if (engine) {
    const built = join(root, "dist", "cli", "native-environment.js");
    if (!existsSync(join(root, "node_modules")) || !existsSync(built))
      throw new SetupError("node_modules/ or dist/ is missing. Make both with: npm run setup");
    const { nativeEnvironment } = await import(built); // CUDA's libraries and libuv's threads must be set before the start
    const args = [join(root, "scripts", "check-gpu", "engine.mjs"), "--json", file, "--sequences", sequences];
    const more = [model === undefined ? [] : ["--model", resolve(model)], cpu ? ["--cpu"] : []].flat();
    process.exitCode = await ended(process.execPath, [...args, ...more], nativeEnvironment());
    return;
  }
  throw new SetupError("Expected --learner or --engine: npm run check:gpu -- --learner", { code: 2 });
});

function valuesOf() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error), { code: 2 });
  }
}
