// `npm start -- [options of playact train]`: set-up for the chosen preset (laptop by default), then the training run. A run that is
// resumed has its preset: there the option is for the set-up alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "./setup/step.mjs";

const options = process.argv.slice(2);
const at = options.findIndex((option) => option === "--preset" || option.startsWith("--preset="));
const preset = at === -1 ? "laptop" : (options[at]?.split("=")[1] ?? options[at + 1] ?? "");
const resumes = options.some((option) => option === "--resume" || option.startsWith("--resume="));
const words = options[at]?.includes("=") ? 1 : 2;
const train = resumes && at >= 0 ? options.toSpliced(at, words) : options;

// Ctrl-C and a closed terminal also reach the children (same process group); this process only waits and returns their exit
// code. SIGTERM reaches only this process, which passes it on.
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
