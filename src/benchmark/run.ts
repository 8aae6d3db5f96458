// Plays the rows that a policy has not played yet, many at once in the engine's lockstep; each is marked and stored when it ends.
// A command that was stopped goes on with what is left.
import { mapConcurrent } from "../concurrent.ts";
import type { Engine } from "../llm/llm.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { type BenchmarkSeries, marksOf, type PlayedStep, type StoredMark, storeMark } from "../store/benchmark.ts";
import type { Store } from "../store/store.ts";
import type { Checker } from "./checker.ts";
import { playRow } from "./play.ts";
import type { BenchmarkRow } from "./rows.ts";
import { markReply } from "./verdict.ts";

/** A policy on the benchmark. */
export interface BenchmarkPolicy {
  readonly series: BenchmarkSeries;
  /** Null: an untrained model. */
  readonly from: PlayedStep | null;
  /** How it writes and reads. */
  readonly template: EpisodeTemplate;
}

export interface BenchmarkWork {
  readonly store: Store;
  /** With the candidate's adapter. */
  readonly engine: Engine;
  readonly checker: Checker;
  /** Called before a row is begun; throws Stopped to end: the rows in flight are finished and stored. */
  readonly pause: () => void;
  readonly onRow: (done: number, of: number) => void;
}

/** The rows that are not stored yet. */
export function leftOf(store: Store, { series }: BenchmarkPolicy, rows: readonly BenchmarkRow[]): readonly BenchmarkRow[] {
  const stored = new Set(marksOf(store, series).map(({ category, position }) => `${category} ${position}`));
  return rows.filter(({ category, position }) => !stored.has(`${category} ${position}`));
}

/** Plays what is left of the rows. */
export async function playRows(playing: BenchmarkWork, candidate: BenchmarkPolicy, rows: readonly BenchmarkRow[]): Promise<void> {
  const { store, engine, checker, pause, onRow } = playing;
  const { series, from, template } = candidate;
  const left = leftOf(store, candidate, rows);
  let done = rows.length - left.length;
  await mapConcurrent(left, engine.sequences.policy, async (row) => {
    pause();
    const reply = await playRow(engine, template, row);
    const marked = await markReply(checker, template.dialect, row, reply);
    const { category, position, name } = row;
    storeMark(store, series, from, { category, position, name, reply: reply.text, ended: reply.ended, ...marked });
    onRow(++done, rows.length);
  });
}

/** The stored marks of these rows, in their order. Rows that are not played yet are left out. */
export function marksOn(store: Store, { series }: BenchmarkPolicy, rows: readonly BenchmarkRow[]): readonly StoredMark[] {
  const stored = new Map(marksOf(store, series).map((mark) => [`${mark.category} ${mark.position}`, mark]));
  return rows.flatMap(({ category, position }) => stored.get(`${category} ${position}`) ?? []);
}
