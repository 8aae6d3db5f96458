// Brings a fresh clone to where it runs: Node packages, Python environment, build, models. Each step is skipped when it is
// done, and each can be interrupted and repeated. Nothing is written outside this folder, but for the caches of npm, pip and
// the Hugging Face hub.
//   node scripts/setup.mjs [--preset NAME | --for test]
import { parseArgs } from "node:util";
import { build } from "./setup/build.mjs";
import { fetchModels } from "./setup/models.mjs";
import { checkNode, installNodePackages } from "./setup/node.mjs";
import { installRequirements, makeEnvironment } from "./setup/python.mjs";
import { SetupError, step } from "./setup/step.mjs";

const start = performance.now();
/** @returns {{ preset: string, forTests: boolean }} */
function wanted() {
  try {
    const { values } = parseArgs({ options: { preset: { type: "string", default: "laptop" }, for: { type: "string" } } });
    if (values.for === undefined || values.for === "test") return { preset: values.preset, forTests: values.for === "test" };
    throw new Error(`--for expects test, got ${values.for}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(`${reason}. Usage: npm run setup -- [--preset NAME | --for test]`, { code: 2 });
  }
}

/** @param {boolean} forTests */
async function installPython(forTests) {
  await step("Python environment", makeEnvironment);
  await step("Python packages", (say) => installRequirements("requirements.txt", say));
  if (forTests) await step("Python packages for the tests", (say) => installRequirements("requirements-dev.txt", say));
}

try {
  const { preset, forTests } = wanted();
  checkNode();
  // npm compiles while pip downloads: side by side they take little longer than the slower one
  const lanes = await Promise.allSettled([step("Node packages", installNodePackages), installPython(forTests)]);
  for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  await step("Build", build);
  await fetchModels(forTests ? { tests: true } : { preset });
  process.stderr.write(`Set-up is complete (${((performance.now() - start) / 1000).toFixed(1)} s).\n`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error; // not expected, so our own mistake: it keeps its stack
  if (error.output) process.stderr.write(`${error.output.trimEnd().split("\n").slice(-25).join("\n")}\n\n`);
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.code;
}
