// What a start does with files in a run's folder: only folders named .tmp are removed, whatever the store lists.
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { type Saving, saveCheckpoint } from "../../src/run/checkpoint.ts";
import type { ProgressEvent } from "../../src/run/session.ts";
import { checkpointFolder, listCheckpoints, verifyCheckpoint } from "../../src/store/checkpoints.ts";
import { runFolder } from "../../src/store/home.ts";
import { acquireLease, releaseLease, type Writer } from "../../src/store/lease.ts";
import { createRun } from "../../src/store/runs.ts";
import { closeStep, lastClosedStep, openStep } from "../../src/store/steps.ts";
import { openStore } from "../../src/store/store.ts";
import { newWriter, type Temporary, temporaryStore } from "../store/temporary.ts";
import { openRequest } from "../suites/learner.suite.ts";
import { dyingAt, Killed, life, lostOf, newRun, outcome } from "../support/whole-run.ts";

/** A file in a separate folder. */
function put(...path: readonly string[]): string {
  const folder = join(...path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "file"), folder);
  return folder;
}

test("a new run never gets a name whose folder exists, so that the files of a lost store stay", () => {
  using temporary = temporaryStore();
  const { store, home } = temporary;
  const old = put(runFolder(home, "tiny-1"), "checkpoint-2");
  const { config } = newWriter(store, "any").run;
  expect(createRun(store, { preset: "tiny", config, versions: {} }).name).toBe("tiny-2");
  expect(() => createRun(store, { name: "tiny-1", preset: "tiny", config, versions: {} })).toThrow(
    /tiny-1 already exists, for a run that .*playact\.db does not list\. Choose another name/,
  );
  expect(existsSync(join(old, "file"))).toBe(true);
});

test("step 0, the best step and the last one stay, and of the others the newest keepCheckpoints", async () => {
  const keptWith = async (keepCheckpoints: number) => {
    using temporary = temporaryStore();
    const run = newRun(temporary, { steps: 5, keepCheckpoints });
    await life(temporary, run, { token: "first", decide: (version) => version === 2 });
    const kept = listCheckpoints(temporary.store, run).map(({ step }) => step);
    const folders = readdirSync(runFolder(temporary.home, run.name)).map((name) => Number(/^checkpoint-(\d+)/.exec(name)?.[1]));
    expect(folders.sort()).toEqual(kept.toSorted());
    return kept;
  };
  expect(await keptWith(0)).toEqual([5, 1, 0]);
  expect(await keptWith(2)).toEqual([5, 4, 3, 1, 0]);
});

test("a checkpoint that another run is to go on from stays until that run has closed a step", async () => {
  using temporary = temporaryStore();
  const run = newRun(temporary, { steps: 5, keepCheckpoints: 0 });
  const child = (adapter: string) => newRun(temporary, { policy: { ...run.config.policy, adapter } });
  child(`${run.name}@2`);
  child(`${run.name}0@4`); // of a run whose name only begins alike
  const begun = acquireLease(temporary.store, child(`${run.name}@3`), { pid: process.pid, token: "begun" });
  openStep(begun, 0, { level: 1, policyVersion: 0 });
  closeStep(begun, 0, { nextLevel: 1, nextPolicyVersion: 0, metrics: {}, checkpoint: null });
  await life(temporary, run, { token: "first", decide: (version) => version === 2 });
  expect(listCheckpoints(temporary.store, run).map(({ step }) => step)).toEqual([5, 2, 1, 0]);
});

