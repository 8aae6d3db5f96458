// One writer per run. The holder of the lease gets a Writer, and every write of the run checks the Writer's token in the same
// transaction, so that a left-over process that wakes up late writes nothing (fencing).
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, platform } from "node:os";
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import type { RunRow } from "./run-row.ts";
import { type Store, transact } from "./store.ts";

/** The right to write one run. Only `acquireLease` creates one. */
export interface Writer {
  readonly store: Store;
  readonly run: RunRow;
  readonly token: string;
}

export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly processStart: string | null;
  readonly heartbeatAt: string;
}

/** A holder that cannot be looked up (other host, no /proc) counts as alive for this long after a heartbeat. */
const heartbeatSeconds = 30;

/**
 * Takes the lease of a run: takes over a dead holder's, renews one with the same token. `token` must be unique to the caller
 * (crypto.randomUUID()). Throws PlayactError("store") naming a live holder.
 */
export function acquireLease(store: Store, run: RunRow, owner: { readonly pid: number; readonly token: string }): Writer {
  transact(store, (database) => {
    const holder = readLease(database, run.id);
    if (holder !== null && holder.token !== owner.token && isAlive(holder)) {
      throw new PlayactError(
        "store",
        `Run ${run.name} is being written by process ${holder.pid} on ${holder.host} (last heartbeat ${holder.heartbeatAt}). Stop that process first; if it is gone, repeat the command in ${heartbeatSeconds} seconds.`,
      );
    }
    database
      .prepare("INSERT OR REPLACE INTO lease (run, token, pid, host, process_start, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?)")
      .run(run.id, owner.token, owner.pid, hostname(), processStart(owner.pid), new Date().toISOString());
  });
  return { store, run, token: owner.token };
}

/**
 * Renews the heartbeat of the lease and ignores errors: it is called by a timer, and the next commit meets the same error (a
 * busy store, a full disk, a lost lease) and handles it.
 */
export function heartbeat(writer: Writer): void {
  try {
    write(writer, (database) => {
      database.prepare("UPDATE lease SET heartbeat_at = ? WHERE run = ?").run(new Date().toISOString(), writer.run.id);
    });
  } catch {
    // see above
  }
}

/** Releases the lease; does nothing if it is no longer held with this token. */
export function releaseLease({ store, token }: Pick<Writer, "store" | "token">): void {
  transact(store, (database) => {
    database.prepare("DELETE FROM lease WHERE token = ?").run(token);
  });
}

/** Throws PlayactError("store") if the lease is not the writer's. Called before a file of the run is moved or removed. */
export function assertWriting({ store, run, token }: Writer): void {
  const holder = readLease(store.database, run.id);
  if (holder?.token === token) return;
  const now = holder === null ? "no process does" : `process ${holder.pid} on ${holder.host} does now`;
  throw new PlayactError(
    "store",
    `This process no longer writes run ${run.name} (${now}). Nothing was written; end this process.`,
  );
}

/** The live process that writes the run, or null. */
export function liveHolder(store: Store, run: Pick<RunRow, "id">): Holder | null {
  const holder = readLease(store.database, run.id);
  return holder !== null && isAlive(holder) ? holder : null;
}

/** One transaction of a run's writer. Throws PlayactError("store") and writes nothing if the lease is not the writer's. */
export function write<T>(writer: Writer, work: (database: Database) => T, durable = false): T {
  return transact(
    writer.store,
    (database) => {
      assertWriting(writer);
      return work(database);
    },
    durable,
  );
}

function readLease(database: Database, run: number): (Holder & { readonly token: string }) | null {
  const columns = "token, pid, host, process_start AS processStart, heartbeat_at AS heartbeatAt";
  const row = database.prepare<[number], Holder & { token: string }>(`SELECT ${columns} FROM lease WHERE run = ?`).get(run);
  return row ?? null;
}

function isAlive(holder: Holder): boolean {
  if (holder.host === hostname() && holder.processStart !== null) {
    const now = processStart(holder.pid);
    if (now === holder.processStart) return true;
    const [boot, space] = placeOf(holder.processStart);
    const [ourBoot, ourSpace] = placeOf(processStart(process.pid) ?? "");
    // pids of another pid namespace (a container with the same host name) cannot be looked up here
    if (boot !== ourBoot || space === ourSpace) return false;
  }
  const age = Date.now() - Date.parse(holder.heartbeatAt);
  return Math.abs(age) < heartbeatSeconds * 1000; // after a clock jump backwards a dead holder must not count as alive for hours
}

/** Boot and pid namespace of a process start. */
function placeOf(processStart: string): readonly [string | undefined, string | undefined] {
  const [boot, space] = processStart.split(":");
  return [boot, space];
}

/**
 * Distinguishes a process from a later one with the same pid: boot id, pid namespace and start time in clock ticks
 * (proc_pid_stat(5), field 22). Null for a process that has ended or is a zombie, and on systems without /proc.
 */
export function processStart(pid: number): string | null {
  if (platform() !== "linux") return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // the command in parentheses may contain blanks and parentheses; the fields after it start with the state (field 3)
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const space = readlinkSync("/proc/self/ns/pid").replace(/\D/g, ""); // pid:[4026531836]
    return `${boot}:${space}:${fields[19]}`;
  } catch {
    return null; // no such process
  }
}
