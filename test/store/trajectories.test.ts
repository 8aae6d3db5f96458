import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenDigest } from "../../src/rules/token-digest.ts";
import { openStep } from "../../src/store/steps.ts";
import { loadTasks, saveTask } from "../../src/store/tasks.ts";
import { findEpisode, isTrained, loadTrajectories, saveTrajectory } from "../../src/store/trajectories.ts";
import { type Message, rubricSections, stopReasons, type Trajectory } from "../../src/types.ts";
import { exampleMessage, exampleTask, exampleTrajectory, newWriter, temporaryStore } from "./temporary.ts";

const text = fc.string({ unit: "binary", maxLength: 30 }); // whole Unicode without lone surrogates, NUL and escapes included
const logprob = fc.float({ noNaN: true, noDefaultInfinity: true });
// SQLite has no negative zero in a table; adding 0 takes it away
const reward = fc.double({ min: -1, max: 1, noNaN: true }).map((value) => value + 0);
const id = fc.nat({ max: 0xffffffff });
const call = fc.record({ name: text, arguments: fc.dictionary(text, fc.constantFrom(1.5, null, "x", [true], { a: 1e300 })) });

const message: fc.Arbitrary<Message> = fc.array(fc.tuple(id, logprob), { maxLength: 20 }).chain((tokens) =>
  fc.record(
    {
      role: fc.constantFrom("system", "user", "assistant", "tool"),
      text,
      sample: fc.nat({ max: 3 }),
      ids: fc.constant(tokens.map(([token]) => token)),
      logprobs: fc.constantFrom(
        null,
        tokens.map(([, value]) => value),
      ),
      turnReward: fc.option(reward),
      calls: fc.array(call, { maxLength: 2 }),
      phase: fc.constantFrom("trial", "execution"),
    },
    { requiredKeys: ["role", "text", "sample", "ids", "logprobs", "turnReward", "calls"] },
  ),
);

/** At least one: a verdict without a rubric has no items. */
const items = fc.array(
  fc.record({
    section: fc.constantFrom(...rubricSections),
    text,
    met: fc.boolean(),
    by: fc.constantFrom("rule", "model"),
  }),
  { minLength: 1, maxLength: 4 },
);

const trajectory: fc.Arbitrary<Omit<Trajectory, "task" | "sample">> = fc.record({
  author: fc.constantFrom("policy", "blueprint", "teacher"),
  policyVersion: fc.nat(),
  seed: id,
  messages: fc.array(message, { maxLength: 6 }),
  status: fc.constantFrom("terminated", "truncated", "aborted"),
  stopReason: fc.constantFrom(...stopReasons),
  verdict: fc.option(
    fc.record(
      { reward, rules: reward, judge: fc.option(reward), margin: reward, reason: text, items },
      { requiredKeys: ["reward", "rules", "judge", "reason"] },
    ),
  ),
  failure: fc.option(
    fc.record({ boundary: fc.constantFrom("user", "tool", "engine"), code: fc.constantFrom("deadline", "error"), text }),
  ),
  seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
  counts: fc.dictionary(fc.constantFrom("refused/unknown_tool", "tokens_in/tool", "retried"), fc.integer({ min: 1, max: 9999 })),
});