test("a folder without a row is moved to lost/, never over another, and reported; only .tmp is removed", async () => {
  using temporary = temporaryStore();
  const { home } = temporary;
  const run = newRun(temporary);
  await life(temporary, run, { token: "first" });
  const folder = runFolder(home, run.name);
  const kept = readdirSync(folder).sort();
  put(folder, "my-exports");
  put(folder, "checkpoint-3.other");
  put(folder, "checkpoint-3.other.tmp");
  put(home, "lost", "tiny-1-my-exports-1");
  const told: string[] = [];
  await life(temporary, run, { token: "second", progress: (event) => void ("text" in event && told.push(event.text)) });
  expect(readdirSync(folder).sort()).toEqual(kept);
  expect(lostOf(temporary).sort()).toEqual(["tiny-1-checkpoint-3.other-1", "tiny-1-my-exports-1", "tiny-1-my-exports-2"]);
  expect(readFileSync(join(home, "lost", "tiny-1-my-exports-1", "file"), "utf8")).toContain("lost");
  expect(readFileSync(join(home, "lost", "tiny-1-my-exports-2", "file"), "utf8")).toContain(folder);
  for (const name of ["my-exports-2", "checkpoint-3.other-1"])
    expect(told.filter((text) => text.includes(join(home, "lost", `tiny-1-${name}`)))).toHaveLength(1);
});

test("a store older than its run's checkpoints stops the run, which lists them and leaves them for the newer store", async () => {
  using temporary = temporaryStore();
  const { store, home, path } = temporary;
  const run = newRun(temporary);
  await life(temporary, run, { token: "first" });
  const folder = runFolder(home, run.name);
  const copy: Temporary = { ...temporary, path: join(home, "old.db"), store: olderCopy(path, join(home, "old.db")) };
  const before = readdirSync(folder).sort();
  await expect(life(copy, run, { token: "second" })).rejects.toThrow(
    /is at step 0, but .*checkpoint-2\.first, which .*old\.db does not list: .*Restore the newer one and resume/,
  );
  expect(readdirSync(folder).sort()).toEqual(before);
  expect(lostOf(temporary)).toEqual([]);
  copy.store[Symbol.dispose]();
  expect((await verifyCheckpoint(store, run)).checkpoint?.step).toBe(2);
});

test("a newest checkpoint with a changed file is not used: its step is played again, and the run ends as if nothing had been", async () => {
  using temporary = temporaryStore();
  const run = newRun(temporary);
  await life(temporary, run, { token: "first" });
  const expected = outcome(temporary, run);
  const [newest] = listCheckpoints(temporary.store, run);
  if (newest === undefined) throw new Error("the run has no checkpoint");
  appendFileSync(join(checkpointFolder(temporary.store, newest), "state.json"), " ");
  const told: string[] = [];
  await life(temporary, run, { token: "second", progress: (event) => void ("text" in event && told.push(event.text)) });
  expect(told).toContainEqual(expect.stringMatching(/^The checkpoint of step 2 is not used: /));
  expect(outcome(temporary, run)).toEqual(expected);
});

/** A run of two steps whose checkpoints after step 0 have all changed, and what it had come to. */
async function damagedRun(temporary: Temporary) {
  const run = newRun(temporary, { keepCheckpoints: 9 });
  await life(temporary, run, { token: "first" });
  const expected = outcome(temporary, run);
  const later = listCheckpoints(temporary.store, run).filter(({ step }) => step > 0);
  for (const one of later) appendFileSync(join(checkpointFolder(temporary.store, one), "state.json"), " ");
  return { run, expected };
}

test("a start that goes back copies the store first, and says which steps go and where they still are", async () => {
  using temporary = temporaryStore();
  const { run, expected } = await damagedRun(temporary);
  const told: string[] = [];
  const progress = (event: ProgressEvent) => void (event.kind === "warning" && told.push(event.text));
  await life(temporary, run, { token: "second", progress });
  const copy = `${temporary.path}.${run.name}-1.backup`;
  expect(told).toContainEqual(expect.stringMatching(/goes back to the checkpoint of step 0: steps 1 to 2 are deleted/));
  expect(told.join("\n")).toContain(copy);
  using before = openStore(copy);
  expect(lastClosedStep(before, run)?.number).toBe(2);
  expect(outcome(temporary, run)).toEqual(expected);
});

test("a start that goes back two steps may end at any moment: the next one goes back the same way", async () => {
  for (let n = 1; ; n++) {
    using temporary = temporaryStore();
    const { run, expected } = await damagedRun(temporary);
    const { moment, seen } = dyingAt(n);
    await expect(life(temporary, run, { token: "second", moment })).rejects.toThrow(Killed);
    await life(temporary, run, { token: "third" });
    expect(outcome(temporary, run), seen.at(-1)).toEqual(expected);
    if (seen.at(-1) === "after a swap") return expect(n).toBeGreaterThan(2);
  }
});

