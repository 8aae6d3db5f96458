// Makes a fresh clone ready to run: Node packages and the build, then `playact setup` for Python and the models. A finished
// step is skipped, and each step can be interrupted and repeated. Nothing is written outside this folder except the caches
// of npm, pip and the Hugging Face hub.
//   node scripts/setup.mjs [options of playact setup]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "./setup/build.mjs";
import { checkNode, installNodePackages } from "./setup/node.mjs";
import { root, script, step } from "./setup/step.mjs";

await script(async () => {
  checkNode();
  await step("Node packages", installNodePackages);
  await step("Build", build);
  const setup = [join(root, "dist", "cli.js"), "setup", ...process.argv.slice(2)];
  const child = spawn(process.execPath, setup, { cwd: root, stdio: "inherit" });
  process.on("SIGTERM", () => child.kill("SIGTERM")); // which reaches this process alone
  const [code] = await once(child, "exit");
  process.exitCode = code ?? 130;
});
