// Writes the ready held-out tasks of the embedded catalogue, src/tasks/held-out.json, with the simulator of the preset laptop and a
// fixed seed. Each task is saved as soon as it is accepted: the script can be stopped and started again, and adds what is missing.
// --fresh starts anew (after a change of the catalogue or of the writing). Prints how many tasks of each kind there are and why
// drafts were rejected. Needs the build; build again afterwards.
//   node scripts/write-held-out.mjs [--fresh] [--count N]     --count: tasks of each set instead of those of the preset evening
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { load, openDesk } from "./measure/desk.mjs";
import { root } from "./setup/step.mjs";

const { values } = parseArgs({ options: { fresh: { type: "boolean", default: false }, count: { type: "string" } } });
const { resolveConfig } = await load("config/resolve.js");
const { toolsetsOf } = await load("run/toolsets.js");
const { openNearness } = await load("run/open-embedder.js");
const { writeTasks } = await load("run/draw/series.js");
const { taskKind } = await load("store/tasks.js");
const { callKinds, messageKey } = await load("tasks/held-out.js");
const { asReady } = await load("tasks/ready.js");

const file = join(root, "src", "tasks", "held-out.json");
/** @typedef {import("../src/tasks/ready.ts").ReadyTask} Ready */
/** @type {Ready[]} */
const entries = values.fresh || !existsSync(file) ? [] : JSON.parse(readFileSync(file, "utf8"));
const order = ["evaluation", "selection", "plain", "ask", "chain", "parallel"];

/** One entry a line, so that a change can be read. */
function save() {
  const rank = (/** @type {Ready} */ one) => order.indexOf(one.purpose) * 1e6 + order.indexOf(one.kind) * 1e4 + one.number;
  const lines = entries.toSorted((a, b) => rank(a) - rank(b)).map((one) => `  ${JSON.stringify(one)}`);
  writeFileSync(`${file}.tmp`, `[\n${lines.join(",\n")}\n]\n`);
  renameSync(`${file}.tmp`, file);
}

const { config } = resolveConfig({ preset: "evening", set: [] });
const { heldOut: toolsets, train } = toolsetsOf(config);
const nearness = await openNearness(config, [...train, ...toolsets]);
const desk = await openDesk(config, nearness);

/** What drafts are compared with: no task is near another one, of either set. @type {{ name: string, vector: Float32Array }[]} */
const known = [];
for (const { firstMessage } of entries) {
  const [vector] = await nearness.embed([firstMessage]);
  known.push({ name: firstMessage, vector });
}

/** @type {Record<string, number>} */
const rejected = {};
let plainMessages = 0;
const started = performance.now();
const before = entries.length;
for (const [purpose, standard] of /** @type {const} */ ([
  ["evaluation", config.evaluation.tasks],
  ["selection", config.evaluation.decisions],
])) {
  /** @type {string[]} */
  const wanted = callKinds(purpose, values.count === undefined ? standard : Number(values.count));
  for (const kind of new Set(wanted)) {
    const count = wanted.filter((one) => one === kind).length;
    const mine = () => entries.filter((one) => one.purpose === purpose && one.kind === kind);
    const series = {
      ...{ id: `held-${purpose}-${kind}`, names: ["held-out", purpose, kind], first: 0, count, kinds: Array(count).fill(kind) },
      ...{ level: config.curriculum.start, declineShare: 0, epsilon: 0, toolsets },
      ...{ taken: new Set(entries.map(messageKey)), heldOut: true },
    };
    const state = { filled: new Set(mine().map(({ number }) => number)), rounds: [], known: [...known] };
    const written = await writeTasks(
      desk,
      series,
      state,
      async (
        /** @type {number} */ number,
        /** @type {import("../src/types.ts").Task} */ task,
        /** @type {{ embedding: { vector: Float32Array } }} */ { embedding },
      ) => {
        if (taskKind(task) !== kind) {
          rejected.other_kind = (rejected.other_kind ?? 0) + 1; // no tool of the catalogue can give this kind
          return;
        }
        known.push({ name: task.firstMessage, vector: embedding.vector });
        entries.push(asReady(task, { purpose, kind, number }));
        save();
      },
    );
    plainMessages += written.plainMessages;
    for (const { stage } of [...written.rejected.values()].flat()) rejected[stage] = (rejected[stage] ?? 0) + 1;
    process.stdout.write(`${purpose} ${kind}: ${mine().length} of ${count}\n`);
  }
}
const seconds = Math.round((performance.now() - started) / 1000);
process.stdout.write(
  `${entries.length} tasks, ${entries.length - before} of them new, in ${seconds} s; first messages built by rule: ${plainMessages}; rejected drafts: ${JSON.stringify(rejected)}\n`,
);
process.exit(0); // exiting frees contexts and models
