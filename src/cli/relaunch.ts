// Commands that load the engine in their own process (`tasks`, `eval`, …) need the environment of native-environment.ts, which only
// takes effect in a new process: they start themselves again with it, unless they have it already.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { setting } from "../models/setting.ts";
import { nativeEnvironment } from "./native-environment.ts";

/** Marks the second process: the loader ignores its path for a node with file capabilities, and it would restart for ever. */
const mark = "PLAYACT_RELAUNCHED";

/** Runs this command line again with the environment that the engine needs, and returns its exit code; null if it is set already. */
export async function relaunched(): Promise<number | null> {
  const env = nativeEnvironment();
  const isSet = Object.entries(env).every(([name, value]) => process.env[name] === value);
  if (isSet || setting(mark) !== null) return null;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...env, [mark]: "1" },
  });
  // a terminal's Ctrl-C also reaches the child, which decides
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  const ignore = () => undefined;
  process.on("SIGINT", ignore).on("SIGTERM", pass).on("SIGHUP", pass);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
