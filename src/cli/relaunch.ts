// Commands that load the engine in their own process (`tasks`, `doctor`) need the loader's path of native-environment.ts, which
// only a new process takes: they run once more with it. Where there are no CUDA libraries nothing is run again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { nativeEnvironment } from "./native-environment.ts";

/** Tells the second process that it is one: the loader takes its path away from a node that has file capabilities. */
const mark = "PLAYACT_RELAUNCHED";

/** Runs this very command line with the loader's path that it needs, and returns its exit code; null where it has it. */
export async function relaunched(): Promise<number | null> {
  const env = nativeEnvironment();
  if (env.LD_LIBRARY_PATH === process.env.LD_LIBRARY_PATH || process.env[mark] !== undefined) return null;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...env, [mark]: "1" },
  });
  // a terminal's Ctrl-C reaches the child as well, which decides
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  const ignore = () => undefined;
  process.on("SIGINT", ignore).on("SIGTERM", pass).on("SIGHUP", pass);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
