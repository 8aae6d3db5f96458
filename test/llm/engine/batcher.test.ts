// The batcher on a hand-written context that checks what llama.cpp would not report: positions without gaps, batches within
// bounds, no sequence used twice. A row's "logits" are its position, and the work decides the next id.
import { afterEach, expect, test } from "vitest";
import type { NativeContext } from "../../../src/llm/engine/addon.ts";
import { type Batcher, createBatcher } from "../../../src/llm/engine/batcher.ts";
import { createLock } from "../../../src/llm/engine/lock.ts";
import type { Work } from "../../../src/llm/engine/work.ts";

interface Fake extends NativeContext {
  readonly sequences: number[][];
  readonly batches: { sequence: number; ids: number[] }[][];
  fail: boolean;
  /** Held decodes wait until it is called. */
  hold: Promise<void> | null;
}

function fakeContext(sequences: number): Fake {
  const cells: number[][] = Array.from({ length: sequences }, () => []);
  let room = 0;
  const fake: Fake = {
    sequences: cells,
    batches: [],
    fail: false,
    hold: null,
    initBatch(tokens) {
      expect(tokens).toBeGreaterThan(0);
      expect(tokens).toBeLessThanOrEqual(16);
      room = tokens;
      fake.batches.push([]);
    },
    addToBatch(sequence, first, ids, wanted) {
      expect(cells[sequence]).toHaveLength(first);
      room -= ids.length;
      expect(room).toBeGreaterThanOrEqual(0);
      cells[sequence]?.push(...ids);
      fake.batches.at(-1)?.push({ sequence, ids: [...ids] });
      return wanted.map((at) => first + at);
    },
    async decodeBatch() {
      await fake.hold;
      await new Promise((resolve) => setImmediate(resolve));
      if (fake.fail) throw new Error("Eval has failed");
    },
    sampleToken: () => Promise.reject<never>(new Error("not used")),
    disposeSequence: (sequence) => void cells.splice(sequence, 1, []),
    getMemoryBreakdown: () => ({ cpuRam: 0, gpuVram: 0 }),
    removeTokenCellsFromSequence(sequence, start) {
      cells[sequence]?.splice(start);
      return true;
    },
    async copySequenceStateFromOtherSequence(target, source) {
      cells.splice(target, 1, [...(cells[source] ?? [])]);
      return 0;
    },
    setLoras: () => undefined,
    setThreads: () => undefined,
    getContextSize: () => 1000,
  };
  return fake;
}

const range = (start: number, length: number) => Array.from({ length }, (_, at) => start + at);

/** Samples `count` ids, 1000 and up; its result is the positions whose logits it saw. */
function sampling(
  ids: readonly number[],
  count: number,
  change: Partial<Work<number[]>> = {},
): Work<number[]> & { disposed: number } {
  const seen: number[] = [];
  const work = {
    label: "a test",
    ids,
    rows: "last" as const,
    deadlineMs: 10_000,
    disposed: 0,
    async advance(rows: readonly number[]) {
      seen.push(...rows);
      return seen.length < count ? 1000 + seen.length : null;
    },
    result: () => seen,
    dispose: () => void work.disposed++,
    ...change,
  };
  return work;
}

let batcher: Batcher;
let context: Fake;
function open(sequences: number, { reuse } = { reuse: true }): void {
  context = fakeContext(sequences);
  batcher = createBatcher({ context, sequences, batchTokens: 16, lock: createLock(), reuse });
}
afterEach(() => batcher.close());

test("live sequences decode in lockstep and a finished one is replaced in the next batch", async () => {
  open(2);
  const works = [sampling([1, 2], 2), sampling([50, 51], 5), sampling([90, 91], 2)];
  const seen = await Promise.all(works.map((work) => batcher.run(work)));
  expect(seen).toEqual([
    [1, 2],
    [1, 2, 3, 4, 5],
    [1, 2],
  ]);
  expect(context.batches.map((batch) => batch.map(({ sequence, ids }) => `${sequence}:${ids.length}`).join(" "))).toEqual([
    "0:2 1:2",
    "0:1 1:1",
    "0:2 1:1",
    "0:1 1:1",
    "1:1",
  ]);
  await batcher.drained();
  expect(works.map(({ disposed }) => disposed)).toEqual([1, 1, 1]);
});

test("an idle sequence between live ones fills the gap, and keeps its content", async () => {
  open(5);
  const works = [0, 1, 2, 3, 4].map((at) => sampling([10 * at, 10 * at + 1], at === 2 ? 2 : 4));
  await Promise.all(works.map((work) => batcher.run(work)));
  expect(context.batches.map((batch) => batch.map(({ sequence, ids }) => `${sequence}:${ids.length}`).join(" "))).toEqual([
    "0:2 1:2 2:2 3:2 4:2",
    "0:1 1:1 2:1 3:1 4:1",
    "0:1 1:1 2:1 3:1 4:1",
    "0:1 1:1 2:1 3:1 4:1",
  ]);
  expect(context.sequences[2]).toEqual([20, 21, 1001]);
  expect(batcher.counters()).toMatchObject({ prefilled: 10, decoded: 4 * 3 + 1 });
});

