// Keeps what a run showed as JSON under docs/results/, and draws tables and curves from such files. The store itself is not
// kept; a comparison needs the config, the processor, and for every task or benchmark row what each policy did with it.
//   node scripts/results.mjs save RUN [--home DIR] [--name NAME] [--note TEXT]   writes docs/results/NAME.json (default: RUN)
//   node scripts/results.mjs draw NAME …      prints the tables as Markdown and writes docs/results/NAME.svg
//   node scripts/results.mjs seeds NAME …     prints one table of runs that differ in their seed
//   node scripts/results.mjs cells NAME OTHER  prints what NAME has over OTHER on the same held-out tasks (evaluation.perCell, or a task set)
//   node scripts/results.mjs front NAME       writes the table of the README, between its two marks
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cellTable, compareCells } from "./results/cells.mjs";
import { collect } from "./results/collect.mjs";
import { curve } from "./results/curve.mjs";
import { frontTable, seedTables, statistics, tables } from "./results/tables.mjs";
import { root } from "./setup/step.mjs";

/** @typedef {import("./results/collect.mjs").Result} Result */

const { values, positionals } = parseArgs({
  options: { home: { type: "string" }, name: { type: "string" }, note: { type: "string" } },
  allowPositionals: true,
});
const [command, ...names] = positionals;
const folder = join(root, "docs", "results");
const pathOf = (/** @type {string} */ name) => join(folder, `${name}.json`);

/** @returns {Result} */
function read(/** @type {string} */ name) {
  return JSON.parse(readFileSync(pathOf(name), "utf8"));
}

/** One line for each task and benchmark row, so that a change of one is a change of one line. */
function written(/** @type {Result} */ { tasks, benchmark, steps, ...head }) {
  const lines = (/** @type {readonly unknown[]} */ items) =>
    items.length === 0 ? "[]" : `[\n    ${items.map((item) => JSON.stringify(item)).join(",\n    ")}\n  ]`;
  const open = JSON.stringify(head, null, 2).replace(/\n}$/, "");
  return `${open},\n  "steps": ${lines(steps)},\n  "tasks": ${lines(tasks)},\n  "benchmark": ${lines(benchmark)}\n}\n`;
}

const mark = (/** @type {string} */ which) => `<!-- results ${which}: node scripts/results.mjs front -->`;

if (command === "save" && names.length === 1) {
  const run = names[0] ?? "";
  const processor = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`;
  const result = { ...(await collect(run, values.home)), processor, note: values.note ?? "" };
  mkdirSync(folder, { recursive: true });
  writeFileSync(pathOf(values.name ?? run), written(result));
  process.stdout.write(
    `docs/results/${values.name ?? run}.json: ${result.tasks.length} tasks, ${result.benchmark.length} rows\n`,
  );
} else if (command === "draw" && names.length > 0) {
  for (const name of names) {
    const result = read(name);
    writeFileSync(join(folder, `${name}.svg`), curve(result));
    const cells = cellTable(result, statistics);
    process.stdout.write(`${await tables(name, result)}\n${cells === "" ? "" : `\nBy cell:\n\n${cells}\n`}`);
  }
} else if (command === "seeds" && names.length > 0) {
  process.stdout.write(`${await seedTables(new Map(names.map((name) => [name, read(name)])))}\n`);
} else if (command === "cells" && names.length === 2) {
  const [one = "", other = ""] = names;
  process.stdout.write(`${compareCells([one, read(one)], [other, read(other)], statistics)}\n`);
} else if (command === "front" && names.length === 1) {
  const path = join(root, "README.md");
  const text = readFileSync(path, "utf8");
  const [from, to] = [text.indexOf(mark("begin")), text.indexOf(mark("end"))];
  if (from < 0 || to < from) throw new Error(`README.md has no lines ${mark("begin")} and ${mark("end")}`);
  const table = await frontTable(names[0] ?? "", read(names[0] ?? ""));
  writeFileSync(path, `${text.slice(0, from + mark("begin").length)}\n${table}\n${text.slice(to)}`);
} else {
  process.stderr.write("usage: node scripts/results.mjs save RUN | draw NAME … | seeds NAME … | cells NAME OTHER | front NAME\n");
  process.exitCode = 2;
}
