// Keeps what a run showed as JSON under docs/results/, and draws tables and curves from such files. The store itself is not
// kept; a comparison needs the config, the processor, and for every task or benchmark row what each policy did with it.
//   node scripts/results.mjs save RUN [--home DIR] [--name NAME] [--note TEXT]   writes docs/results/NAME.json (default: RUN)
//   node scripts/results.mjs draw NAME …      prints the tables as Markdown, and writes docs/results/NAME.svg if first turns were played
//   node scripts/results.mjs seeds NAME …     prints one table of runs that differ in their seed
//   node scripts/results.mjs arms NAME CONTROL …  prints what NAME has over runs that began with the same policy (train --from)
//   node scripts/results.mjs cells NAME OTHER  prints what NAME has over OTHER on the same held-out tasks (evaluation.perCell, or a task set)
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareArms } from "./results/arms.mjs";
import { cellTable, compareCells } from "./results/cells.mjs";
import { collect } from "./results/collect.mjs";
import { curve } from "./results/curve.mjs";
import { seedTables } from "./results/seeds.mjs";
import { meanOf, statistics, tables } from "./results/tables.mjs";
import { root, SetupError, script } from "./setup/step.mjs";

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
  if (!existsSync(pathOf(name)))
    throw new SetupError(`There is no docs/results/${name}.json. Save a run under that name first.`, { code: 2 });
  return JSON.parse(readFileSync(pathOf(name), "utf8"));
}

const results = () => new Map(names.map((name) => [name, read(name)]));

/** One line for each task and benchmark row, so that a change of one is a change of one line. */
function written(/** @type {Result} */ { tasks, benchmark, steps, ...head }) {
  const lines = (/** @type {readonly unknown[]} */ items) =>
    items.length === 0 ? "[]" : `[\n    ${items.map((item) => JSON.stringify(item)).join(",\n    ")}\n  ]`;
  const open = JSON.stringify(head, null, 2).replace(/\n}$/, "");
  return `${open},\n  "steps": ${lines(steps)},\n  "tasks": ${lines(tasks)},\n  "benchmark": ${lines(benchmark)}\n}\n`;
}

await script(async () => {
  if (command === "save" && names.length === 1) {
    const run = names[0] ?? "";
    const processor = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`;
    const result = { ...(await collect(run, values.home)), processor, note: values.note ?? "" };
    const path = pathOf(values.name ?? run);
    if (existsSync(path) && read(values.name ?? run).started !== result.started)
      throw new SetupError(`${path} is of another run. Give this one another --name.`, { code: 2 });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, written(result));
    process.stdout.write(
      `docs/results/${values.name ?? run}.json: ${result.tasks.length} tasks, ${result.benchmark.length} rows\n`,
    );
  } else if (command === "draw" && names.length > 0) {
    for (const name of names) {
      const result = read(name);
      if (result.tasks.some(({ purpose }) => purpose === "selection")) writeFileSync(join(folder, `${name}.svg`), curve(result));
      const cells = cellTable(result, statistics);
      process.stdout.write(`${await tables(name, result)}\n${cells === "" ? "" : `\nBy cell:\n\n${cells}\n`}`);
    }
  } else if (command === "seeds" && names.length > 0) {
    process.stdout.write(`${seedTables(results(), meanOf, statistics)}\n`);
  } else if (command === "arms" && names.length > 1) {
    process.stdout.write(`${compareArms(results(), statistics)}\n`);
  } else if (command === "cells" && names.length === 2) {
    const [one = "", other = ""] = names;
    process.stdout.write(`${compareCells([one, read(one)], [other, read(other)], statistics)}\n`);
  } else {
    process.stderr.write(
      "usage: node scripts/results.mjs save RUN | draw NAME … | seeds NAME … | arms NAME CONTROL … | cells NAME OTHER\n",
    );
    process.exitCode = 2;
  }
});
