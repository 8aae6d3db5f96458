// `npm run check:models`: the tests on the larger bundled models, which are fetched first if missing (once, through the
// manifest like any other; an interrupted fetch continues). `npm run check` tests the same laws on SmolLM2.
//   node scripts/check-models.mjs [vitest arguments …]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build } from "./setup/build.mjs";
import { root, script, step } from "./setup/step.mjs";

await script(async () => {
  await step("Build", build);
  const models = ["qwen2.5-coder-0.5b-instruct", "gemma-3-270m"];
  const get = [join(root, "dist", "cli.js"), "models", "get", ...models];
  const test = ["run", "--config", "vitest.models.config.ts", ...process.argv.slice(2)];
  for (const args of [get, [join(root, "node_modules", "vitest", "vitest.mjs"), ...test]])
    process.exitCode ||= spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
});
