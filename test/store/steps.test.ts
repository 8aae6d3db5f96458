import { describe, expect, it } from "vitest";
import type { Writer } from "../../src/store/lease.ts";
import { closeStep, lastClosedStep, metricsOf, openStep, openStepOf, reopenAfter } from "../../src/store/steps.ts";
import { loadTasks, saveTask } from "../../src/store/tasks.ts";
import { loadTrajectories, saveTrajectory } from "../../src/store/trajectories.ts";
import { exampleMessage, exampleTask, exampleTrajectory, newWriter, scoredGroup, temporaryStore } from "./temporary.ts";

const nothing = { nextLevel: 4, nextPolicyVersion: 1, metrics: {}, checkpoint: null };

/** Opens a step with one task and two trajectories; returns their ids. */
function filledStep(writer: Writer, number: number): readonly [number, number] {
  openStep(writer, number, { level: 4, policyVersion: number });
  saveTask(writer, { step: number, purpose: "train", index: 0 }, exampleTask());
  const place = { step: number, purpose: "train", task: 0 } as const;
  return [saveTrajectory(writer, place, exampleTrajectory()), saveTrajectory(writer, place, exampleTrajectory({ sample: 1 }))];
}

it("a step's metrics are read by name, without those that are not numbers", () => {
  using temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  openStep(writer, 1, { level: 4, policyVersion: 1 });
  closeStep(writer, 1, { ...nothing, metrics: { reward: 0.1, entropy: Number.NaN } });
  expect(metricsOf(temporary.store, writer.run, 1)).toEqual({ reward: 0.1 });
  expect(metricsOf(temporary.store, writer.run, 2)).toEqual({});
});

