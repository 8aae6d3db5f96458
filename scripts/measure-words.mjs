// Measures how a simulator words tasks: the same outlines (tools, values, results) are worded again after each change. Outlines
// that FILE lacks are written into it first. Prints one JSON line: messages built by rule, questions asked again and
// why, tokens read and written a task, seconds a task. --out writes the messages for reading.
//   node scripts/measure-words.mjs --outlines FILE.jsonl [--count 100] [--level 30] [--out FILE.txt] [--set key=value …]
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { load } from "./measure/desk.mjs";

const { values } = parseArgs({
  options: {
    outlines: { type: "string", default: "outlines.jsonl" },
    count: { type: "string", default: "100" },
    level: { type: "string", default: "30" },
    out: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
  },
});
const { mapConcurrent } = await load("concurrent.js");
const { toolsetsOf } = await load("run/toolsets.js");
const { openEngineOf } = await load("run/open-engine.js");
const { resolveConfig } = await load("config/resolve.js");
const { simulatorOf } = await load("run/session.js");
const { newUsage } = await load("simulator/usage.js");
const { taskOrders } = await load("tasks/orders.js");
const { writeOutline, writeWords } = await load("tasks/write-task.js");
const { anyTools } = await load("tools/distractors.js");

const { config } = resolveConfig({ preset: "laptop", set: ["tasks.decline=0.2", ...values.set] });
const engine = await openEngineOf(config);
const width = engine.sequences.simulator * 2;
/** @typedef {import("../src/tasks/write-task.ts").Outline} Outline */
/** @returns {Outline[]} */
const stored = () =>
  (existsSync(values.outlines) ? readFileSync(values.outlines, "utf8").trim().split("\n") : []).map((line) => JSON.parse(line));

const count = Number(values.count);
const series = { id: "measured", names: [config.seed, "measured"], first: 0, count, level: Number(values.level) };
const known = new Set(stored().map(({ order }) => order.id));
const missing = taskOrders(config, { ...series, declineShare: config.tasks.decline, epsilon: 0 }).filter(
  (/** @type {import("../src/tasks/orders.ts").TaskOrder} */ { id }) => !known.has(id),
);
const writing = { toolsets: toolsetsOf(config).train, distractors: anyTools };
await mapConcurrent(missing.entries(), width, async (/** @type {[number, any]} */ [, order]) => {
  const outline = await writeOutline(order, { ...writing, simulator: simulatorOf({ config, engine, usage: newUsage() }) });
  if (!("stage" in outline)) appendFileSync(values.outlines, `${JSON.stringify(outline)}\n`);
});

const usage = newUsage();
/** Why replies were not taken, without the replies. @type {Record<string, number>} */
const refused = {};
const simulator = simulatorOf({ config, engine, usage }).noting({
  keep: (/** @type {import("../src/types.ts").Exchange} */ { problem }) => {
    const reason = problem?.split(/: |\(/)[0];
    if (reason !== undefined) refused[reason] = (refused[reason] ?? 0) + 1;
  },
});
const outlines = stored().slice(0, count);
/** @type {import("../src/tasks/write-task.ts").WrittenTask[]} */
const worded = [];
const started = performance.now();
await mapConcurrent(outlines.entries(), width, async (/** @type {[number, Outline]} */ [at, outline]) => {
  worded[at] = await writeWords(outline, simulator);
});
const seconds = (performance.now() - started) / 1000;
if (values.out !== undefined) {
  const told = outlines.map(({ calls }, at) => {
    const made = calls.map((call) => `${call.name} ${JSON.stringify(call.arguments)} -> ${JSON.stringify(call.result)}`);
    const { task, plainMessage } = worded[at] ?? {};
    return [...made, `  ${plainMessage ? "rule" : "said"}: ${task?.firstMessage}`, ""].join("\n");
  });
  writeFileSync(values.out, told.join("\n"));
}
const each = (/** @type {number} */ total) => Number((total / outlines.length).toFixed(1));
const report = {
  tasks: outlines.length,
  plain_messages: worded.filter(({ plainMessage }) => plainMessage).length,
  replies: usage.replies,
  retried: usage.retried,
  unparsed: usage.unparsed,
  tokens_in_a_task: each(usage["tokens_in/task"]),
  tokens_out_a_task: each(usage["tokens_out/task"]),
  seconds_a_task: each(seconds),
  refused,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0); // exiting frees contexts and models
