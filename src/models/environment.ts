// The learner's Python environment: created by a supported interpreter, with the packages of native/requirements.txt.
// An interpreter in PLAYACT_PYTHON is used unchanged; then nothing is installed.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import { environmentFolder, interpreterPath } from "./folder.ts";
import { commandLine } from "./installation.ts";
import { execute, pip, pipReason, python, type Say } from "./pip.ts";
import { pythonStart } from "./python.ts";
import { setting } from "./setting.ts";
import { needSpace } from "./space.ts";
import { makeVenv } from "./venv.ts";

const candidates = ["python3", "python3.12", "python3.13", "python3.11", "python3.14"];
const learnersOwn = "requirements.txt";
const leastMinor = 11; // numpy's minimum
const mostMinor = 14; // the newest that torch has wheels for
const cpuBytes = 2.5e9; // the environment as measured, and what pip unpacks temporarily
const gpuBytes = 12e9; // torch with its CUDA libraries
// The default Linux build of torch pulls gigabytes of CUDA; this is PyTorch's index of the small CPU build.
const torchCpuIndex = "https://download.pytorch.org/whl/cpu";

/**
 * Creates the environment; false if it exists. One whose packages could be imported and no longer can is made anew, which mends
 * whatever is broken in it.
 * @throws PlayactError("environment" | "disk") with the program's output as its cause
 */
export async function makeEnvironment(say: Say): Promise<boolean> {
  const chosen = setting("PLAYACT_PYTHON");
  if (chosen !== null) return checkChosen(chosen);
  const folder = environmentFolder();
  const fault = existsSync(doneOf(folder, learnersOwn)) ? await importFault() : null;
  const broken = fault !== null && /^\w*Error\b/.test(fault) ? fault : null; // a Python that was killed proves nothing
  if (broken === null && (await python(interpreterPath(), ["-m", "pip", "--version"])).code === 0) return false;
  const found = await findPython();
  say(`${found} -m venv ${folder}`);
  const again = `or name another interpreter in PLAYACT_PYTHON, then: ${commandLine("setup")}`;
  const packages = broken === null ? "" : ` whose packages can be imported (here: ${broken})`;
  const needed = `an environment with pip and Python 3.${leastMinor} or newer${packages}`;
  const { code, output } = await makeVenv(found, folder, { needed, again }, say);
  if (code !== 0) throw failed(`${found} could not create ${folder}; its last lines are above. Fix that`, output);
  return true;
}

/** Installs one requirements file of native/; false if it is already installed. Throws likewise. */
export async function installRequirements(name: string, say: Say): Promise<boolean> {
  if (setting("PLAYACT_PYTHON") !== null) return false;
  const folder = environmentFolder();
  const requirements = readFileSync(join(pythonStart.cwd, name), "utf8");
  const gpu = (await execute("nvidia-smi", ["-L"])).code === 0;
  const done = doneOf(folder, name);
  const stamp = [requirements, gpu ? "gpu" : "cpu", madeBy(folder)].join("\n");
  if (existsSync(done) && readFileSync(done, "utf8") === stamp) return false;
  const torch = /^torch==(\S+)$/m.exec(requirements)?.[1];
  const setUp = `Make room, then: ${commandLine("setup")}`;
  if (torch) await needSpace("Python's environment", gpu ? gpuBytes : cpuBytes, folder, setUp);
  say(`pip install -r ${name}${torch ? `: torch for ${gpu ? "the GPU" : "the CPU"}; about a minute` : ""}`);
  if (torch && process.platform === "linux") await (gpu ? removeCpuTorch(say) : installCpuTorch(torch, say));
  const { code, output } = await pip(interpreterPath(), ["-r", join(pythonStart.cwd, name)], say);
  if (code !== 0) throw failed(pipReason(output), output);
  const fault = await importFault();
  if (fault !== null)
    throw new PlayactError(
      "environment",
      `Python's packages are installed, but cannot be imported (${fault}). Install what that names, such as a library of the system, then: ${commandLine("setup")}`,
    );
  writeFileSync(done, stamp); // last: what could never be imported is not what once could
  return true;
}

