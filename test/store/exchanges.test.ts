// Questions to the simulator in the store: beside their episode or draft, once, with prompts that share their beginnings.
import { expect, test } from "vitest";
import { insertExchanges } from "../../src/store/exchanges.ts";
import { recordFailure } from "../../src/store/failures.ts";
import { closeStep, openStep, reopenAfter } from "../../src/store/steps.ts";
import { transact } from "../../src/store/store.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { loadTrajectories, saveTrajectory } from "../../src/store/trajectories.ts";
import type { Exchange } from "../../src/types.ts";
import { exampleTask, exampleTrajectory, newWriter, temporaryStore } from "./temporary.ts";

function exchange(words: readonly string[], change: Partial<Exchange> = {}): Exchange {
  const messages = words.map((content, index) => ({ role: index === 0 ? "system" : "user", content }) as const);
  return {
    ...{ role: "tool", attempt: 1, messages, reply: '{"open":true}', problem: null },
    ...{ tokensIn: 40, tokensOut: 6, seconds: 0.25, seed: 7, ...change },
  };
}

const place = { step: 1, purpose: "train", task: 0 } as const;

test("an episode has its exchanges beside it, and the view gives each whole prompt in order", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const writer = newWriter(store, "one");
  openStep(writer, 1, { level: 4, policyVersion: 0 });
  saveTask(writer, { ...place, index: 0 }, exampleTask());
  const refused = exchange(["You are a tool.", "first", "second"], { reply: "{", problem: "not JSON" });
  const weighed = exchange(["You are a tool.", "other"], {
    role: "verifier",
    attempt: 2,
    reply: null,
    problem: "late",
    seed: null,
  });
  const id = saveTrajectory(writer, place, exampleTrajectory({ exchanges: [refused, weighed] }));
  const rows = store.database.prepare("SELECT * FROM question ORDER BY id").all();
  const shared = { run: "one", step: 1, purpose: "train", phase: "", task: "weather-1", trajectory: id };
  const spent = { tokens_in: 40, tokens_out: 6, seconds: 0.25 };
  expect(rows).toEqual([
    {
      ...{ id: 1, ...shared, role: "tool", attempt: 1, reply: "{", problem: "not JSON", ...spent, seed: 7 },
      prompt: "system: You are a tool.\n\nuser: first\n\nuser: second",
    },
    {
      ...{ id: 2, ...shared, role: "verifier", attempt: 2, reply: null, problem: "late", ...spent, seed: null },
      prompt: "system: You are a tool.\n\nuser: other",
    },
  ]);
  expect(loadTrajectories(store, writer.run, place)[0]?.trajectory).toEqual(exampleTrajectory());
});

test("messages are stored once for all prompts that begin with them, and again after another beginning", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const writer = newWriter(store);
  const asked = { run: writer.run.id, step: 1, purpose: "train", task: "t", trajectory: null } as const;
  const prompts = [["a", "b"], ["a", "b"], ["a", "b", "c"], ["a", "c"], ["b"]];
  transact(store, (database) =>
    insertExchanges(
      database,
      asked,
      prompts.map((words) => exchange(words)),
    ),
  );
  // a, a-b, a-b-c, a-c and b
  expect(store.database.prepare("SELECT count(*) FROM prompt_message").pluck().get()).toBe(5);
  const texts = store.database.prepare("SELECT prompt FROM question ORDER BY id").pluck().all();
  expect(texts).toEqual(
    ["a/b", "a/b", "a/b/c", "a/c", "b"].map((words) =>
      words
        .split("/")
        .map((word, index) => `${index === 0 ? "system" : "user"}: ${word}`)
        .join("\n\n"),
    ),
  );
});

test("a draft is stored once, however often a resumed run writes it again", () => {
  using temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  openStep(writer, 1, { level: 4, policyVersion: 0 });
  const one = { task: "train-0-1", exchanges: [exchange(["a"]), exchange(["a"], { attempt: 2 })] };
  const other = { task: "train-0-2", exchanges: [exchange(["b"])] };
  const failure = { boundary: "task", code: "invalid_reply", text: "not JSON", task: "train-0" };
  for (const _ of ["first", "resumed"]) recordFailure(writer, 1, failure, { purpose: "train", drafts: [one] });
  expect(temporary.store.database.prepare("SELECT count(*) FROM failure").pluck().get()).toBe(1);
  saveTask(writer, { ...place, index: 0 }, exampleTask(), { round: 1, embedding: null, drafts: [one, other] });
  const rows = temporary.store.database.prepare("SELECT task, attempt, trajectory FROM exchange ORDER BY id").raw().all();
  expect(rows).toEqual([
    ["train-0-1", 1, null],
    ["train-0-1", 2, null],
    ["train-0-2", 1, null],
  ]);
});

test("steps that a run forgets take their exchanges with them; the reopened step and evaluations keep theirs", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const writer = newWriter(store);
  for (const step of [1, 2, 3]) {
    openStep(writer, step, { level: 4, policyVersion: step });
    const drafts = [{ task: `draft of ${step}`, exchanges: [exchange([`draft ${step}`])] }];
    saveTask(writer, { step, purpose: "train", index: 0 }, exampleTask(), { round: 1, embedding: null, drafts });
    saveTrajectory(writer, { ...place, step }, exampleTrajectory({ exchanges: [exchange([`episode ${step}`])] }));
    saveTask(writer, { step, purpose: "evaluation", index: 0 }, exampleTask());
    saveTrajectory(
      writer,
      { ...place, step, purpose: "evaluation" },
      exampleTrajectory({ exchanges: [exchange([`eval ${step}`])] }),
    );
    if (step < 3) closeStep(writer, step, { nextLevel: 4, nextPolicyVersion: step + 1, metrics: {}, checkpoint: null });
  }
  reopenAfter(writer, 1);
  const left = store.database.prepare("SELECT prompt FROM question ORDER BY id").pluck().all();
  const kept = ["draft 1", "episode 1", "eval 1", "draft 2", "episode 2", "eval 2", "eval 3"];
  expect(left).toEqual(kept.map((text) => `system: ${text}`));
});
