// One writer a run. A lease names its holder; whoever holds it gets a Writer, and every write of the run checks the
// Writer's token in its own transaction, so a left-over process that wakes up late writes nothing (fencing).
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, platform } from "node:os";
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import type { RunRow } from "./run-row.ts";
import { type Store, transact } from "./store.ts";

/** The right to write one run. Only `acquireLease` makes one. */
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

/** Where a holder cannot be looked up (other host, no /proc), it counts as alive for so long after a heartbeat. */
const heartbeatSeconds = 30;

/**
 * Takes the lease of a run; a dead holder's is taken over, the own one renewed. `token` must be unique to the caller
 * (crypto.randomUUID()). Throws PlayactError("store") naming a holder that is alive.
 */
export function acquireLease(store: Store, run: RunRow, owner: { readonly pid: number; readonly token: string }): Writer {
  transact(store, (database) => {
    const holder = readLease(database, run.id);
    if (holder !== null && holder.token !== owner.token && isAlive(holder)) {
      throw new PlayactError(
        "store",
        `Run ${run.name} is being written by process ${holder.pid} on ${holder.host} (last sign of life ${holder.heartbeatAt}). Stop that process first, or start another run.`,
      );
    }
    database
      .prepare("INSERT OR REPLACE INTO lease (run, token, pid, host, process_start, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?)")
      .run(run.id, owner.token, owner.pid, hostname(), processStart(owner.pid), new Date().toISOString());
  });
  return { store, run, token: owner.token };
}

/**
 * Says that the writer lives, or says nothing: it is called by a timer, and whatever is in its way (a busy store, a full
 * disk, a lost lease) the next commit meets too, which waits for it or tells it.
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

/** Gives the lease back; does nothing when it is no longer held with this token. */
export function releaseLease({ store, token }: Pick<Writer, "store" | "token">): void {
  transact(store, (database) => {
    database.prepare("DELETE FROM lease WHERE token = ?").run(token);
  });
}

/** Throws PlayactError("store") when the lease is not the writer's: to be asked before a file of the run is moved or removed. */
export function assertWriting({ store, run, token }: Writer): void {
  const holder = readLease(store.database, run.id);
  if (holder?.token === token) return;
  const now = holder === null ? "nobody holds it now" : `process ${holder.pid} on ${holder.host} holds it now`;
  throw new PlayactError("store", `This process no longer writes run ${run.name} (${now}). Nothing was written; end it.`);
}

/** The process that is writing the run now, or null: none, or one that died. */
export function liveHolder(store: Store, run: Pick<RunRow, "id">): Holder | null {
  const holder = readLease(store.database, run.id);
  return holder !== null && isAlive(holder) ? holder : null;
}

/** One transaction of a run's writer. Throws PlayactError("store") and writes nothing when the lease is not the writer's. */
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
    // ids of another pid namespace (a container under the same host name) cannot be looked up from here
    if (boot !== ourBoot || space === ourSpace) return false;
  }
  const age = Date.now() - Date.parse(holder.heartbeatAt);
  return Math.abs(age) < heartbeatSeconds * 1000; // a clock that jumped back must not keep a dead holder for hours
}

/** Boot and pid namespace of a process start. */
function placeOf(processStart: string): readonly [string | undefined, string | undefined] {
  const [boot, space] = processStart.split(":");
  return [boot, space];
}

/**
 * What tells a process from a later one with the same pid: boot id, pid namespace and start time in clock ticks
 * (proc_pid_stat(5), field 22). Null for a process that is gone or a zombie, and where there is no /proc.
 */
export function processStart(pid: number): string | null {
  if (platform() !== "linux") return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // the command in parentheses may itself hold blanks and parentheses; fields after it start with the state (3)
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const space = readlinkSync("/proc/self/ns/pid").replace(/\D/g, ""); // pid:[4026531836]
    return `${boot}:${space}:${fields[19]}`;
  } catch {
    return null; // no such process
  }
}