describe("a step", () => {
  it("is open until it is closed, and then is the last closed one, with everything it was closed with", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const [first] = filledStep(writer, 1);
    expect(openStepOf(temporary.store, writer.run)).toEqual({ number: 1, level: 4, policyVersion: 1 });
    expect(lastClosedStep(temporary.store, writer.run)).toBeNull();
    const checkpoint = { folder: "tiny-1/step-1", adapterHash: "ab", files: { "adapter.gguf": "ab" } };
    closeStep(writer, 1, {
      nextLevel: 7,
      nextPolicyVersion: 2,
      metrics: { reward: 0.5, kl: Number.NaN },
      checkpoint,
      groups: [scoredGroup(first, -0.75)],
    });
    expect(openStepOf(temporary.store, writer.run)).toBeNull();
    expect(lastClosedStep(temporary.store, writer.run)).toEqual({
      number: 1,
      level: 4,
      policyVersion: 1,
      nextLevel: 7,
      nextPolicyVersion: 2,
      checkpoint: { ...checkpoint, step: 1 },
    });
    const { database } = temporary.store;
    expect(
      database.prepare("SELECT advantage FROM transcript WHERE trajectory = ? ORDER BY position").pluck().all(first),
    ).toEqual([null, -0.75]);
    expect(database.prepare("SELECT name, value FROM metric ORDER BY name").raw().all()).toEqual([
      ["kl", null],
      ["reward", 0.5],
    ]);
  });

  it("is closed once: a second time is rejected and changes nothing", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    filledStep(writer, 1);
    closeStep(writer, 1, nothing);
    expect(() => closeStep(writer, 1, { ...nothing, nextLevel: 99, metrics: { reward: 1 } })).toThrow(/not open/);
    expect(lastClosedStep(temporary.store, writer.run)?.nextLevel).toBe(4);
    expect(temporary.store.database.prepare("SELECT count(*) FROM metric").pluck().get()).toBe(0);
  });

  it("stays open with nothing written if an advantage belongs to a trajectory that does not exist", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const [first] = filledStep(writer, 1);
    const groups = [scoredGroup(first, 1), scoredGroup(first + 100, 1)];
    expect(() => closeStep(writer, 1, { ...nothing, metrics: { reward: 1 }, groups })).toThrow(/cannot get advantage/);
    expect(openStepOf(temporary.store, writer.run)?.number).toBe(1);
    const { database } = temporary.store;
    expect(database.prepare("SELECT count(*) FROM metric").pluck().get()).toBe(0);
    expect(database.prepare("SELECT count(advantage) FROM message").pluck().get()).toBe(0);
  });

  it("accepts no task and no trajectory once it is closed, and never opens twice or while another is open", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    filledStep(writer, 1);
    expect(() => openStep(writer, 2, { level: 1, policyVersion: 2 })).toThrow(/store rejected/);
    closeStep(writer, 1, nothing);
    const place = { step: 1, purpose: "train" } as const;
    expect(() => saveTask(writer, { ...place, index: 1 }, exampleTask())).toThrow(/not open/);
    expect(() => saveTrajectory(writer, { ...place, task: 0 }, exampleTrajectory({ sample: 2 }))).toThrow(/not open/);
    expect(() => openStep(writer, 1, { level: 1, policyVersion: 2 })).toThrow(/already exists/);
  });

  it("fills in the learner's log-probs of demonstrations and keeps sampled ones", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    openStep(writer, 0, { level: 1, policyVersion: 0 });
    saveTask(writer, { step: 0, purpose: "demonstration", index: 0 }, exampleTask());
    const messages = [exampleMessage(), exampleMessage({ role: "assistant", ids: [7, 8] })];
    const place = { step: 0, purpose: "demonstration", task: 0 } as const;
    const id = saveTrajectory(writer, place, exampleTrajectory({ author: "blueprint", messages }));
    const shown = "SELECT tokens, trained_tokens FROM trajectory_summary";
    expect(store.database.prepare(shown).raw().all()).toEqual([[5, 2]]);
    const learnerLogprobs = [{ trajectoryId: id, message: 1, logprobs: [-1, -2] }];
    const short = [{ trajectoryId: id, message: 1, logprobs: [-1] }];
    expect(() => closeStep(writer, 0, { ...nothing, learnerLogprobs: short })).toThrow(/CHECK/);
    expect(() => closeStep(writer, 0, { ...nothing, learnerLogprobs: [...learnerLogprobs, ...learnerLogprobs] })).toThrow(
      /has them/,
    );
    closeStep(writer, 0, { ...nothing, learnerLogprobs });
    const [stored] = loadTrajectories(store, writer.run, { step: 0, purpose: "demonstration" });
    expect(stored?.trajectory.messages.map((message) => message.logprobs)).toEqual([null, [-1, -2]]);
  });

  it("is reopened although later episodes have items of a rubric", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    for (const number of [1, 2]) {
      const [first] = filledStep(writer, number);
      closeStep(writer, number, { ...nothing, groups: [scoredGroup(first, 1)] });
    }
    filledStep(writer, 3);
    store.database.exec("INSERT INTO verdict_item SELECT id, 0, 'subGoals', 'done', 1, 'rule' FROM trajectory");
    reopenAfter(writer, 1);
    expect(store.database.prepare("SELECT count(*) FROM verdict_item").pluck().get()).toBe(4); // of steps 1 and 2
    expect(store.database.pragma("foreign_key_check")).toEqual([]);
  });

  it("is reopened with its trajectories when a run falls back, and later steps are deleted", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    for (const number of [1, 2, 3]) {
      const [first] = filledStep(writer, number);
      const checkpoint = { folder: `step-${number}`, adapterHash: "ab", files: {} };
      closeStep(writer, number, { ...nothing, checkpoint, groups: [scoredGroup(first, 1)] });
    }
    filledStep(writer, 4);
    reopenAfter(writer, 1);
    expect(lastClosedStep(store, writer.run)).toMatchObject({ number: 1, checkpoint: { folder: "step-1" } });
    expect(openStepOf(store, writer.run)?.number).toBe(2);
    expect(loadTrajectories(store, writer.run, { step: 2, purpose: "train" })).toHaveLength(2);
    expect(loadTrajectories(store, writer.run, { step: 3, purpose: "train" })).toHaveLength(0);
    expect(loadTasks(store, writer.run, 4, "train").size).toBe(0);
    expect(store.database.prepare("SELECT count(advantage) FROM message").pluck().get()).toBe(1);
    closeStep(writer, 2, nothing);
    filledStep(writer, 3);
    expect(store.database.pragma("foreign_key_check")).toEqual([]);
  });
});