test("a sequence with a full context does not fill a gap", async () => {
  open(5);
  context.getContextSize = () => 5 * 4;
  batcher = createBatcher({ context, sequences: 5, batchTokens: 16, lock: createLock(), reuse: true });
  const works = [0, 1, 2, 3, 4].map((at) => sampling(at === 2 ? range(20, 4) : [10 * at], at === 2 ? 1 : 3));
  await Promise.all(works.map((work) => batcher.run(work)));
  expect(context.batches.slice(1).map((batch) => batch.map(({ sequence }) => sequence))).toEqual([
    [0, 1, 3, 4],
    [0, 1, 3, 4],
  ]);
});

test("a long prompt is computed in chunks beside sequences that decode", async () => {
  open(2);
  await Promise.all([batcher.run(sampling([1], 4)), batcher.run(sampling(range(100, 40), 1))]);
  expect(context.batches.map((batch) => batch.map(({ ids }) => ids.length))).toEqual([[1, 15], [1, 15], [1, 10], [1]]);
});

test("a group's shared prompt is computed once", async () => {
  open(4);
  const prompt = range(0, 30);
  await Promise.all([1, 2, 3, 4].map(() => batcher.run(sampling(prompt, 3))));
  expect(batcher.counters()).toMatchObject({ prefilled: 30 + 3, reused: 3 * 29, decoded: 4 * 2 });
  for (const cells of context.sequences) expect(cells.slice(0, 30)).toEqual(prompt);
});

test("the next turn of an episode runs before others that would take its cells", async () => {
  open(1);
  const episode = range(0, 20);
  await batcher.run(sampling(episode, 1));
  const first = batcher.run(sampling(range(500, 20), 1));
  const next = batcher.run(sampling([...episode, 98, 99], 1));
  await Promise.all([first, next]);
  expect(context.batches.map((batch) => batch.map(({ ids }) => ids[0]))).toEqual([[0], [16], [98], [500], [516]]);
  expect(batcher.counters()).toMatchObject({ prefilled: 20 + 2 + 20, reused: 20 });
});

test("without reuse every request computes all of its ids", async () => {
  open(2, { reuse: false });
  const prompt = range(0, 12);
  await Promise.all([batcher.run(sampling(prompt, 2)), batcher.run(sampling(prompt, 2))]);
  await batcher.run(sampling([...prompt, 1001], 1));
  expect(batcher.counters()).toMatchObject({ prefilled: 12 + 12 + 13, reused: 0 });
});

test("the counters show how many requests wait and how many run", async () => {
  open(2);
  const works = Array.from({ length: 5 }, (_, at) => batcher.run(sampling([at * 10, 1], 2)));
  expect(batcher.counters()).toMatchObject({ queued: 5, running: 0 });
  await works[0];
  expect(batcher.counters()).toMatchObject({ queued: 3 });
  await Promise.all(works);
  await batcher.drained();
  expect(batcher.counters()).toMatchObject({ queued: 0, running: 0, decoded: 5 });
});

test("after clear nothing is reused", async () => {
  open(1);
  await batcher.run(sampling(range(0, 20), 1));
  await batcher.drained();
  batcher.clear();
  await batcher.run(sampling(range(0, 20), 1));
  expect(batcher.counters()).toMatchObject({ prefilled: 40, reused: 0 });
});

test("rows of every id come in order and without reuse", async () => {
  open(1);
  await batcher.run(sampling(range(0, 20), 1));
  const seen: number[] = [];
  const every = sampling(range(0, 40), 1, {
    rows: 0,
    advance: async (rows, first) => {
      expect(rows[0]).toBe(first);
      seen.push(...rows);
      return null;
    },
  });
  await batcher.run(every);
  expect(seen).toEqual(range(0, 40));
});

test("rows from a position on are of the ids from there, however many come before", async () => {
  open(1);
  const seen: number[] = [];
  const late = sampling(range(0, 900), 1, {
    rows: 890,
    advance: async (rows, first) => {
      seen.push(...rows.map((_, at) => first + at));
      return null;
    },
  });
  await batcher.run(late);
  expect(seen).toEqual(range(890, 10));
});

test("a native error fails the requests of its batch, names the error, and the next request starts anew", async () => {
  open(2);
  context.fail = true;
  const both = await Promise.allSettled([batcher.run(sampling([1, 2], 2)), batcher.run(sampling([3, 4], 2))]);
  for (const outcome of both)
    expect(outcome).toMatchObject({
      reason: { code: "native", message: expect.stringMatching(/^a test in sequence [01]: llama\.cpp failed: Eval has failed$/) },
    });
  context.fail = false;
  expect(await batcher.run(sampling([1, 2], 2))).toEqual([1, 2]);
});

test("an error while one row is sampled fails only that request", async () => {
  open(2);
  const bad = sampling([1, 2], 2, { advance: () => Promise.reject(new Error("no token")) });
  const outcomes = await Promise.allSettled([batcher.run(bad), batcher.run(sampling([3, 4], 2))]);
  expect(outcomes).toMatchObject([{ reason: { code: "native" } }, { value: [1, 2] }]);
});

