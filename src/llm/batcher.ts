// Continuous lockstep batching of one context: each tick decodes one token of every live sequence and fills the rest of
// the batch with prompt chunks; a finished sequence's slot is taken at once by the queue. It knows slots, rows and
// deadlines, not what is sampled from a row (that is `Work`). A native error fails the requests of its batch only.
import type { NativeContext } from "./addon.ts";
import { type EngineCounters, EngineError } from "./llm.ts";
import { planSlot } from "./prefix.ts";
import type { Turns } from "./turns.ts";

/** One request: which ids to compute and what to do with their logits. */
export interface Work<T> {
  /** Names the request in errors, e.g. "policy sample". */
  readonly label: string;
  /** The prompt; never empty. */
  readonly ids: readonly number[];
  /** `last`: logits of the newest id only. `all`: of every id (nothing is taken over from a cache then). */
  readonly rows: "last" | "all";
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with the batch rows of the wanted logits, `first` being the position of rows[0]. Returns the next id, or null when done. */
  advance(rows: readonly number[], first: number): Promise<number | null>;
  result(): T;
  /** Frees what `advance` needs; called once, never while `advance` runs. */
  dispose(): void;
}

export interface Batcher {
  run<T>(work: Work<T>): Promise<T>;
  /** Resolves when no request is queued or running. */
  drained(): Promise<void>;
  /** Forgets every computed cell (after an adapter swap). Only when drained. */
  clear(): void;
  counters(): EngineCounters;
  /** Fails what is queued or running with EngineError("closed") and waits for the tick under way. */
  close(): Promise<void>;
}

export interface BatcherOptions {
  readonly context: NativeContext;
  readonly sequences: number;
  /** Most ids of one batch. */
  readonly batchTokens: number;
  readonly turns: Turns;
}

/** Rows of full-vocabulary logits wanted from one tick: at 151,936 x 4 bytes each they are not free. */
const mostRows = 64;
/** setTimeout treats longer delays as none. */
const longestDelay = 2 ** 31 - 1;

/** A request inside the batcher. */
interface Job {
  readonly work: Work<unknown>;
  /** Prompt, then the ids that were sampled. */
  readonly ids: number[];
  waitingFor: string;
  /** True once the caller has its answer; the slot is freed at the next tick. */
  settled: boolean;
  readonly settle: (outcome: { value: unknown } | { error: unknown }) => void;
}

interface Slot {
  /** Ids whose cells are computed. */
  cells: number[];
  job: Job | null;
  lastUsed: number;
}

/** Part of a batch: the ids of one slot and the rows asked for. */
interface Chunk {
  readonly slot: Slot;
  readonly job: Job;
  readonly ids: readonly number[];
  readonly first: number;
  readonly wanted: readonly number[];
  rows: readonly number[];
}

