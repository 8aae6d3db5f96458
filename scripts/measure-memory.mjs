// Measures whether a simulator's tools answer alike: the same tasks of the catalogue are played by the policy without and with the
// memory of the world (simulator.memory), and every answer that a model gives to a tool call is noted. Prints one JSON line for
// each: calls that were asked in several episodes in the same state, and how many of them got unequal answers.
//   node scripts/measure-memory.mjs [--tasks 8] [--episodes 16] [--level 30] [--out FILE.jsonl] [--set key=value …]
//     [--set …]     over the preset laptop with simulator.tools=written
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { load, openDesk, tasksOf } from "./measure/desk.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "8" },
    episodes: { type: "string", default: "16" },
    level: { type: "string", default: "30" },
    out: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
  },
});
const { mapConcurrent } = await load("concurrent.js");
const { resolveConfig } = await load("config/resolve.js");
const { canonicalCall, canonicalState } = await load("rules/canonical.js");
const { playerOf } = await load("run/play.js");
const { openMemory } = await load("simulator/memory.js");

/** @typedef {import("../src/simulator/memory.ts").Memory} Memory */

const { config } = resolveConfig({
  preset: "laptop",
  set: ["simulator.tools=written", "tasks.decline=0", "tasks.novelty=null", ...values.set],
});
const desk = await openDesk(config);
const { engine } = desk;
const tasks = await tasksOf(desk, { count: Number(values.tasks), level: Number(values.level), declineShare: 0 });

/** Gives what another memory gives, without one what the model says, and notes it by task, state and call. */
function noting(/** @type {Memory | null} */ memory) {
  /** @type {Map<string, string[]>} */
  const answers = new Map();
  /** @type {Memory} */
  const noted = {
    async answer(task, call, before, make) {
      const answer = await (memory === null ? make([]) : memory.answer(task, call, before, make));
      const key = JSON.stringify([task.id, canonicalState(before, task.tools), canonicalCall(call, task.tools)]);
      if (answer.ok) answers.set(key, [...(answers.get(key) ?? []), answer.text]);
      return answer;
    },
  };
  return { noted, answers };
}

for (const memory of [null, /** @type {Memory} */ (openMemory([], async () => undefined))]) {
  const { noted, answers } = noting(memory);
  const play = playerOf({ ...desk, memory: noted }, { temperature: config.rollout.temperature, verdict: "rules" });
  const places = tasks.flatMap((task) => Array.from({ length: Number(values.episodes) }, (_, sample) => ({ task, sample })));
  const started = performance.now();
  let aborted = 0;
  await mapConcurrent(
    places,
    engine.sequences.policy + engine.sequences.simulator,
    async (/** @type {any} */ { task, sample }) => {
      const { status } = await play(task, sample, [config.seed, "measured", task.id, sample]);
      aborted += Number(status === "aborted");
    },
  );
  const several = [...answers].filter(([, given]) => given.length > 1);
  const unequal = several.filter(([, given]) => new Set(given).size > 1);
  if (values.out !== undefined)
    for (const [key, given] of answers)
      appendFileSync(values.out, `${JSON.stringify({ memory: memory !== null, asked: JSON.parse(key), given })}\n`);
  const report = {
    memory: memory !== null,
    tasks: tasks.length,
    episodes: places.length,
    aborted,
    // answers that a model was asked for, or that the memory gave in its place
    answers: [...answers.values()].flat().length,
    calls: answers.size,
    asked_again: several.length,
    unequal: unequal.length,
    different_answers: unequal.reduce((sum, [, given]) => sum + new Set(given).size, 0),
    seconds: Math.round((performance.now() - started) / 1000),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
process.exit(0); // exiting frees contexts and models
