// Measures a simulator's tasks, written at several levels as in a run. Prints one JSON line per level: tasks, drafts, why drafts
// were rejected, share of drafts that named a tool, the judge's margin (nats between the ends of the scale), novelty (1 - cosine
// to the nearest earlier task), seconds per task. The tasks themselves are written to --out for inspection.
//   node scripts/measure-tasks.mjs [--direction calls-first] [--each 15] [--levels 1,20,50,90] [--out FILE.jsonl]
//     [--set key=value …]     over the preset laptop
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { load, openDesk } from "./measure/desk.mjs";

const { values } = parseArgs({
  options: {
    direction: { type: "string", default: "calls-first" },
    each: { type: "string", default: "15" },
    levels: { type: "string", default: "1,20,50,90" },
    out: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
  },
});
const { writeTasks } = await load("run/draw/series.js");
const { openNearness } = await load("run/open-embedder.js");
const { toolsetsOf } = await load("run/toolsets.js");
const { resolveConfig } = await load("config/resolve.js");
const { simulatorOf } = await load("run/session.js");
const { newUsage } = await load("simulator/usage.js");
const { scaleOf } = await load("reward/judge.js");

// intent first writes no results: the tools of its episodes are also written
const sets = values.direction === "intent-first" ? ["simulator.tools=written", "simulator.user=written"] : [];
const { config } = resolveConfig({
  preset: "laptop",
  set: [`tasks.direction=${values.direction}`, "tasks.decline=0.2", ...sets, ...values.set],
});
const toolsets = toolsetsOf(config).train;
const desk = await openDesk(config, await openNearness(config, toolsets));
const { engine } = desk;

/** @type {{ name: string, vector: Float32Array }[]} */
const known = [];
let first = 0;
for (const level of values.levels.split(",").map(Number)) {
  const count = Number(values.each);
  const names = [config.seed, "measured"];
  const series = { id: "measured", names, first, count, level, declineShare: config.tasks.decline, epsilon: 0, toolsets };
  first += count;
  /** @type {import("../src/types.ts").Task[]} */
  const tasks = [];
  /** @type {number[]} */
  const novelty = [];
  const started = performance.now();
  const written = await writeTasks(
    desk,
    series,
    { filled: new Set(), rounds: [], known },
    async (
      /** @type {number} */ _,
      /** @type {import("../src/types.ts").Task} */ task,
      /** @type {{ embedding: { vector: Float32Array, closest: number | null } | null }} */ { embedding },
    ) => {
      tasks.push(task);
      if (embedding?.closest != null) novelty.push(1 - embedding.closest);
      if (embedding) known.push({ name: task.id, vector: embedding.vector });
      if (values.out) appendFileSync(values.out, `${JSON.stringify(task)}\n`);
    },
  );
  const seconds = (performance.now() - started) / 1000;
  /** @type {Record<string, number>} */
  const fell = {};
  for (const { stage } of [...written.rejected.values()].flat()) fell[stage] = (fell[stage] ?? 0) + 1;
  const rejected = Object.values(fell).reduce((sum, one) => sum + one, 0);
  const ends = [];
  for (const task of tasks) {
    const scale = await scaleOf(task, simulatorOf({ config, engine, usage: newUsage() }));
    if (scale.ok) ends.push(scale.value.good - scale.value.bad);
  }
  const mean = (/** @type {readonly number[]} */ all) => all.reduce((sum, one) => sum + one, 0) / all.length;
  const round = (/** @type {number} */ value) => Number(value.toFixed(3));
  const report = {
    direction: values.direction,
    level,
    wanted: count,
    written: tasks.length,
    drafts: tasks.length + rejected,
    accepted: round(tasks.length / (tasks.length + rejected)),
    fell,
    plain_messages: written.plainMessages,
    names_a_tool: round((fell.tool_named ?? 0) / (tasks.length + rejected)),
    margin: round(mean(ends)),
    no_margin: ends.filter((margin) => margin <= 0).length,
    novelty: round(mean(novelty)),
    declines: tasks.filter(({ kind }) => kind === "decline").length,
    seconds_a_task: round(seconds / tasks.length),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
// of all replies: those that were not JSON, and those that were retried
const { replies, unparsed, retried, contradictions } = desk.usage;
process.stdout.write(`${JSON.stringify({ replies, unparsed, retried, contradictions })}\n`);
process.exit(0); // exiting frees contexts and models
