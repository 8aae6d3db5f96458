// `npm start -- [options of playact train]`: set-up for the preset named there (laptop by default), then the training run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "./setup/step.mjs";

const options = process.argv.slice(2);
const at = options.findIndex((option) => option === "--preset" || option.startsWith("--preset="));
const preset = at === -1 ? "laptop" : (options[at]?.split("=")[1] ?? options[at + 1] ?? "");
const train = at === -1 ? ["--preset", preset, ...options] : options;

// Ctrl-C and a closed terminal reach the children too (one terminal, one group); this process only waits and passes their
// code on. SIGTERM is sent to one process, this one, and is passed on.
for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
for (const command of [
  [join(root, "scripts", "setup.mjs"), "--preset", preset],
  [join(root, "dist", "cli.js"), "train", ...train],
]) {
  const child = spawn(process.execPath, command, { stdio: "inherit" });
  const pass = () => child.kill("SIGTERM");
  process.on("SIGTERM", pass);
  const [code] = await once(child, "exit");
  process.off("SIGTERM", pass);
  if (code !== 0) process.exit(code ?? 130);
}
