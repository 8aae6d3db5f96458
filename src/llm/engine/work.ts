// One request in a batcher: what to compute, its deadline and cancellation, and the error when it fails. A request settles
// once; the batcher frees its slot at the next tick. Its clock starts when it gets a sequence: queueing is not its fault. In
// the queue it waits as long as the engine computes anything.
import { describe } from "../../errors.ts";
import { EngineError } from "../llm.ts";
import { awake } from "./awake.ts";

/** One request: the ids to compute and what to do with their logits. */
export interface Work<T> {
  /** Names the request in errors, e.g. "policy sample". */
  readonly label: string;
  /** The prompt; never empty. */
  readonly ids: readonly number[];
  /** `last`: logits of the newest id only. A position: of every id from there on (nothing is reused from the cache then). */
  readonly rows: "last" | number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The answer when time is up; null or absent: an EngineError("deadline"). */
  readonly soFar?: () => T | null;
  /** Called with the batch rows of the wanted logits, `first` being the position of rows[0]. Returns the next id, or null when done. */
  advance(rows: readonly number[], first: number): Promise<number | null>;
  result(): T;
  /** Frees what `advance` needs; called once, never while `advance` runs. */
  dispose(): void;
}

/** A request inside the batcher. */
export interface Job {
  readonly work: Work<unknown>;
  /** Prompt, then the ids that were sampled. */
  readonly ids: number[];
  /** For the deadline's error message. */
  waitingFor: string;
  /** The sequence it has; null while queued. */
  sequence: number | null;
  /** When it got its sequence, by awake(). */
  admitted: number | null;
  /** True once the caller has an answer. */
  settled: boolean;
  /** Answers the caller; only the first call counts. */
  readonly settle: (outcome: { readonly value: unknown } | { readonly error: unknown }) => void;
}

/** setTimeout fires at once for longer delays. */
const longestDelay = 2 ** 31 - 1;

/**
 * A request ready to be queued. If it is rejected at once, `job` is null and the work is disposed of.
 * @param alive when the engine last computed anything, by awake(): the clock of a queued request starts there, so
 *   that a queue behind a hanging engine ends
 */
export function openJob<T>(
  work: Work<T>,
  closed: boolean,
  alive: () => number,
): { readonly job: Job | null; readonly outcome: Promise<T> } {
  const refusal = refused(work, closed);
  if (refusal !== null) {
    work.dispose();
    return { job: null, outcome: Promise.reject(refusal) };
  }
  let job: Job | null = null;
  const outcome = new Promise<T>((resolve, reject) => {
    const opened: Job = {
      work,
      ids: [...work.ids],
      waitingFor: "a free sequence",
      sequence: null,
      admitted: null,
      settled: false,
      settle(result) {
        if (opened.settled) return;
        opened.settled = true;
        clearTimeout(timer);
        work.signal?.removeEventListener("abort", abort);
        if ("error" in result) reject(result.error);
        // `work` is a Work<T>: the value comes from its `result`
        else resolve(result.value as T);
      },
    };
    const abort = () => opened.settle({ error: cancelled(opened) });
    const check = () => {
      const left = (opened.admitted ?? alive()) + work.deadlineMs - awake();
      if (left > 0) timer = setTimeout(check, Math.min(left, longestDelay));
      else {
        const value = opened.admitted === null ? null : (work.soFar?.() ?? null);
        opened.settle(value === null ? { error: late(opened) } : { value });
      }
    };
    let timer = setTimeout(check, Math.min(work.deadlineMs, longestDelay));
    work.signal?.addEventListener("abort", abort, { once: true });
    job = opened;
  });
  return { job, outcome };
}

/** What a running request waits for after `computed` of its ids. */
export function waitingFor(job: Job, computed: number): string {
  const prompt = job.work.ids.length;
  return computed < prompt
    ? `its prompt (${computed} of ${prompt} ids computed)`
    : `its next id (${job.ids.length - prompt} sampled)`;
}

/** The error when llama.cpp itself fails. */
export function nativeError(job: Job, thrown: unknown): EngineError {
  const said = describe(thrown);
  return new EngineError("native", `${named(job)}: llama.cpp failed: ${said}`, { cause: thrown });
}

/** A request's name in errors: what it is and where it runs. */
export function named({ work, sequence }: Pick<Job, "work" | "sequence">): string {
  return sequence === null ? work.label : `${work.label} in sequence ${sequence}`;
}

/** Why a request is not queued at all. */
function refused(work: Work<unknown>, closed: boolean): Error | null {
  if (work.ids.length === 0) return new RangeError(`${work.label}: no ids to compute`);
  if (closed) return new EngineError("closed", `${work.label}: the engine is closed`);
  return work.signal?.aborted ? cancelled({ work, sequence: null }) : null;
}

function late(job: Job): EngineError {
  const { ids, deadlineMs } = job.work;
  const idle = job.admitted === null ? " in which the engine computed nothing" : "";
  return new EngineError(
    "deadline",
    `${named(job)} (${ids.length} ids) gave up after ${deadlineMs} ms${idle}: it waited for ${job.waitingFor}`,
  );
}

function cancelled(job: Pick<Job, "work" | "sequence">): EngineError {
  return new EngineError("cancelled", `${named(job)} was cancelled`, { cause: job.work.signal?.reason });
}
