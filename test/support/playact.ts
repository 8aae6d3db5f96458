// Playact as a user starts it: the built command line in its own process. Its output goes to files, not pipes: a worker that
// outlives its supervisor would keep a pipe open, and the test would wait for it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Ended {
  /** Exit code, or null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ended>;
}

/** Starts `playact …words`; its output files are in `folder`, which the caller removes. */
export function startPlayact(
  cli: string,
  words: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Started {
  const place = mkdtempSync(join(folder, "output-"));
  const [out, err] = [join(place, "stdout"), join(place, "stderr")];
  const files = [openSync(out, "w"), openSync(err, "w")] as const;
  const child = spawn(process.execPath, [cli, ...words], {
    stdio: ["ignore", ...files],
    env: { ...process.env, NO_COLOR: "1", ...environment },
  });
  for (const file of files) closeSync(file);
  const stdout = () => readFileSync(out, "utf8");
  const stderr = () => readFileSync(err, "utf8");
  const ended = once(child, "exit").then(([code]) => ({ code: code as number | null, stdout: stdout(), stderr: stderr() }));
  return { child, pid: child.pid ?? 0, stdout, stderr, ended };
}