/** Decodes wait until the function that is returned is called. */
function hang(): () => void {
  let release = (): void => undefined;
  context.hold = new Promise((resolve) => {
    release = resolve;
  });
  return release;
}
const settled = (outcome: Promise<unknown>) => outcome.catch((thrown: unknown) => thrown);
const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("the clock of a request starts when it gets a sequence: queueing does not count", async () => {
  open(1);
  const slow = sampling([1, 2], 6, { advance: () => after(40).then(() => null), deadlineMs: 60_000 });
  const first = [0, 1, 2, 3].map(() => batcher.run(slow));
  const queued = batcher.run(sampling([7, 8, 9], 1, { deadlineMs: 100 }));
  expect(await queued).toEqual([2]);
  await Promise.all(first);
});

test("a request that runs out of time reports its name, where it ran and what it waited for", async () => {
  open(1);
  const endless = sampling([7, 8, 9], 1_000_000, { label: "policy sample", deadlineMs: 50 });
  expect(await settled(batcher.run(endless))).toMatchObject({
    code: "deadline",
    message: expect.stringMatching(
      /^policy sample in sequence 0 \(3 ids\) gave up after 50 ms: it waited for its next id \(\d+ sampled\)$/,
    ),
  });
  await batcher.drained();
  expect(endless.disposed).toBe(1);
});

test("one with a partial result answers with it, and its slot is free again", async () => {
  open(1);
  const soFar = { deadlineMs: 50, soFar: () => [42] };
  expect(await batcher.run(sampling([1, 2], 1_000_000, soFar))).toEqual([42]);
  expect(await batcher.run(sampling([1, 2], 2))).toEqual([1, 2]);
});

test("behind a hanging engine queued requests end when nothing was computed for their time", async () => {
  open(1);
  await batcher.run(sampling([1], 1));
  await after(30); // the engine was idle, and that is no sign of hanging
  const release = hang();
  const holder = settled(batcher.run(sampling(range(0, 20), 1, { deadlineMs: 60 })));
  const started = performance.now();
  const queued = settled(batcher.run(sampling([7, 8, 9], 1, { label: "policy sample", deadlineMs: 60, soFar: () => [42] })));
  expect(await queued).toMatchObject({
    code: "deadline",
    message: "policy sample (3 ids) gave up after 60 ms in which the engine computed nothing: it waited for a free sequence",
  });
  expect(performance.now() - started).toBeGreaterThan(55);
  expect(await holder).toMatchObject({ code: "deadline" });
  release();
});

test("a cancelled request ends at once, and its slot is free again", async () => {
  open(1);
  const controller = new AbortController();
  const work = sampling([1, 2], 1_000_000, { signal: controller.signal });
  const endless = batcher.run(work);
  const next = batcher.run(sampling([5, 6], 2));
  setImmediate(() => controller.abort());
  await expect(endless).rejects.toMatchObject({ code: "cancelled" });
  expect(await next).toEqual([1, 2]);
  await batcher.drained();
  expect(work.disposed).toBe(1);
});

test("closing fails running requests and rejects new ones", async () => {
  open(1);
  const running = batcher.run(sampling([1, 2], 1_000_000));
  const outcome = running.catch((thrown: unknown) => thrown);
  await batcher.close();
  expect(await outcome).toMatchObject({ code: "closed" });
  const refused = sampling([1], 1);
  await expect(batcher.run(refused)).rejects.toMatchObject({ code: "closed" });
  expect(refused.disposed).toBe(1);
});

test("one context samples while another decodes", async () => {
  const lock = createLock();
  const [one, two] = [fakeContext(1), fakeContext(1)];
  const [first, second] = [one, two].map((context) =>
    createBatcher({ context, sequences: 1, batchTokens: 16, lock, reuse: true }),
  );
  let decodedBeside = false;
  const decode = two.decodeBatch.bind(two);
  let tell = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  two.decodeBatch = async () => {
    await decode();
    tell();
  };
  const slow = sampling([1], 1, {
    advance: async () => {
      await told; // sampled only when the other context has decoded
      decodedBeside = true;
      return null;
    },
  });
  await Promise.all([first?.run(slow), second?.run(sampling([2], 1))]);
  expect(decodedBeside).toBe(true);
});

test("two batchers take turns", async () => {
  const order: string[] = [];
  const lock = createLock();
  const contexts = ["one", "two"].map((name) => {
    const fake = fakeContext(1);
    const decode = fake.decodeBatch.bind(fake);
    fake.decodeBatch = async () => {
      order.push(`${name} begins`);
      await decode();
      order.push(`${name} ends`);
    };
    return createBatcher({ context: fake, sequences: 1, batchTokens: 16, lock, reuse: true });
  });
  await Promise.all(contexts.map((each) => each.run(sampling([1], 3))));
  expect(order).toEqual(Array.from({ length: 3 }, () => ["one begins", "one ends", "two begins", "two ends"]).flat());
});