/** Says which requirements are installed, by which Python and for which device. */
function doneOf(folder: string, name: string): string {
  return join(folder, `.playact-${name}`);
}

/**
 * Installs the CPU build first, so that the requirements find torch: from the configured index, else from PyTorch's own, else
 * the default build is used.
 */
async function installCpuTorch(version: string, say: Say): Promise<void> {
  const wanted = `torch==${version}+cpu`;
  if ((await pip(interpreterPath(), [wanted], say)).code === 0) return;
  if ((await pip(interpreterPath(), [wanted, "--extra-index-url", torchCpuIndex], say)).code === 0) return;
  say("there is no CPU build of torch here: taking the default build, which is several GB");
}

/** The CPU build satisfies the requirements as well as the GPU's: one that was installed before there was a GPU has to go first. */
async function removeCpuTorch(say: Say): Promise<void> {
  const version = ["-c", "from importlib.metadata import version; print(version('torch'))"];
  const { code, output } = await python(interpreterPath(), version);
  if (code !== 0 || !output.trim().endsWith("+cpu")) return;
  say(`pip uninstall torch ${output.trim()}: there is a GPU now`);
  await python(interpreterPath(), ["-m", "pip", "uninstall", "--yes", "--disable-pip-version-check", "torch"], say);
}

/** Which Python made the environment: with another one everything is installed anew. Empty where conda made it. */
function madeBy(folder: string): string {
  const file = join(folder, "pyvenv.cfg");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** The first interpreter on the PATH that is supported and can create environments. */
export async function findPython(): Promise<string> {
  const question = "import sys; print('%d.%d' % sys.version_info[:2]); import venv, ensurepip";
  let bare = "";
  for (const candidate of candidates) {
    const { code, output } = await python(candidate, ["-c", question]); // versions before 3.11 do not know -P
    const version = /^3\.(\d+)$/m.exec(output);
    const minor = Number(version?.[1]);
    if (!version || minor < leastMinor || minor > mostMinor) continue;
    if (code === 0) return candidate;
    bare ||= version[0];
  }
  throw new PlayactError(
    "environment",
    bare
      ? `Python ${bare} lacks its venv module. Install it (Debian: sudo apt install python${bare}-venv), then: ${commandLine("setup")}`
      : `Python 3.${leastMinor} to 3.${mostMinor} is missing. Install one (Debian: sudo apt install python3 python3-venv; macOS: brew install python@3.13), then: ${commandLine("setup")}`,
  );
}

async function checkChosen(chosen: string): Promise<boolean> {
  const reason = await importFault();
  if (reason === null) return false;
  throw new PlayactError(
    "environment",
    `PLAYACT_PYTHON names ${chosen}, which cannot train (${reason}). Install ${join(pythonStart.cwd, "requirements.txt")} there, or unset it and: ${commandLine("setup")}`,
  );
}

/** Why the learner's packages cannot be imported, in a line; null: they can. Only an import proves that a package works. */
async function importFault(): Promise<string | null> {
  const { code, output } = await python(interpreterPath(), ["-c", "import torch, transformers, peft, gguf, safetensors, numpy"]);
  if (code === 0) return null;
  const old = /^unknown option:? -P/im.test(output);
  return old ? `it is older than Python 3.${leastMinor}` : output.trim().split("\n").at(-1) || `Python ends with code ${code}`;
}

/** A failed program as one sentence; a full disk is named as such. */
function failed(message: string, output: string): PlayactError {
  if (/ENOSPC|No space left on device/.test(output)) {
    const text = `The disk is full (${environmentFolder()}). Make room, then: ${commandLine("setup")}`;
    return new PlayactError("disk", text, { cause: output });
  }
  return new PlayactError("environment", `${message}, then: ${commandLine("setup")}`, { cause: output });
}
