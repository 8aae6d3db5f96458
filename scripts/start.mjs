// `npm start -- [options of playact train]`: set-up for the preset named there (laptop by default), then the training run.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./setup/step.mjs";

const options = process.argv.slice(2);
const at = options.findIndex((option) => option === "--preset" || option.startsWith("--preset="));
const preset = at === -1 ? "laptop" : (options[at]?.split("=")[1] ?? options[at + 1] ?? "");
const train = at === -1 ? ["--preset", preset, ...options] : options;

// Ctrl-C reaches the children too (one terminal, one group); this process only waits and passes their code on.
process.on("SIGINT", () => {});
for (const command of [
  [join(root, "scripts", "setup.mjs"), "--preset", preset],
  [join(root, "dist", "cli.js"), "train", ...train],
]) {
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 130);
}
