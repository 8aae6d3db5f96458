import { describe, expect, test } from "vitest";
import { closestOfSeries, vectorsBefore, vectorsOf } from "../../src/store/embeddings.ts";
import type { Writer } from "../../src/store/lease.ts";
import { closeStep, openStep, reopenAfter } from "../../src/store/steps.ts";
import { loadTasks, roundsOf, saveTask } from "../../src/store/tasks.ts";
import type { Purpose } from "../../src/types.ts";
import { exampleTask, newWriter, temporaryStore } from "./temporary.ts";

const closing = { nextLevel: 4, nextPolicyVersion: 1, metrics: {}, checkpoint: null };

/** Stores a task under `name` with an embedding that starts with `first`. */
function save(writer: Writer, at: [number, Purpose, number], name: string, first: number, closest: number | null = null): void {
  const [step, purpose, index] = at;
  const embedding = { vector: Float32Array.of(first, 0.25, -1e-7), closest };
  saveTask(writer, { step, purpose, index }, exampleTask({ id: name }), { round: index + 1, embedding });
}

/** Evaluation tasks, demonstrations and two steps of one task each; another run beside it. */
function filled(writer: Writer): void {
  const other = newWriter(writer.store, "other");
  save(other, [0, "evaluation", 0], "other", 9);
  save(writer, [0, "evaluation", 0], "eval-0", 1);
  save(writer, [0, "evaluation", 1], "eval-1", 2, 0.5);
  openStep(writer, 0, { level: 4, policyVersion: 0 });
  save(writer, [0, "demonstration", 0], "demo-0", 3, 0.25);
  saveTask(writer, { step: 0, purpose: "demonstration", index: 1 }, exampleTask({ id: "twin" }));
  closeStep(writer, 0, closing);
  for (const step of [1, 2]) {
    openStep(writer, step, { level: 4, policyVersion: step });
    save(writer, [step, "train", 0], `train-${step}`, 3 + step, 0.75);
    closeStep(writer, step, closing);
  }
}

describe("embeddings of tasks", () => {
  const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name);

  test("are read back exactly, in the order in which the tasks were accepted", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    filled(writer);
    const found = vectorsOf(temporary.store, writer.run, { step: 0, purpose: "evaluation" });
    expect(found).toEqual([
      { name: "eval-0", vector: Float32Array.of(1, 0.25, -1e-7) },
      { name: "eval-1", vector: Float32Array.of(2, 0.25, -1e-7) },
    ]);
  });

  test("before a series are those drawn before it, whatever was drawn later, and every held-out one, however long ago", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    filled(writer);
    const known = (step: number, purpose: Purpose, most = 1000) =>
      names(vectorsBefore(temporary.store, writer.run, { step, purpose }, most));
    expect(known(0, "evaluation")).toEqual([]);
    expect(known(0, "demonstration")).toEqual(["eval-0", "eval-1"]);
    expect(known(1, "train")).toEqual(["eval-0", "eval-1", "demo-0"]);
    expect(known(3, "train")).toEqual(["eval-0", "eval-1", "demo-0", "train-1", "train-2"]);
    expect(known(3, "train", 2)).toEqual(["eval-0", "eval-1", "train-1", "train-2"]); // the last ones
  });

  test("have the closest cosine of each task of a series, and the tasks their rounds; a twin has neither", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    filled(writer);
    expect(closestOfSeries(store, writer.run, { step: 0, purpose: "evaluation" })).toEqual([0.5]);
    expect(closestOfSeries(store, writer.run, { step: 0, purpose: "demonstration" })).toEqual([0.25]);
    expect(roundsOf(store, writer.run, 0, "evaluation")).toEqual([1, 2]);
    expect(roundsOf(store, writer.run, 0, "demonstration")).toEqual([1]);
  });

  test("are deleted with their tasks when a run falls back to an earlier step", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    filled(writer);
    reopenAfter(writer, 0);
    expect(loadTasks(store, writer.run, 1, "train").size).toBe(1);
    expect(names(vectorsBefore(store, writer.run, { step: 9, purpose: "train" }, 1000))).toEqual([
      "eval-0",
      "eval-1",
      "demo-0",
      "train-1",
    ]);
    expect(store.database.pragma("foreign_key_check")).toEqual([]);
  });
});
