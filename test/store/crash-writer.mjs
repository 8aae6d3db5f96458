// Not a test: the program that crash.test.ts starts and kills. It continues where the store ends, writes steps of four
// trajectories for ever, and says each thing on stdout only after the store has committed it.
// usage: node crash-writer.mjs <built sources> <database> <task as JSON> <trajectory as JSON>
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";

const [sources, path, taskText, trajectoryText] = process.argv.slice(2);
const { openStore } = await import(`${sources}/store/store.js`);
const { findRun } = await import(`${sources}/store/runs.js`);
const { acquireLease } = await import(`${sources}/store/lease.js`);
const { closeStep, lastClosedStep, openStep, openStepOf } = await import(`${sources}/store/steps.js`);
const { loadTasks, saveTask } = await import(`${sources}/store/tasks.js`);
const { loadTrajectories, saveTrajectory } = await import(`${sources}/store/trajectories.js`);

const say = (words) => writeSync(1, `${words}\n`);
const store = openStore(path);
const run = findRun(store, null);
const writer = acquireLease(store, run, { pid: process.pid, token: randomUUID() });

for (;;) {
  const last = lastClosedStep(store, run);
  const number = (last?.number ?? 0) + 1;
  if (openStepOf(store, run) === null) openStep(writer, number, { level: number, policyVersion: last?.nextPolicyVersion ?? 0 });
  const place = { step: number, purpose: "train" };
  if (!loadTasks(store, run, number, "train").has(0)) saveTask(writer, { ...place, index: 0 }, JSON.parse(taskText));
  const known = new Set(loadTrajectories(store, run, place).map((stored) => stored.trajectory.sample));
  for (let sample = 0; sample < 4; sample++) {
    if (known.has(sample)) continue;
    saveTrajectory(writer, { ...place, task: 0 }, { ...JSON.parse(trajectoryText), sample });
    say(`trajectory ${number} ${sample}`);
  }
  const there = loadTrajectories(store, run, place);
  const group = {
    ids: there.map(({ id }) => id),
    trajectories: there.map((one) => one.trajectory),
    advantages: there.map(() => [1]),
  };
  const checkpoint = { folder: `step-${number}`, adapterHash: "ab", files: {} };
  closeStep(writer, number, {
    nextLevel: number + 1,
    nextPolicyVersion: number,
    metrics: { reward: 1 },
    checkpoint,
    groups: [group],
  });
  say(`step ${number}`);
}
