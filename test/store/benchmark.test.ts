import { describe, expect, it } from "vitest";
import { wilson } from "../../src/statistics/interval.ts";
import { type BenchmarkSeries, marksOf, type StoredMark, storeMark } from "../../src/store/benchmark.ts";
import { closeStep, openStep, reopenAfter } from "../../src/store/steps.ts";
import { openStore } from "../../src/store/store.ts";
import { newWriter, temporaryStore } from "./temporary.ts";

const series: BenchmarkSeries = { suite: "bfcl", version: "1", model: "m", adapter: null, dialect: "hermes", template: "t" };
const mark = (position: number, correct: boolean): StoredMark => ({
  ...{ category: "multiple", position, name: `multiple_${position}`, reply: "Hi", ended: "stop", calls: "[]", correct },
  ...{ error: correct ? null : "no_call", detail: null },
});

describe("a benchmark's rows", () => {
  it("are stored once, also by two processes that play the same row", () => {
    using temporary = temporaryStore();
    using other = openStore(temporary.path);
    storeMark(temporary.store, series, null, mark(0, true));
    storeMark(other, series, null, mark(0, false));
    storeMark(other, { ...series, adapter: "a" }, null, mark(0, false));
    expect(marksOf(temporary.store, series)).toEqual([mark(0, true)]);
    expect(marksOf(temporary.store, { ...series, adapter: "a" })).toEqual([mark(0, false)]);
  });

  it("go with a step that a run makes anew, unless another run goes on from its adapter", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const [writer, child] = [newWriter(store), newWriter(store)];
    const closed = (of: typeof writer, step: number, adapterHash: string) => {
      openStep(of, step, { level: 1, policyVersion: 0 });
      const checkpoint = { folder: `step-${step}`, adapterHash, files: {} };
      closeStep(of, step, { nextLevel: 1, nextPolicyVersion: 1, metrics: {}, checkpoint });
    };
    for (const step of [1, 2, 3]) {
      closed(writer, step, `a${step}`);
      storeMark(store, { ...series, adapter: `a${step}` }, { run: writer.run.id, step }, mark(0, true));
    }
    closed(child, 0, "a3");
    reopenAfter(writer, 1);
    const left = store.database.prepare("SELECT adapter, run, step FROM benchmark ORDER BY adapter").raw().all();
    expect(left).toEqual([
      ["a1", writer.run.id, 1],
      ["a3", child.run.id, 0],
    ]);
  });

  it("are summed up by policy and category, with the interval that the report has", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const run = newWriter(store).run.id;
    const right = [0, 7, 13, 20];
    for (const [step, most] of right.entries())
      for (let at = 0; at < 20; at++) storeMark(store, { ...series, adapter: `a${step}` }, { run, step }, mark(at, at < most));
    storeMark(store, series, null, mark(0, true));
    const rows = store.database.prepare<[], Record<string, number>>("SELECT * FROM benchmark_summary ORDER BY adapter").all();
    expect(rows).toHaveLength(5);
    expect(rows[0]).toMatchObject({
      run: null,
      step: null,
      model: "m",
      adapter: null,
      category: "multiple",
      rows: 1,
      correct: 1,
    });
    for (const [step, correct] of right.entries()) {
      const row = rows[step + 1];
      expect(row).toMatchObject({ run: "tiny-1", step, adapter: `a${step}`, rows: 20, correct, score: correct / 20 });
      const { low, high } = wilson(correct, 20);
      expect(row?.low).toBeCloseTo(low, 12);
      expect(row?.high).toBeCloseTo(high, 12);
    }
  });
});