export function createBatcher(options: BatcherOptions): Batcher {
  const { context, batchTokens, turns } = options;
  const slots: Slot[] = Array.from({ length: options.sequences }, () => ({ cells: [], job: null, lastUsed: 0 }));
  const queue: Job[] = [];
  const total = { prefilled: 0, decoded: 0, reused: 0, seconds: 0 };
  let uses = 0;
  let closed = false;
  let loop: Promise<void> | null = null;

  function run<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const refusal = refused(work, closed);
      if (refusal !== null) {
        work.dispose();
        throw refusal;
      }
      const timer = setTimeout(() => job.settle({ error: late(job) }), Math.min(work.deadlineMs, longestDelay));
      const abort = () => job.settle({ error: cancelled(work) });
      const job: Job = {
        work,
        ids: [...work.ids],
        waitingFor: "a turn",
        settled: false,
        settle(outcome) {
          if (job.settled) return;
          job.settled = true;
          clearTimeout(timer);
          work.signal?.removeEventListener("abort", abort);
          if ("error" in outcome) reject(outcome.error);
          // `work` is a Work<T>: its result is what was passed in here
          else resolve(outcome.value as T);
        },
      };
      work.signal?.addEventListener("abort", abort, { once: true });
      queue.push(job);
      loop ??= tickWhileBusy();
    });
  }

  async function tickWhileBusy(): Promise<void> {
    // requests that arrive together (a group's samples) are seen together
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0 || slots.some((slot) => slot.job !== null)) {
      try {
        await turns.take(tick);
      } catch (thrown) {
        // nothing in a tick should get here; a request must not wait for ever if something does
        for (const job of jobs()) job.settle({ error: native(job.work.label, thrown) });
      }
    }
    loop = null;
  }

  const jobs = (): Job[] => [...queue, ...slots.flatMap((slot) => slot.job ?? [])];

  async function tick(): Promise<void> {
    const started = performance.now();
    release();
    await admit();
    const chunks = assemble();
    if (chunks.length > 0) {
      const computed = await compute(chunks);
      if (computed) await Promise.all(chunks.map(advance));
    }
    release();
    total.seconds += (performance.now() - started) / 1000;
  }

  /** Frees what is settled: finished, failed, cancelled or late. */
  function release(): void {
    for (const slot of slots) {
      if (slot.job === null || !slot.job.settled) continue;
      slot.job.work.dispose();
      slot.job = null;
    }
    for (let at = queue.length - 1; at >= 0; at--) {
      if (!queue[at]?.settled) continue;
      for (const job of queue.splice(at, 1)) job.work.dispose();
    }
  }

  /** Gives free slots to the queue, oldest request first; one that waits for a prefix lets later ones pass. */
  async function admit(): Promise<void> {
    for (const job of [...queue]) {
      if (job.settled) continue;
      if (await place(job)) queue.splice(queue.indexOf(job), 1);
    }
  }

  async function place(job: Job): Promise<boolean> {
    const plan =
      job.work.rows === "all"
        ? planSlot(
            slots.map(({ job, lastUsed }) => ({ cells: [], promised: job && [], lastUsed })),
            job.ids,
          )
        : planSlot(
            slots.map(({ cells, job, lastUsed }) => ({ cells, promised: job && promised(job), lastUsed })),
            job.ids,
          );
    if (plan.kind !== "take") {
      job.waitingFor = plan.kind === "busy" ? "a free sequence" : "a prefix that another request computes";
      return false;
    }
    const slot = slots[plan.slot];
    if (slot === undefined) throw new RangeError("the plan names no slot");
    try {
      slot.cells = await reuse(plan.slot, plan.from, plan.keep);
    } catch (thrown) {
      // what is in the target now is unknown; the source was only read
      forget(slot);
      job.settle({ error: native(job.work.label, thrown) });
      return false;
    }
    total.reused += slot.cells.length;
    slot.job = job;
    slot.lastUsed = ++uses;
    return true;
  }

  /** Makes the first `keep` cells of `from` the content of `target`; returns the cells that are then right. */
  async function reuse(target: number, from: number, keep: number): Promise<number[]> {
    const cells = slots[from]?.cells.slice(0, keep) ?? [];
    if (target !== from) await context.copySequenceStateFromOtherSequence(target, from);
    if (keep > 0 && context.removeTokenCellsFromSequence(target, keep, -1)) return cells;
    context.disposeSequence(target);
    return [];
  }

  /** Fills a batch: every sampling sequence first, then prompts in the order of admission. */
  function assemble(): Chunk[] {
    const live = slots.flatMap((slot) => (slot.job === null || slot.job.settled ? [] : [{ slot, job: slot.job }]));
    const pending = ({ slot, job }: (typeof live)[number]) => job.ids.length - slot.cells.length;
    live.sort((one, other) => Number(pending(one) > 1) - Number(pending(other) > 1) || one.slot.lastUsed - other.slot.lastUsed);
    let room = batchTokens;
    let rowsLeft = mostRows;
    const chunks: Chunk[] = [];
    for (const { slot, job } of live) {
      const every = job.work.rows === "all";
      const size = Math.min(pending({ slot, job }), room, every ? rowsLeft : room);
      if (size === 0) continue;
      const first = slot.cells.length;
      const ids = job.ids.slice(first, first + size);
      const last = first + size === job.ids.length;
      const wanted = every ? ids.map((_, at) => at) : last ? [size - 1] : [];
      job.waitingFor = waiting(job, first);
      chunks.push({ slot, job, ids, first, wanted, rows: [] });
      room -= size;
      if (every) rowsLeft -= size;
    }
    return chunks;
  }

  /** One native decode. On failure every request of the batch fails and its cells are forgotten. */
  async function compute(chunks: readonly Chunk[]): Promise<boolean> {
    try {
      context.initBatch(chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0));
      for (const chunk of chunks) {
        const rows = context.addToBatch(
          slots.indexOf(chunk.slot),
          chunk.first,
          Uint32Array.from(chunk.ids),
          Uint32Array.from(chunk.wanted),
        );
        chunk.rows = Array.from(rows);
      }
      await context.decodeBatch();
    } catch (thrown) {
      for (const { slot, job } of chunks) {
        forget(slot);
        job.settle({ error: native(job.work.label, thrown) });
      }
      return false;
    }
    for (const { slot, job, ids, first } of chunks) {
      slot.cells.push(...ids);
      const prompt = Math.max(0, Math.min(ids.length, job.work.ids.length - first));
      total.prefilled += prompt;
      total.decoded += ids.length - prompt;
    }
    return true;
  }

  async function advance({ job, first, wanted, rows }: Chunk): Promise<void> {
    if (rows.length === 0 || job.settled) return;
    try {
      const next = await job.work.advance(rows, first + (wanted[0] ?? 0));
      if (next !== null) job.ids.push(next);
      else if (first + (wanted.at(-1) ?? 0) === job.ids.length - 1) job.settle({ value: job.work.result() });
    } catch (thrown) {
      job.settle({ error: thrown instanceof EngineError ? thrown : native(job.work.label, thrown) });
    }
  }

  function forget(slot: Slot): void {
    slot.cells = [];
    try {
      context.disposeSequence(slots.indexOf(slot));
    } catch {
      // the context itself is gone: the next request's decode says so
    }
  }

  return {
    run,
    async drained() {
      while (loop !== null) await loop;
    },
    clear: () => {
      for (const slot of slots) forget(slot);
    },
    counters: () => ({ ...total }),
    async close() {
      closed = true;
      for (const job of jobs()) job.settle({ error: new EngineError("closed", `${job.work.label}: the engine was closed`) });
      while (loop !== null) await loop;
    },
  };
}

