// `npm run check:models`: the tests on the larger bundled models, which are fetched first where they are missing (once,
// through the manifest like any other; an interrupted fetch goes on). `npm run check` shows the same laws on SmolLM2.
//   node scripts/check-models.mjs [argument of vitest …]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build } from "./setup/build.mjs";
import { fetchModels } from "./setup/models.mjs";
import { root, SetupError, step } from "./setup/step.mjs";

try {
  await step("Build", build);
  await fetchModels({ names: ["qwen2.5-coder-0.5b-instruct", "gemma-3-270m"] });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--config", "vitest.models.config.ts", ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.output}${error.message}\n`);
  process.exitCode = error.code;
}
