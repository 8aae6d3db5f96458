// `playact worker` (hidden): one run in one process with the engine, the store's writer and the learner's child process. It ends
// at once when its supervisor is gone, so that no leftover process writes at the same time as a resumed run.
import { setMaxListeners } from "node:events";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Command } from "commander";
import { describe, PlayactError, Stopped } from "../errors.ts";
import { freeOfCard } from "../llm/engine/nvidia.ts";
import { noCounters } from "../llm/llm.ts";
import { commandLine } from "../models/installation.ts";
import { type Committing, commit } from "../run/commit.ts";
import { gpuPresetsFor } from "../run/gpu-presets.ts";
import { thisMachine } from "../run/machine.ts";
import { openSession } from "../run/open.ts";
import { commandFor, ensureWritable, resolveHome, runFolder, storePath } from "../store/home.ts";
import { acquireLease, heartbeat, releaseLease, type Writer } from "../store/lease.ts";
import type { RunRow } from "../store/run-row.ts";
import { findRun, setRunStatus } from "../store/runs.ts";
import { lastClosedStep } from "../store/steps.ts";
import { openStore, type Store } from "../store/store.ts";
import { train } from "../train.ts";
import { interruptedCode, report } from "./exit.ts";
import { eraseLine, toStderr, toStdout } from "./output.ts";
import { openProgress } from "./progress.ts";
import { printSummary } from "./summary.ts";
import { endWithParent, supervisorPipe } from "./supervise.ts";

/** A dead holder's lease is free at once; a process that is ending gets this long. */
const leasePatienceMs = 15_000;
/** One try for the store's lock. The engine is blocked during a try, so the waiting is done between tries (commit.ts). */
const busySeconds = 0.1;

export function workerCommand(): Command {
  return new Command("worker")
    .requiredOption("--home <folder>")
    .requiredOption("--run <name>")
    .requiredOption("--token <token>", "token of the lease; the supervisor releases the lease with it when this process is gone")
    .option("--json")
    .action(async (options: Options) => {
      endWithParent();
      const asked = listen();
      const home = resolveHome(options.home);
      using store = openStore(storePath(home), { busySeconds });
      const run = findRun(store, options.run);
      const writer = await takeLease(store, run, options.token);
      const beat = setInterval(() => heartbeat(writer), 5_000);
      try {
        process.exitCode = await work(writer, runFolder(home, run.name), options.json ?? false, asked);
      } finally {
        clearInterval(beat);
        lastWord(() => releaseLease(writer));
      }
    });
}

interface Options {
  readonly home: string;
  readonly run: string;
  readonly token: string;
  readonly json?: boolean;
}

async function work(writer: Writer, folder: string, json: boolean, asked: Asked): Promise<number> {
  let counters = () => ({ policy: noCounters, simulator: noCounters });
  const progress = openProgress({
    json,
    terminal: process.stderr.isTTY,
    counters: () => counters(),
    out: toStdout,
    err: toStderr,
    erase: eraseLine,
  });
  const resume = commandFor(writer.store, `train --resume ${writer.run.name}`);
  const run: Committing = { writer, progress: progress.show, signal: asked.now.signal };
  try {
    ensureWritable(folder);
    await commit(run, () => setRunStatus(writer, "running"));
    await tellLarger(writer);
    await using opened = await openSession(writer, folder, {
      progress: progress.show,
      pause: () => {
        if (asked.finish) throw new Stopped();
      },
      signal: asked.now.signal,
    });
    counters = () => opened.session.engine.counters();
    await train(opened.session);
    progress.end();
    await commit(run, () => setRunStatus(writer, "finished"));
    await printSummary(writer, toStderr);
    return 0;
  } catch (error) {
    progress.end();
    if (error instanceof Stopped) {
      await commit(run, () => setRunStatus(writer, "interrupted"));
      toStderr(`playact: stopped; everything finished is kept. Resume with: ${resume}\n`);
      return interruptedCode;
    }
    if (asked.now.signal.aborted) {
      lastWord(() => setRunStatus(writer, "interrupted"));
      toStderr(`playact: stopped at once. Resume with: ${resume}\n`);
      return interruptedCode;
    }
    const code = report(error, toStderr);
    lastWord(() => setRunStatus(writer, "failed", describe(error)));
    return code;
  }
}

/**
 * A laptop's preset on a machine with a GPU, at its first start: which preset would start here. Said in this process, which alone sees
 * where the engine computes, and before the models take their memory.
 */
async function tellLarger({ store, run }: Writer): Promise<void> {
  const small = run.preset === "laptop" || run.preset === "evening";
  if (!small || lastClosedStep(store, run) !== null || (await freeOfCard()) === null) return;
  const [largest] = gpuPresetsFor(await thisMachine(run.config));
  if (largest !== undefined)
    toStderr(`playact: this machine's GPU has room for larger models: ${commandLine(`train --preset ${largest}`)}\n`);
}

/** A last write before the process ends; if the store refuses it, the reason for the end has already been printed. */
function lastWord(say: () => void): void {
  try {
    say();
  } catch (error) {
    toStderr(`playact: ${describe(error)}\n`);
  }
}

interface Asked {
  finish: boolean;
  readonly now: AbortController;
}

/** Listens to the supervisor: "finish", "now", or the end of the pipe, which means that the supervisor is gone. */
function listen(): Asked {
  const asked: Asked = { finish: false, now: new AbortController() };
  setMaxListeners(0, asked.now.signal); // every wait of every episode adds a listener
  const finish = () => {
    if (asked.finish) return;
    asked.finish = true;
    toStderr("\nplayact: finishing the episodes in progress; press Ctrl-C again to stop now.\n");
  };
  // service managers may send it to this process as well as to the supervisor: it means the same, and is not a crash
  process.on("SIGTERM", finish);
  const pipe = new Socket({ fd: supervisorPipe }).setEncoding("utf8").unref();
  const orphaned = () => process.kill(process.pid, "SIGKILL"); // no clean-up: a resumed run may already be writing
  pipe.on("end", orphaned);
  pipe.on("error", orphaned);
  pipe.on("data", (chunk) => {
    const text = String(chunk);
    if (text.includes("finish")) finish();
    if (text.includes("now")) asked.now.abort();
  });
  return asked;
}

async function takeLease(store: Store, run: RunRow, token: string): Promise<Writer> {
  const until = Date.now() + leasePatienceMs;
  for (;;) {
    try {
      return acquireLease(store, run, { pid: process.pid, token });
    } catch (error) {
      if (!(error instanceof PlayactError) || Date.now() > until) throw error;
      await wait(250);
    }
  }
}
