// Not a test: the program that trial-kill.test.ts starts and kills. It plays the one group of the run's step 1, whose policy tries a
// tool and then acts, and says on stdout when it is asked for the turn after a trial. With "wait" it waits there for ever in the
// second episode.
// usage: node trial-player.mjs <built sources> <database> <task as JSON> <the policy's turns as JSON> [wait]
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";

const [sources, path, taskText, turnsText, wait] = process.argv.slice(2);
const { scriptedEngine } = await import(`${sources}/llm/scripted.js`);
const { episodeTemplate } = await import(`${sources}/llm/text/template.js`);
const { playGroups } = await import(`${sources}/run/play.js`);
const { newUsage } = await import(`${sources}/simulator/usage.js`);
const { acquireLease } = await import(`${sources}/store/lease.js`);
const { findRun } = await import(`${sources}/store/runs.js`);
const { openStep, openStepOf } = await import(`${sources}/store/steps.js`);
const { openStore } = await import(`${sources}/store/store.js`);
const { loadTasks, saveTask } = await import(`${sources}/store/tasks.js`);

const store = openStore(path);
const run = findRun(store, null);
const writer = acquireLease(store, run, { pid: process.pid, token: randomUUID() });
const task = JSON.parse(taskText);
if (openStepOf(store, run) === null) openStep(writer, 1, { level: 1, policyVersion: 0 });
if (!loadTasks(store, run, 1, "train").has(0)) saveTask(writer, { step: 1, purpose: "train", index: 0 }, task);

const turns = JSON.parse(turnsText);
let trials = 0;
const engine = scriptedEngine({
  say: (prompt) => {
    const at = prompt.split("<|im_start|>assistant").length - 2; // the prompt ends with the opening of the next turn
    if (at === 1) writeSync(1, `tried ${++trials}\n`);
    return at === 1 && wait === "wait" && trials === 2 ? new Promise(() => setInterval(() => {}, 1000)) : turns[at];
  },
});
const session = {
  ...{ config: run.config, writer, engine, memory: null, usage: newUsage() },
  ...{ template: episodeTemplate(engine.vocabulary, { dialect: "hermes", markers: "pieces" }) },
  ...{ progress: () => {}, pause: () => {}, signal: new AbortController().signal },
};
const playing = { step: 1, purpose: "train", groupSize: 3, names: [1, "step", 1], temperature: 1, verdict: "rules" };
await playGroups({ ...session, engine: { ...engine, sequences: { policy: 1, simulator: 0 } } }, new Map([[0, task]]), playing);
