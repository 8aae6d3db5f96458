// A run that goes on from a checkpoint of another one: what it begins with, and what is refused.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Script } from "../../src/llm/scripted.ts";
import { parentOf } from "../../src/run/parent.ts";
import { toolsetsOf } from "../../src/run/toolsets.ts";
import { assertUnseen } from "../../src/run/unseen.ts";
import { type Checkpoint, checkpointFolder, listCheckpoints } from "../../src/store/checkpoints.ts";
import type { RunRow } from "../../src/store/run-row.ts";
import { createRun } from "../../src/store/runs.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { dyingAt, life, newRun, simulatorReply, wholeConfig } from "../support/whole-run.ts";

const model = "a".repeat(64);
const form = { dialect: "hermes", markers: "pieces" } as const;
let temporary: Temporary;
let parent: RunRow;
let checkpoint: Checkpoint;
beforeAll(async () => {
  temporary = temporaryStore();
  const models = { policy: model, simulator: null, tools: null, doubt: null };
  parent = createRun(temporary.store, { name: "parent", preset: "tiny", config: wholeConfig, versions: {}, models, form });
  await life(temporary, parent, { token: "parent" });
  const [last] = listCheckpoints(temporary.store, parent);
  if (last === undefined) throw new Error("the run has no checkpoint");
  checkpoint = last;
});
afterAll(() => temporary[Symbol.dispose]());

const from = (adapter: string, change: Partial<typeof wholeConfig> = {}) => ({
  ...wholeConfig,
  ...change,
  policy: { ...wholeConfig.policy, adapter },
});

/** Adapters that the policy's turns were sampled with, null: none. */
function watching() {
  const seen = new Set<string | null>();
  const say: Script["say"] = (_prompt, _request, { adapter }) => {
    seen.add(adapter);
    return "Which?";
  };
  const script: Script = { say, reply: simulatorReply };
  return { seen, script };
}

test("plays its first turn with the parent's adapter, as its base, and without a warm-up has it as step 0", async () => {
  const run = newRun(temporary, from("parent@2", { steps: 0, warmup: { ...wholeConfig.warmup, when: "never" } }));
  const { seen, script } = watching();
  await life(temporary, run, { token: "child", script });
  expect([...seen]).toEqual([checkpoint.adapterHash]);
  expect(listCheckpoints(temporary.store, run).map(({ step, adapterHash }) => [step, adapterHash])).toEqual([
    [0, checkpoint.adapterHash],
  ]);
});

test("has supervised passes and steps after it, as any run", async () => {
  const run = newRun(temporary, from("parent@2"));
  await life(temporary, run, { token: "trained" });
  const hashes = listCheckpoints(temporary.store, run).map(({ adapterHash }) => adapterHash);
  expect(new Set([...hashes, checkpoint.adapterHash]).size).toBe(hashes.length + 1);
});

test("begins there too when it is killed before step 0 is closed", async () => {
  const run = newRun(temporary, from("parent@2", { steps: 0, warmup: { ...wholeConfig.warmup, when: "never" } }));
  const { seen, script } = watching();
  await expect(life(temporary, run, { token: "killed", script, moment: dyingAt(12).moment })).rejects.toThrow();
  expect(listCheckpoints(temporary.store, run)).toEqual([]);
  await life(temporary, run, { token: "again", script });
  expect([...seen]).toEqual([checkpoint.adapterHash]);
});

test("names its parent by the step's number, and writes calls as it did", async () => {
  const { store } = temporary;
  expect(await parentOf(store, from("parent@last"), model)).toEqual({ adapter: "parent@2", form });
  expect((await parentOf(store, from("parent"), model))?.adapter).toMatch(/^parent@\d$/);
  expect(await parentOf(store, wholeConfig, model)).toBeNull();
});

test("is refused for another model, dialect or shape of the adapter, naming what to set", async () => {
  const { store } = temporary;
  const refused = (config: typeof wholeConfig, policy = model) => expect(parentOf(store, config, policy)).rejects;
  await refused(from("parent@2"), "b".repeat(64)).toThrow(/"models\.policy": parent@2 was trained with .* Set models\.policy=/);
  const other = from("parent@2");
  await refused({ ...other, policy: { ...other.policy, dialect: "json-fence" } }).toThrow(
    'Config key "policy.dialect": parent@2 was trained with hermes, and this run has json-fence. Set policy.dialect=hermes, or start without an adapter.',
  );
  await refused(from("parent@2", { learner: { ...wholeConfig.learner, rank: 64 } })).toThrow(/"learner\.rank": .* has 64\./);
  await refused(from("parent@7")).toThrow(/Run parent has no checkpoint of step 7\. It has those of the steps 0, /);
  await refused(from("child-of-nobody")).toThrow(/There is no run named child-of-nobody/);
});

test("is refused if it would hold out what its parents were trained on", () => {
  const { store } = temporary;
  const child = from("parent@2");
  assertUnseen(store, child);
  const [seen] = toolsetsOf(child).heldOut;
  store.database
    .prepare("UPDATE task SET domain = ?, toolset = ? WHERE run = ? AND purpose = 'train'")
    .run(seen?.domain, seen?.name, parent.id);
  const grandchild = newRun(temporary, child);
  for (const adapter of ["parent@2", `${grandchild.name}@0`])
    expect(() => assertUnseen(store, from(adapter))).toThrow(
      /was trained on 1 of the \d+ toolsets that this run would hold out .*Set evaluation\.heldOut=0/,
    );
  const { evaluation } = child;
  assertUnseen(store, from("parent@2", { evaluation: { ...evaluation, heldOut: 0 } }));
  assertUnseen(store, from("parent@2", { evaluation: { ...evaluation, tasks: 0, decisions: 0 } }));
});

test("is refused if a file of the checkpoint has changed", async () => {
  appendFileSync(join(checkpointFolder(temporary.store, checkpoint), "state.json"), " ");
  await expect(parentOf(temporary.store, from("parent@2"), model)).rejects.toThrow(
    /^The checkpoint parent@2 cannot be trained on: .*state\.json was changed/,
  );
});
