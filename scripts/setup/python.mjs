// Python for the learner: an interpreter that fits, an environment of our own in .venv, and the pinned packages in it.
// PLAYACT_PYTHON names an interpreter that is used as it is; then nothing is installed.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execute, failed, isStamped, needSpace, root, SetupError, stampOf, writeStamp } from "./step.mjs";

const environment = join(root, ".venv");
const interpreter = join(environment, "bin", "python");
// Everywhere -P: a module of the current folder must not run in place of Python's own.
const candidates = ["python3", "python3.12", "python3.13", "python3.11", "python3.14"];
const leastMinor = 11; // numpy's own floor
const mostMinor = 14; // the newest that torch has wheels for
const cpuBytes = 2.5e9; // .venv as measured, and what pip unpacks on the way
const gpuBytes = 12e9; // torch with its CUDA libraries
// The default Linux build of torch pulls gigabytes of CUDA; this is where PyTorch itself keeps the small one.
const torchCpuIndex = "https://download.pytorch.org/whl/cpu";

/** @param {(text: string) => void} say */
export async function makeEnvironment(say) {
  if (process.env.PLAYACT_PYTHON) return checkChosen(process.env.PLAYACT_PYTHON);
  if (existsSync(interpreter) && (await execute(interpreter, ["-P", "-m", "pip", "--version"])).code === 0) return false;
  const python = await findPython();
  say(`${python} -m venv .venv`);
  rmSync(environment, { recursive: true, force: true });
  const { code, output } = await execute(python, ["-P", "-m", "venv", environment]);
  if (code !== 0)
    throw failed(`${python} could not make .venv; what it said stands above. Mend that, then: npm run setup`, output);
  return true;
}

/**
 * Installs one requirements file into .venv, unless it is there already.
 * @param {string} name below native/
 * @param {(text: string) => void} say
 */
export async function installRequirements(name, say) {
  const file = join(root, "native", name);
  if (process.env.PLAYACT_PYTHON) return false;
  const requirements = readFileSync(file, "utf8");
  const gpu = await hasNvidia();
  const stampFile = join(environment, `.playact-${name}`);
  const stamp = stampOf([requirements, gpu ? "gpu" : "cpu", readFileSync(join(environment, "pyvenv.cfg"))]);
  if (isStamped(stampFile, stamp)) return false;
  const torch = /^torch==(\S+)$/m.exec(requirements)?.[1];
  if (torch) needSpace(gpu ? gpuBytes : cpuBytes, "Python's packages");
  say(`pip install -r native/${name}${torch ? `: torch for ${gpu ? "the GPU" : "the CPU"}; about a minute` : ""}`);
  if (torch && !gpu && process.platform === "linux") await installCpuTorch(torch, say);
  const { code, output } = await pip(["-r", file], say);
  if (code !== 0) throw failed(pipReason(output), output);
  writeStamp(stampFile, stamp);
  return true;
}

/**
 * The CPU build goes first, so that the requirements find torch in place. The configured index may have it; else PyTorch's
 * own has; else the default build has to do.
 * @param {string} version
 * @param {(text: string) => void} say
 */
async function installCpuTorch(version, say) {
  const wanted = `torch==${version}+cpu`;
  if ((await pip([wanted], say)).code === 0) return;
  if ((await pip([wanted, "--extra-index-url", torchCpuIndex], say)).code === 0) return;
  say("no CPU build of torch to be had: taking the default build, which is several GB");
}

/**
 * @param {readonly string[]} args
 * @param {(text: string) => void} say
 */
function pip(args, say) {
  const options = ["--disable-pip-version-check", "--no-input", "--retries=2", "--progress-bar=off"];
  return execute(interpreter, ["-P", "-m", "pip", "install", ...options, ...args], { say });
}

/** The first interpreter on the PATH that is new enough and can make environments. */
async function findPython() {
  const question = "import sys; print('%d.%d' % sys.version_info[:2]); import venv, ensurepip";
  let bare = "";
  for (const candidate of candidates) {
    const { code, output } = await execute(candidate, ["-P", "-c", question]); // one older than 3.11 does not know -P
    const version = /^3\.(\d+)$/m.exec(output);
    const minor = Number(version?.[1]);
    if (!version || minor < leastMinor || minor > mostMinor) continue;
    if (code === 0) return candidate;
    bare ||= version[0];
  }
  if (bare) {
    throw new SetupError(
      `Python ${bare} lacks its venv module. Install it (Debian: sudo apt install python${bare}-venv), then: npm run setup`,
    );
  }
  throw new SetupError(
    `Python 3.${leastMinor} to 3.${mostMinor} is missing. Install one (Debian: sudo apt install python3 python3-venv; macOS: brew install python@3.13), then: npm run setup`,
  );
}

/** @param {string} chosen */
async function checkChosen(chosen) {
  const { code, output } = await execute(chosen, ["-P", "-c", "import torch, transformers, peft, gguf, safetensors"]);
  if (code === 0) return false;
  const old = /^unknown option:? -P/im.test(output);
  const reason = old ? `it is older than Python 3.${leastMinor}` : output.trim().split("\n").at(-1);
  throw new SetupError(
    `PLAYACT_PYTHON names ${chosen}, which cannot train (${reason}). Install native/requirements.txt there, or unset it and: npm run setup`,
  );
}

async function hasNvidia() {
  return (await execute("nvidia-smi", ["-L"])).code === 0;
}

/** @param {string} output */
function pipReason(output) {
  if (/Failed to establish a new connection|NameResolutionError|Max retries exceeded|Connection(Reset|Refused)/.test(output)) {
    return "pip cannot reach its package index. Check the network (or pip's proxy settings), then: npm run setup";
  }
  return "pip install failed; what it said stands above. Mend that, then: npm run setup";
}
