// Continuous lockstep batching of one context: each tick decodes one token of every live sequence and fills the rest of the
// batch with prompt chunks; a queued request takes a finished sequence's slot at once. The rows of a tick are sampled in
// parallel, and in parallel with the other context's decode. It handles slots and rows, not what is sampled or deadlines
// (work.ts). A native error fails only the requests of its batch.

import { type EngineCounters, EngineError } from "../llm.ts";
import type { NativeContext } from "./addon.ts";
import { awake } from "./awake.ts";
import type { Lock } from "./lock.ts";
import { gapsToClose } from "./passes.ts";
import { continues, planSlot } from "./prefix.ts";
import { type Job, named, nativeError, openJob, type Work, waitingFor } from "./work.ts";

export interface Batcher {
  run<T>(work: Work<T>): Promise<T>;
  /** Resolves when no request is queued or running. */
  drained(): Promise<void>;
  /** Drops every cached cell (after an adapter swap). Only when drained. */
  clear(): void;
  counters(): EngineCounters;
  /** Fails queued and running requests with EngineError("closed") and waits for the current tick. */
  close(): Promise<void>;
}

export interface BatcherOptions {
  readonly context: NativeContext;
  readonly sequences: number;
  /** Most ids of one batch. */
  readonly batchTokens: number;
  readonly lock: Lock;
  /** Reuses what an earlier request has computed; without it every request computes all of its ids. */
  readonly reuse: boolean;
}

/** Most rows of full-vocabulary logits per tick: each takes 151,936 x 4 bytes. */
const mostRows = 64;

interface Slot {
  /** Ids whose cells are computed. */
  cells: number[];
  job: Job | null;
  lastUsed: number;
}

/** Part of a batch: ids of one slot and the rows whose logits are needed. */
interface Chunk {
  readonly slot: Slot;
  readonly job: Job;
  readonly ids: readonly number[];
  readonly first: number;
  readonly wanted: readonly number[];
  rows: readonly number[];
}

/** A part without a request. */
interface Filler extends Pick<Chunk, "slot" | "ids" | "first" | "wanted"> {}

