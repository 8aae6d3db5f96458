// The Python of `check:gpu --learner`: the one that is named, else the project's, which is made here if it is missing. Only
// Node's built-ins: a machine on which nothing else of Playact is installed can be checked.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { execute, root, SetupError, step } from "../setup/step.mjs";

const made = join(root, ".venv");
const candidates = ["python3", "python3.12", "python3.13", "python3.11", "python3.14"];

/**
 * Path of an interpreter; what it lacks is reported by the check itself.
 * @param {string | undefined} asked
 * @returns {Promise<string>}
 */
export async function learnerPython(asked) {
  const named = asked || process.env.PLAYACT_PYTHON; // set but empty is not set
  if (named) {
    if ((await execute(named, ["-c", ""])).code !== 0) throw new SetupError(`${named} is no Python that starts.`);
    return named;
  }
  const python = join(made, "bin", "python");
  if (existsSync(python)) return python;
  await step("Python packages", async (say) => {
    const base = await newEnough();
    say(`${base} -m venv ${made}, then native/requirements.txt: torch with CUDA is several GB`);
    await done(base, ["-m", "venv", made]);
    await done(python, ["-m", "pip", "install", "-q", "-r", join(root, "native", "requirements.txt")]);
    return true;
  });
  return python;
}

async function newEnough() {
  for (const candidate of candidates) {
    const question = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    if ((await execute(candidate, ["-c", question])).code === 0) return candidate;
  }
  throw new SetupError("Python 3.11 or newer with its venv module is missing; name one that has torch with CUDA: --python PATH");
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
async function done(program, args) {
  const { code, output } = await execute(program, args);
  if (code !== 0)
    throw new SetupError(
      `${program} ${args.slice(0, 3).join(" ")} failed; remove ${made} and repeat, or name a Python: --python PATH`,
      {
        output,
      },
    );
}
