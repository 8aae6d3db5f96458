import { describe, expect, test } from "vitest";
import { forgetCheckpoint } from "../../src/store/checkpoints.ts";
import type { Writer } from "../../src/store/lease.ts";
import { adapterPath, findNamedStep } from "../../src/store/named-step.ts";
import { bestCheckpoint, selectionScores } from "../../src/store/selection.ts";
import { closeStep, openStep, reopenAfter } from "../../src/store/steps.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import type { Task } from "../../src/types.ts";
import { exampleTask, exampleTrajectory, newWriter, temporaryStore } from "./temporary.ts";

const asking = exampleTask({ heldBack: [{ call: 0, argument: "city", sentence: "It is Oslo." }] });
const declining = exampleTask({ kind: "decline", expected: [] });
/** Two that need a call, one that must be declined, one that needs a question. */
const tasks: readonly Task[] = [exampleTask(), exampleTask(), declining, asking];

function stepsOf(writer: Writer, count: number): void {
  for (let step = 0; step < count; step++) {
    openStep(writer, step, { level: 1, policyVersion: step });
    const checkpoint = {
      folder: `runs/${writer.run.name}/checkpoint-${step}`,
      adapterHash: "ab",
      files: { [`a-${step}.gguf`]: "ab" },
    };
    closeStep(writer, step, { nextLevel: 1, nextPolicyVersion: step + 1, metrics: {}, checkpoint });
  }
}

/** First turns of a step's policy; `right` has one letter a task: y, n, or x for one that was aborted. */
function play(writer: Writer, step: number, right: string): void {
  for (const [task, letter] of [...right].entries()) {
    const verdict = { reward: letter === "y" ? 1 : -1, rules: letter === "y" ? 1 : 0, judge: null, reason: "" };
    const failure = { boundary: "engine", code: "error", text: "gone" } as const;
    const ended =
      letter === "x" ? ({ status: "aborted", stopReason: "engine_failed", verdict: null, failure } as const) : { verdict };
    saveTrajectory(writer, { step: 0, purpose: "selection", phase: `step ${step}`, task }, exampleTrajectory(ended));
  }
}

function started(count: number) {
  const temporary = temporaryStore();
  const writer = newWriter(temporary.store, "run-1");
  for (const [index, task] of tasks.entries()) saveTask(writer, { step: 0, purpose: "selection", index }, task);
  stepsOf(writer, count);
  const best = () => bestCheckpoint(temporary.store, writer.run)?.step;
  return { ...temporary, writer, best, [Symbol.dispose]: () => temporary[Symbol.dispose]() };
}

describe("the best step", () => {
  test("counts a chain among the calls, and one that needs a question first among the questions", () => {
    using run = started(1);
    const chain = exampleTask({ dependent: true, expected: [...exampleTask().expected, ...exampleTask().expected] });
    const both: readonly Task[] = [chain, { ...chain, heldBack: asking.heldBack }];
    for (const [index, task] of both.entries())
      saveTask(run.writer, { step: 0, purpose: "selection", index: tasks.length + index }, task);
    play(run.writer, 0, "nnnnyn");
    expect(selectionScores(run.store, run.writer.run)).toMatchObject([{ call: 1 / 3, ask: 0 }]);
  });

  test("is the one with the highest mean over calls, declines and questions, each with the same weight", () => {
    using run = started(3);
    play(run.writer, 0, "yynn"); // calls 1: mean 1/3
    play(run.writer, 1, "ynyn"); // calls 1/2, declines 1: mean 1/2
    play(run.writer, 2, "nnyn"); // declines 1: mean 1/3
    expect(selectionScores(run.store, run.writer.run)).toEqual([
      { step: 0, tasks: 4, call: 1, decline: 0, ask: 0, score: expect.closeTo(1 / 3, 12) },
      { step: 1, tasks: 4, call: 0.5, decline: 1, ask: 0, score: 0.5 },
      { step: 2, tasks: 4, call: 0, decline: 1, ask: 0, score: expect.closeTo(1 / 3, 12) },
    ]);
    expect(run.best()).toBe(1);
  });

  test("is the earlier one of two with the same score", () => {
    using run = started(3);
    play(run.writer, 1, "nnyn");
    play(run.writer, 2, "yynn");
    expect(run.best()).toBe(1);
  });

  test("is never one whose turns are not all played, and an aborted turn counts for nothing", () => {
    using run = started(3);
    play(run.writer, 0, "yxnn");
    play(run.writer, 1, "yyy");
    expect(selectionScores(run.store, run.writer.run).map(({ step, call }) => [step, call])).toEqual([[0, 1]]);
    expect(run.best()).toBe(0);
  });

  test("is one whose checkpoint still exists, and without scores the last", () => {
    using run = started(3);
    expect(run.best()).toBe(2);
    play(run.writer, 0, "ynnn");
    play(run.writer, 1, "yyyy");
    forgetCheckpoint(run.writer, 1);
    expect(run.best()).toBe(0);
  });

  test("forgets what a policy played that a fall-back to an older checkpoint has undone", () => {
    using run = started(3);
    play(run.writer, 0, "ynnn");
    play(run.writer, 2, "yyxy");
    reopenAfter(run.writer, 1);
    expect(selectionScores(run.store, run.writer.run).map(({ step }) => step)).toEqual([0]);
    play(run.writer, 2, "nnnn"); // can be played again
  });
});

describe("a name of a step", () => {
  test("is a number, best or last, and a run alone means its best", () => {
    using run = started(3);
    play(run.writer, 1, "yyyy");
    const named = (reference: string) => findNamedStep(run.store, reference).checkpoint.step;
    expect(["run-1", "run-1@last", "run-1@best", "run-1@0"].map(named)).toEqual([1, 2, 1, 0]);
    expect(adapterPath(run.store, findNamedStep(run.store, "run-1@best").checkpoint)).toBe(
      `${run.home}/runs/run-1/checkpoint-1/a-1.gguf`,
    );
  });

  test("that names nothing gets a sentence with what there is", () => {
    using run = started(3);
    play(run.writer, 1, "yyyy");
    forgetCheckpoint(run.writer, 0);
    newWriter(run.store, "empty");
    const naming = (reference: string) => () => findNamedStep(run.store, reference);
    expect(naming("run-1@0")).toThrow(
      "Run run-1 has no checkpoint of step 0. It has those of the steps 1, 2; the best is 1, the last 2.",
    );
    expect(naming("run-1@first")).toThrow('Expected RUN, RUN@STEP, RUN@best or RUN@last, got "run-1@first".');
    expect(naming("other@best")).toThrow("There is no run named other. Known runs, latest first: empty, run-1.");
    expect(naming("empty@best")).toThrow("Run empty has no checkpoint yet");
  });
});
