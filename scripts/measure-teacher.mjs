// Measures what a teacher shows: tasks of the catalogue with tools that are not what their pages say, each played several times with
// trials in the policy's seat. Prints how many tasks are kept, what became of all tries, and the same by drift; with --out each kept
// or best episode as a line of JSON. By default the teacher is the simulator's model.
//   node scripts/measure-teacher.mjs [--tasks 12] [--level 30] [--decline 0] [--out FILE.jsonl] [--set key=value …]
//     [--set …]     over the preset laptop-trial with warmup.from=teacher
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { root } from "./setup/step.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "12" },
    level: { type: "string", default: "30" },
    decline: { type: "string", default: "0" },
    out: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
  },
});
/** @param {string} file of dist */
const load = (file) => import(pathToFileURL(join(root, "dist", file)).href);
const { mapConcurrent } = await load("concurrent.js");
const { resolveConfig } = await load("config/resolve.js");
const { chooseTemplate } = await load("llm/text/choose-template.js");
const { findLanguageModel } = await load("models/manifest.js");
const { writeTasks } = await load("run/draw-tasks.js");
const { callFormOf } = await load("run/form.js");
const { toolsetsOf } = await load("run/open.js");
const { openEngineOf } = await load("run/open-engine.js");
const { isLearnt, teacherMetrics, teacherShows } = await load("run/teach.js");
const { teacherSeat } = await load("run/teacher.js");
const { newUsage } = await load("simulator/usage.js");
const { anyTools } = await load("tools/distractors.js");

/** @typedef {import("../src/types.ts").Task} Task */
/** @typedef {import("../src/types.ts").Trajectory} Trajectory */

const { config } = resolveConfig({
  preset: "laptop-trial",
  set: ["warmup.from=teacher", "tasks.novelty=null", ...values.set],
});
const engine = await openEngineOf(config);
const { markers, dialect } = await callFormOf(
  engine,
  { config, form: null },
  findLanguageModel(config.models.policy),
  console.error,
);
const session = {
  config,
  engine,
  template: chooseTemplate(engine, markers, dialect, config.policy.thinking).template,
  embed: null,
  distractors: anyTools,
  memory: null,
  usage: newUsage(),
  pause: () => undefined,
  signal: new AbortController().signal,
};

const count = Number(values.tasks);
const series = { id: "measured", names: [config.seed, "measured"], first: 0, count, level: Number(values.level) };
/** @type {Task[]} */
const tasks = [];
await writeTasks(
  session,
  { ...series, declineShare: Number(values.decline), epsilon: 0, toolsets: toolsetsOf(config).train },
  { filled: new Set(), rounds: [], known: [] },
  async (/** @type {number} */ _, /** @type {Task} */ task) => void tasks.push(task),
);

const started = performance.now();
/** @type {Trajectory[]} */
const shown = [];
await teacherSeat(session).withTeacher(async (/** @type {import("../src/run/session.ts").Seated} */ seated) => {
  const show = teacherShows(session, seated);
  await mapConcurrent([...tasks.entries()], seated.sequences, async (/** @type {[number, Task]} */ [index, task]) => {
    const one = await show(task, index);
    shown.push(one);
    if (values.out === undefined) return;
    const { kind, drift } = task;
    const messages = one.messages.map((/** @type {import("../src/types.ts").Message} */ { role, phase, text }) => ({
      role,
      phase,
      text,
    }));
    const line = { id: task.id, kind, drift, kept: isLearnt(one), verdict: one.verdict, counts: one.counts, messages };
    appendFileSync(values.out, `${JSON.stringify(line)}\n`);
  });
});

/**
 * @param {string} name of the row
 * @param {readonly Trajectory[]} of its episodes
 */
function print(name, of) {
  const kept = of.filter((one) => isLearnt(one));
  const line = { pages: name, tasks: of.length, kept: kept.length, ...teacherMetrics(of) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
const pagesOf = (/** @type {Trajectory} */ { task }) => task.drift?.kind ?? (task.kind === "decline" ? "decline" : "true");
for (const pages of new Set(shown.map(pagesOf)))
  print(
    pages,
    shown.filter((one) => pagesOf(one) === pages),
  );
print("all", shown);
const seconds = Math.round((performance.now() - started) / 1000);
process.stdout.write(
  `${JSON.stringify({ teacher: config.models.teacher ?? config.models.simulator, tries: config.warmup.tries, seconds })}\n`,
);
process.exit(0); // exiting frees contexts and models
