// The supervisor: starts the worker, forwards Ctrl-C as messages, and restarts the worker by resuming after a crash in native
// code (a CUDA out-of-memory error aborts the process and cannot be caught), at most three times an hour. It loads no native
// model code itself. The worker has the other end of an inherited pipe and ends when it closes. It takes the run's lease with a
// token from here, so that the lease can be released at once when the worker is gone: only its parent knows that for certain.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { commandFor, storePath } from "../store/home.ts";
import { releaseLease } from "../store/lease.ts";
import { openStore } from "../store/store.ts";
import { interruptedCode } from "./exit.ts";
import { nativeEnvironment } from "./native-environment.ts";
import { toStderr } from "./output.ts";

/** File descriptor of the pipe between supervisor and worker, in the worker. */
export const supervisorPipe = 3;

const restartsAnHour = 3;

// node runs the built file
const commandLineFile = fileURLToPath(new URL("../cli.js", import.meta.url));

/** Runs `playact worker …` for a run in `home` to its end and returns the exit code. `program` is the command line's file. */
export async function supervise(
  home: string,
  { run, options = [] }: { readonly run: string; readonly options?: readonly string[] },
  program: string = commandLineFile,
): Promise<number> {
  const crashes: number[] = [];
  for (;;) {
    const token = randomUUID();
    const end = await runWorker([program, "worker", "--home", home, "--token", token, "--run", run, ...options]);
    freeLease(home, token);
    if (end.signal === null) return end.code;
    if (end.stopped || end.signal === "SIGTERM") return interruptedCode; // native code never ends a process by SIGTERM
    const now = Date.now();
    crashes.push(now);
    const recent = crashes.filter((at) => now - at < 3_600_000).length;
    if (recent > restartsAnHour) {
      toStderr(
        `playact: the worker was ended by ${end.signal} ${recent} times within an hour; giving up. When the cause is found (memory?), resume with: ${commandFor({ path: storePath(home) }, `train --resume ${run}`)}\n`,
      );
      return 1;
    }
    toStderr(
      `playact: the worker was ended by ${end.signal}; resuming from the last finished episode (restart ${recent} of ${restartsAnHour}).\n`,
    );
  }
}

interface WorkerEnd {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  /** The user had asked it to stop. */
  readonly stopped: boolean;
}

/** Releases the lease of a worker that is gone, unless the worker has released it itself. */
function freeLease(home: string, token: string): void {
  try {
    using store = openStore(storePath(home));
    releaseLease({ store, token });
  } catch {
    // a store that is busy or full: the next writer checks the holder itself
  }
}

/** Of a second SIGINT that is the same Ctrl-C. */
const momentMs = 300;

function runWorker(command: readonly string[]): Promise<WorkerEnd> {
  // a group of its own: a terminal's Ctrl-C reaches only the supervisor, which counts and forwards it
  const child = spawn(process.execPath, command, {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    env: nativeEnvironment(),
    detached: true,
  });
  const pipe = child.stdio[supervisorPipe];
  pipe?.on("error", () => undefined); // a worker that dies with words of ours unread resets the pipe: "close" says that it is gone
  let asked = 0;
  let last = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: NodeJS.Signals) => {
    // a terminal's Ctrl-C reaches npx as well, and npm passes it on: twice within moments is once (npm/cli#8164)
    if (signal === "SIGINT" && performance.now() - last < momentMs) return;
    last = performance.now();
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

/**
 * Ends this process, the worker, when its supervisor is gone, even if its main thread is busy: a separate thread checks. The end
 * of the pipe shows the same sooner, but only while the event loop runs.
 */
export function endWithParent(): void {
  new Worker(watch, { eval: true, workerData: process.ppid }).unref();
}

const watch = `
const { workerData: parent } = require("node:worker_threads");
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}, 500);
`;
