// The supervisor: starts the worker, passes Ctrl-C on as words, and restarts it by resume when native code took it down
// (a CUDA out-of-memory aborts the process and cannot be caught), at most three times an hour. It loads no native model
// code itself. The worker holds the other end of an inherited pipe and ends when it closes.
import { spawn } from "node:child_process";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { interruptedCode } from "./exit.ts";
import { toStderr } from "./output.ts";

/** File descriptor of the pipe between supervisor and worker, in the worker. */
export const supervisorPipe = 3;

const restartsAnHour = 3;

/** Runs `playact worker …` to its end and returns the exit code. */
export async function supervise(workerArguments: readonly string[]): Promise<number> {
  const crashes: number[] = [];
  for (;;) {
    const end = await runWorker(workerArguments);
    if (end.signal === null) return end.code;
    if (end.stopped) return interruptedCode;
    const now = Date.now();
    crashes.push(now);
    const recent = crashes.filter((at) => now - at < 3_600_000).length;
    if (recent > restartsAnHour) {
      toStderr(
        `playact: the worker was ended by ${end.signal} ${recent} times within an hour; giving up. Resume with 'playact train --resume' when the cause is found (memory?).\n`,
      );
      return 1;
    }
    toStderr(
      `playact: the worker was ended by ${end.signal}; going on from the last finished episode (restart ${recent} of ${restartsAnHour}).\n`,
    );
  }
}

interface WorkerEnd {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  /** The user had asked for the end. */
  readonly stopped: boolean;
}

function runWorker(workerArguments: readonly string[]): Promise<WorkerEnd> {
  const cli = fileURLToPath(new URL("../cli.js", import.meta.url));
  // a group of its own: a terminal's Ctrl-C reaches only the supervisor, which counts and forwards it
  const child = spawn(process.execPath, [cli, "worker", ...workerArguments], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    detached: true,
  });
  const pipe = child.stdio[supervisorPipe];
  let asked = 0;
  const onSignal = () => {
    asked++;
    if (pipe instanceof Writable && pipe.writable) pipe.write(asked === 1 ? "finish\n" : "now\n");
    if (asked > 2) child.kill("SIGKILL");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return new Promise((done, fail) => {
    const settle = () => {
      for (const signal of signals) process.off(signal, onSignal);
    };
    child.once("error", (error) => {
      settle();
      fail(error);
    });
    child.once("close", (code, signal) => {
      settle();
      done({ code: code ?? 1, signal, stopped: asked > 0 });
    });
  });
}