describe("a stored trajectory", () => {
  it("is rejected if its token ids are not the sampled ones", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 1, policyVersion: 0 });
    const task = exampleTask();
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, task);
    const saved = exampleTrajectory({ task, messages: [exampleMessage({ ids: [7, 8] })] });
    const row = saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, saved);
    const { database } = temporary.store;
    expect(database.prepare("SELECT ids_sha256 FROM trajectory").pluck().get()).toBe(tokenDigest([7, 8]));
    database.prepare("UPDATE message SET ids = ?").run(Buffer.from([7, 0, 0, 0, 9, 0, 0, 0]));
    expect(() => findEpisode(temporary.store, row)).toThrow(/are not the sampled ones/);
    database.prepare("UPDATE trajectory SET ids_sha256 = NULL").run(); // a store of before the digests
    expect(findEpisode(temporary.store, row).trajectory.messages[0]?.ids).toEqual([7, 9]);
  });

  it("is read back exactly as it was saved, whatever is in it", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 1, policyVersion: 0 });
    const task = exampleTask();
    saveTask(writer, { step: 1, purpose: "train", index: 3 }, task);
    let sample = 0;
    fc.assert(
      fc.property(trajectory, (rest) => {
        const saved = { ...rest, task, sample: sample++ };
        const row = saveTrajectory(writer, { step: 1, purpose: "train", task: 3 }, saved);
        expect(findEpisode(temporary.store, row)).toMatchObject({ id: row, taskIndex: 3, step: 1, purpose: "train" });
        expect(findEpisode(temporary.store, row).trajectory).toEqual(saved);
      }),
      { numRuns: 200 },
    );
    const all = loadTrajectories(temporary.store, writer.run, { step: 1, purpose: "train" });
    expect(all.map((stored) => stored.trajectory.sample)).toEqual(Array.from({ length: sample }, (_, index) => index));
  });

  it("exists once for each task, phase and sample", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    saveTask(writer, { step: 0, purpose: "evaluation", index: 0 }, exampleTask());
    const place = { step: 0, purpose: "evaluation", task: 0 } as const;
    saveTrajectory(writer, { ...place, phase: "base" }, exampleTrajectory());
    saveTrajectory(writer, { ...place, phase: "trained" }, exampleTrajectory({ policyVersion: 9 }));
    expect(() => saveTrajectory(writer, { ...place, phase: "base" }, exampleTrajectory())).toThrow(/UNIQUE/);
    const trained = loadTrajectories(store, writer.run, { step: 0, purpose: "evaluation", phase: "trained" });
    expect(trained.map((stored) => stored.trajectory.policyVersion)).toEqual([9]);
    expect(store.database.prepare("SELECT count(*) FROM message").pluck().get()).toBe(4);
  });

  it("is rejected completely if a log-prob is not finite or its task is not stored", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 1, policyVersion: 0 });
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
    const messages = [exampleMessage({ role: "assistant", ids: [1, 2], logprobs: [-1, Number.NaN] })];
    const place = { step: 1, purpose: "train", task: 0 } as const;
    expect(() => saveTrajectory(writer, place, exampleTrajectory({ messages }))).toThrow(/finite/);
    expect(() => saveTrajectory(writer, { ...place, task: 1 }, exampleTrajectory())).toThrow(/not stored/);
    expect(loadTrajectories(temporary.store, writer.run, { step: 1, purpose: "train" })).toEqual([]);
  });

  it("is trained only if it was sampled or shown in a demonstration, never if it is a user's or a tool's", () => {
    const sampled = exampleMessage({ role: "assistant", logprobs: [-1, -1, -1] });
    const written = exampleMessage({ role: "assistant" });
    expect(isTrained(sampled, "policy")).toBe(true);
    expect(isTrained(written, "policy")).toBe(false);
    for (const author of ["blueprint", "teacher"] as const) expect(isTrained(written, author)).toBe(true);
    for (const role of ["system", "user", "tool"] as const) expect(isTrained({ ...sampled, role }, "blueprint")).toBe(false);
  });
});

describe("the tasks of a step", () => {
  it("are read back by index, with gaps if drawing was interrupted", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 1, policyVersion: 0 });
    const [first, third] = [exampleTask(), exampleTask({ id: "weather-3", kind: "decline", expected: [] })];
    saveTask(writer, { step: 1, purpose: "train", index: 2 }, third);
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, first);
    expect([...loadTasks(temporary.store, writer.run, 1, "train")]).toEqual([
      [0, first],
      [2, third],
    ]);
    expect(() => saveTask(writer, { step: 1, purpose: "train", index: 2 }, first)).toThrow(/UNIQUE/);
  });
});
