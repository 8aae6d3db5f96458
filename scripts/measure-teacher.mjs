// Measures what a teacher shows: tasks of the catalogue with tools that are not what their pages say, each played several times with
// trials in the policy's seat. Prints how many tasks are kept, what became of all tries, and the same by drift; with --out each kept
// or best episode as a line of JSON. By default the teacher is the simulator's model.
//   node scripts/measure-teacher.mjs [--tasks 12] [--level 30] [--decline 0] [--out FILE.jsonl] [--set key=value …]
//     [--set …]     over the preset laptop-trial with warmup.from=teacher
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { load, openDesk, tasksOf } from "./measure/desk.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "12" },
    level: { type: "string", default: "30" },
    decline: { type: "string", default: "0" },
    out: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
  },
});
const { mapConcurrent } = await load("concurrent.js");
const { resolveConfig } = await load("config/resolve.js");
const { isLearnt, teacherMetrics, teacherShows } = await load("run/teach.js");
const { teacherSeat } = await load("run/teacher.js");

/** @typedef {import("../src/types.ts").Task} Task */
/** @typedef {import("../src/types.ts").Trajectory} Trajectory */

const { config } = resolveConfig({
  preset: "laptop-trial",
  set: ["warmup.from=teacher", "tasks.novelty=null", ...values.set],
});
const desk = await openDesk(config);
const wanted = { count: Number(values.tasks), level: Number(values.level), declineShare: Number(values.decline) };
const tasks = await tasksOf(desk, wanted);

const started = performance.now();
/** @type {Trajectory[]} */
const shown = [];
await teacherSeat(desk).withTeacher(async (/** @type {import("../src/run/session.ts").Seated} */ seated) => {
  const show = teacherShows(desk, seated);
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
    const line = {
      id: task.id,
      kind,
      drift,
      kept: isLearnt(one, desk.template.dialect),
      verdict: one.verdict,
      counts: one.counts,
      messages,
    };
    appendFileSync(values.out, `${JSON.stringify(line)}\n`);
  });
});

/**
 * @param {string} name of the row
 * @param {readonly Trajectory[]} of its episodes
 */
function print(name, of) {
  const kept = of.filter((one) => isLearnt(one, desk.template.dialect));
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
