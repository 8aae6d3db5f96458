// The system's running processes: tests that kill one check what happens to the others.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** One letter of ps(1): Z is a zombie, which has ended. */
  readonly state: string;
}

/** Ids of a process's running children. */
export function childrenOf(parent: number): number[] {
  return running()
    .filter((process) => process.parent === parent)
    .map((process) => process.pid);
}

export function isRunning(pid: number): boolean {
  return running().some((process) => process.pid === pid);
}

/** Waits until `found` returns something (neither 0 nor ""), polling every 20 ms; otherwise the test's time limit ends the wait. */
export async function until<T>(found: () => T | null | undefined | false): Promise<T> {
  for (;;) {
    const value = found();
    if (value) return value; // a file that is there may still be empty
    await wait(20);
  }
}

function running(): Process[] {
  const all = process.platform === "linux" ? fromProc() : fromPs();
  return all.filter(({ state }) => state !== "Z" && state !== "X");
}

function fromProc(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before it may contain spaces
      return [{ pid: Number(name), parent: Number(parent), state }];
    } catch {
      return []; // it has just ended
    }
  });
}

function fromPs(): Process[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => {
    const [pid, parent, state = ""] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), state: state.slice(0, 1) };
  });
}