export function createBatcher(options: BatcherOptions): Batcher {
  const { context, batchTokens, lock } = options;
  const cellsEach = Math.floor(context.getContextSize() / options.sequences);
  const slots: Slot[] = Array.from({ length: options.sequences }, () => ({ cells: [], job: null, lastUsed: 0 }));
  const queue: Job[] = [];
  const total = { prefilled: 0, decoded: 0, reused: 0, seconds: 0 };
  let uses = 0;
  let alive = awake();
  let closed = false;
  let loop: Promise<void> | null = null;

  function run<T>(work: Work<T>): Promise<T> {
    const { job, outcome } = openJob(work, closed, () => alive);
    if (job !== null) {
      queue.push(job);
      loop ??= tickWhileBusy();
    }
    return outcome;
  }

  async function tickWhileBusy(): Promise<void> {
    // lets requests that arrive together (a group's samples) be planned together
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0 || slots.some((slot) => slot.job !== null)) {
      try {
        await tick();
      } catch (thrown) {
        // no exception should reach this place; if one does, requests must not wait forever
        for (const job of jobs()) job.settle({ error: nativeError(job, thrown) });
      }
    }
    loop = null;
  }

  const jobs = (): Job[] => [...queue, ...slots.flatMap((slot) => slot.job ?? [])];

  async function tick(): Promise<void> {
    let started = 0;
    const chunks = await lock.take(async () => {
      started = performance.now();
      release();
      await admit();
      const assembled = assemble();
      return assembled.length > 0 && (await compute(assembled)) ? assembled : [];
    });
    await Promise.all(chunks.map(advance));
    release();
    total.seconds += (performance.now() - started) / 1000;
  }

  /** Frees the slots of settled requests: finished, failed, cancelled or late. */
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

  /**
   * Gives free slots to the queue: first to requests that continue an idle slot (the next turn of an episode, before another
   * takes its cells), then oldest first; a request that waits for a prefix lets later ones pass.
   */
  async function admit(): Promise<void> {
    const goesOn = (job: Job) => slots.some((slot) => slot.job === null && continues(slot.cells, job.ids));
    const [first, rest] = [queue.filter(goesOn), queue.filter((job) => !goesOn(job))];
    for (const job of [...first, ...rest]) {
      if (slots.every((slot) => slot.job !== null)) return;
      if (job.settled) continue;
      if (await place(job)) queue.splice(queue.indexOf(job), 1);
    }
  }

  async function place(job: Job): Promise<boolean> {
    const known = options.reuse && job.work.rows === "last";
    const plan = planSlot(
      slots.map(({ cells, job, lastUsed }) => ({
        cells: known ? cells : [],
        promised: job && (known ? promised(job) : []),
        lastUsed,
      })),
      job.ids,
    );
    if (plan.kind !== "take") {
      job.waitingFor = plan.kind === "busy" ? "a free sequence" : "a prefix that another request is computing";
      return false;
    }
    const slot = slots[plan.slot];
    if (slot === undefined) throw new RangeError("the plan has no slot");
    job.sequence = plan.slot;
    job.admitted = awake();
    try {
      slot.cells = await reuse(plan.slot, plan.from, plan.keep);
    } catch (thrown) {
      // the target's content is unknown now; the source was only read
      forget(slot);
      job.settle({ error: nativeError(job, thrown) });
      return false;
    }
    total.reused += slot.cells.length;
    slot.job = job;
    slot.lastUsed = ++uses;
    return true;
  }

  /** Makes the first `keep` cells of `from` the content of `target`; returns how many cells are then valid. */
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
      const first = slot.cells.length;
      const { rows } = job.work;
      const size = Math.min(pending({ slot, job }), room, rows === "last" ? room : Math.max(0, rows - first) + rowsLeft);
      if (size === 0) continue;
      const ids = job.ids.slice(first, first + size);
      const last = first + size === job.ids.length;
      const wanted = rows === "last" ? (last ? [size - 1] : []) : ids.flatMap((_, at) => (first + at >= rows ? [at] : []));
      job.waitingFor = waitingFor(job, first);
      chunks.push({ slot, job, ids, first, wanted, rows: [] });
      room -= size;
      if (rows !== "last") rowsLeft -= wanted.length;
    }
    return chunks;
  }

  /** One native decode. On failure every request of the batch fails and its cells are dropped. */
  async function compute(chunks: readonly Chunk[]): Promise<boolean> {
    const size = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0);
    const between = fillers(chunks, batchTokens - size);
    const parts: (Chunk | Filler)[] = [...chunks, ...between];
    parts.sort((one, other) => slots.indexOf(one.slot) - slots.indexOf(other.slot));
    try {
      context.initBatch(size + between.length);
      for (const part of parts) {
        const { slot, first, ids, wanted } = part;
        const rows = context.addToBatch(slots.indexOf(slot), first, Uint32Array.from(ids), Uint32Array.from(wanted));
        if ("job" in part) part.rows = Array.from(rows);
      }
      await context.decodeBatch();
      alive = awake();
      for (const { slot, first } of between) cutBack(slot, first);
    } catch (thrown) {
      for (const { slot } of between) forget(slot);
      for (const { slot, job } of chunks) {
        forget(slot);
        job.settle({ error: nativeError(job, thrown) });
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

  /** One id for each idle sequence that would split the batch into more passes. */
  function fillers(chunks: readonly Chunk[], room: number): Filler[] {
    const live = chunks.map(({ slot }) => slots.indexOf(slot)).sort((one, other) => one - other);
    return gapsToClose(live, room).flatMap((sequence) => {
      const slot = slots[sequence];
      if (slot === undefined || slot.cells.length === cellsEach) return [];
      return [{ slot, first: slot.cells.length, ids: [slot.cells.at(-1) ?? 0], wanted: [] }];
    });
  }

  function cutBack(slot: Slot, length: number): void {
    const cut = length > 0 && context.removeTokenCellsFromSequence(slots.indexOf(slot), length, -1);
    if (!cut) forget(slot);
  }

  async function advance({ job, first, wanted, rows }: Chunk): Promise<void> {
    if (rows.length === 0 || job.settled) return;
    try {
      const next = await job.work.advance(rows, first + (wanted[0] ?? 0));
      if (next !== null) job.ids.push(next);
      else if (first + (wanted.at(-1) ?? 0) === job.ids.length - 1) job.settle({ value: job.work.result() });
    } catch (thrown) {
      job.settle({ error: thrown instanceof EngineError ? thrown : nativeError(job, thrown) });
    }
  }

  function forget(slot: Slot): void {
    slot.cells = [];
    try {
      context.disposeSequence(slots.indexOf(slot));
    } catch {
      // the context itself is lost: the next request's decode reports it
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
    counters: () => ({
      ...total,
      queued: queue.length,
      running: slots.filter((slot) => slot.job !== null).length,
    }),
    async close() {
      closed = true;
      for (const job of jobs()) job.settle({ error: new EngineError("closed", `${named(job)}: the engine was closed`) });
      while (loop !== null) await loop;
    },
  };
}

/** The ids that a running request will have computed soon; empty if another request could not reuse them. */
function promised(job: Job): readonly number[] {
  return job.settled ? [] : job.work.ids;
}