test("where lost/ is on another disk, folders are moved aside within the run's own, and stay there", async () => {
  using temporary = temporaryStore();
  const { run, expected } = await damagedRun(temporary);
  writeFileSync(join(temporary.home, "lost"), ""); // as little to be moved into as another disk
  const told: string[] = [];
  const progress = (event: ProgressEvent) => void (event.kind === "warning" && told.push(event.text));
  const { moment } = dyingAt(2);
  await expect(life(temporary, run, { token: "second", moment })).rejects.toThrow(Killed);
  await life(temporary, run, { token: "third" });
  const aside = join(runFolder(temporary.home, run.name), "lost");
  expect(readdirSync(aside).sort()).toEqual(["tiny-1-checkpoint-1.first-1", "tiny-1-checkpoint-2.first-1"]);
  await life(temporary, run, { token: "fourth", progress });
  expect(told).toEqual([]);
  expect(outcome(temporary, run)).toEqual({ ...expected, folders: expected.folders + 1 });
});

/** As the store was when step 0 had been closed. */
function olderCopy(path: string, target: string) {
  cpSync(path, target);
  for (const end of ["-wal", "-shm"]) if (existsSync(path + end)) cpSync(path + end, target + end);
  const copy = openStore(target);
  for (const table of ["checkpoint", "metric"]) copy.database.exec(`DELETE FROM ${table} WHERE step > 0`);
  copy.database.exec("DELETE FROM step WHERE number > 0");
  return copy;
}

test("a writer that lost the run and wakes up in the middle of a save changes nothing of its successor", async () => {
  using temporary = temporaryStore();
  const { store, home } = temporary;
  const old = newWriter(store);
  openStep(old, 1, { level: 1, policyVersion: 0 });
  const folder = runFolder(home, old.run.name);
  const successor = async () => {
    releaseLease(old); // taken for dead
    const fresh = acquireLease(store, old.run, { pid: process.pid, token: "successor" });
    const saved = await saveCheckpoint(await session(fresh, folder), 1);
    closeStep(fresh, 1, { nextLevel: 1, nextPolicyVersion: 1, metrics: {}, checkpoint: saved.row });
  };
  await expect(saveCheckpoint(await session(old, folder, successor), 1)).rejects.toThrow(/no longer writes run tiny-1/);
  const { checkpoint, skipped } = await verifyCheckpoint(store, old.run);
  expect(checkpoint?.folder).toContain("successo");
  // what a server must speak lies beside the adapter, and its hashes are stored with it
  expect(Object.keys(checkpoint?.files ?? {})).toEqual(expect.arrayContaining(["peft/chat_template.jinja", "peft/playact.json"]));
  const served = JSON.parse(readFileSync(join(store.path, "..", checkpoint?.folder ?? "", "peft/playact.json"), "utf8"));
  expect(served).toEqual({
    ...{ dialect: "json-fence", chat_template: "chat_template.jinja" },
    system_prompt: expect.stringMatching(/^You are a(n| careful| helpful) assistant/),
    caveat: expect.stringMatching(/^A server reads <tool_response>, <\/tool_response> /), // this vocabulary has them as tokens
  });
  expect(skipped).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** The parts of a session that saving needs; `meanwhile` happens in the middle of the save. */
async function session(writer: Writer, folder: string, meanwhile = async () => {}): Promise<Saving> {
  const learner = scriptedLearner();
  await learner.open(openRequest);
  mkdirSync(folder, { recursive: true });
  const saving = {
    ...learner,
    save: async (path: string) => {
      const saved = await learner.save(path);
      await meanwhile();
      return saved;
    },
  };
  const template = episodeTemplate(scriptedVocabulary(), { dialect: "json-fence", markers: "pieces" });
  return {
    config: writer.run.config,
    writer,
    folder,
    template,
    learner: saving,
    progress: () => {},
    signal: new AbortController().signal,
  };
}