/** Why a request is not even queued. */
function refused(work: Work<unknown>, closed: boolean): Error | null {
  if (work.ids.length === 0) return new RangeError(`${work.label}: no ids to compute`);
  if (closed) return new EngineError("closed", `${work.label}: the engine is closed`);
  return work.signal?.aborted ? cancelled(work) : null;
}

/** What a running request will have computed soon; nothing where another could not take it over anyway. */
function promised(job: Job): readonly number[] {
  return job.settled ? [] : job.work.ids;
}

function waiting(job: Job, computed: number): string {
  const prompt = job.work.ids.length;
  return computed < prompt
    ? `its prompt (${computed} of ${prompt} ids computed)`
    : `its next id (${job.ids.length - prompt} sampled)`;
}

function late(job: Job): EngineError {
  const { label, ids, deadlineMs } = job.work;
  return new EngineError(
    "deadline",
    `${label} (${ids.length} ids) gave up after ${deadlineMs} ms: it waited for ${job.waitingFor}`,
  );
}

function cancelled(work: Work<unknown>): EngineError {
  return new EngineError("cancelled", `${work.label} was cancelled`, { cause: work.signal?.reason });
}

function native(label: string, thrown: unknown): EngineError {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new EngineError("native", `${label}: llama.cpp failed: ${said}`, { cause: thrown });
}
