// The cells of an evaluation (evaluation.perCell) as Markdown: those of one run by phase, and those of two runs beside each other,
// paired over the same held-out tasks, so that the arms of a comparison may come from two machines or days. Pure.
import { byKey } from "./by-key.mjs";
import { stepOf } from "./curve.mjs";
import { gainText, table, two } from "./markdown.mjs";

/** @typedef {import("./collect.mjs").Result} Result */
/** @typedef {import("./collect.mjs").TaskLine} TaskLine */
/** @typedef {Pick<typeof import("../../src/statistics/interval.ts"), "pairedGain" | "wilson">} Statistics */
/** @typedef {TaskLine & Required<Pick<TaskLine, "cell" | "same" | "solved" | "harm" | "trials">>} CellTask */

const order = ["true", "renamed", "options", "decoy"];

/** The measures that are 0 or 1 for a task: by phase. @type {Record<string, (task: CellTask) => Record<string, number>>} */
const measures = { solved: (task) => task.solved, success: (task) => task.right, harm: (task) => task.harm };

/** @param {Pick<Result, "tasks">} result @returns {Map<string, CellTask[]>} by cell */
function cellsOf({ tasks }) {
  const inCells = tasks.filter((task) => task.cell !== undefined);
  // collect.mjs sets the five together
  return byKey(/** @type {CellTask[]} */ (inCells), ({ cell }) => cell);
}

/** The cells of a result, in their order. @param {Iterable<string>} cells */
const sorted = (cells) => [...cells].sort((a, b) => order.indexOf(a) - order.indexOf(b));

const phasesOf = (/** @type {readonly TaskLine[]} */ tasks) =>
  [...new Set(tasks.flatMap(({ right }) => Object.keys(right)))].sort((a, b) => stepOf(a) - stepOf(b));

/** @param {readonly number[]} values @param {Statistics} statistics */
function share(values, { wilson }) {
  if (values.length === 0) return "-";
  const sum = values.reduce((all, one) => all + one, 0);
  const { low, high } = wilson(sum, values.length);
  return `${two(sum / values.length)} (${two(low)} to ${two(high)}), ${sum} of ${values.length}`;
}

const mean = (/** @type {readonly number[]} */ values) =>
  values.length === 0 ? "-" : two(values.reduce((all, one) => all + one, 0) / values.length);

/**
 * A row for each cell and measure: every phase, and the gain from the first phase that was trained to the last. Empty without cells.
 * @param {Pick<Result, "tasks">} result
 * @param {Statistics} statistics
 */
export function cellTable(result, statistics) {
  const cells = cellsOf(result);
  if (cells.size === 0) return "";
  const phases = phasesOf([...cells.values()].flat());
  const [from, to] = [phases.find((phase) => stepOf(phase) === 0) ?? phases[0] ?? "base", phases.at(-1) ?? "base"];
  const rows = sorted(cells.keys()).flatMap((cell) => {
    const tasks = cells.get(cell) ?? [];
    const at = (/** @type {Record<string, number>} */ values, /** @type {string} */ phase) =>
      phase in values ? [values[phase] ?? 0] : [];
    const shares = Object.entries(measures).map(([measure, of]) => {
      const pairs = tasks.flatMap((task) =>
        at(of(task), from).flatMap((before) => at(of(task), to).map((after) => ({ before, after }))),
      );
      const gain = pairs.length === 0 || from === to ? "-" : gainText(statistics.pairedGain([pairs]));
      const shown = phases.map((phase) =>
        share(
          tasks.flatMap((task) => at(of(task), phase)),
          statistics,
        ),
      );
      return [cell, measure, ...shown, gain];
    });
    const trials = phases.map((phase) => mean(tasks.flatMap((task) => at(task.trials, phase))));
    return [...shares, [cell, "trials", ...trials, ""]];
  });
  return table(["cell", "", ...phases, `${from} to ${to}`], rows);
}

/**
 * What the first run has over the second, cell by cell, at each point of training that both were evaluated at. A task counts where
 * both played the very same one and both episodes were judged.
 * @param {readonly [string, Result]} first name and result
 * @param {readonly [string, Result]} second
 * @param {Statistics} statistics
 */
export function compareCells([name, one], [otherName, other], statistics) {
  const points = ["base", "step 0", "last step"];
  const [cells, others] = [aligned(one), aligned(other)];
  const parts = points.flatMap((point) => {
    const rows = sorted(cells.keys()).flatMap((cell) => {
      const { both, alone } = pairsOf(cells.get(cell) ?? [], others.get(cell) ?? [], point);
      if (both.length === 0) return [];
      const tasks = `${both.length}${alone === 0 ? "" : `, ${alone} of one run alone left out`}`;
      const compared = Object.entries(measures).map(([measure, of]) => {
        const pairs = both.map(([mine, theirs]) => ({ after: of(mine)[point] ?? 0, before: of(theirs)[point] ?? 0 }));
        return [
          ...[cell, measure, tasks],
          share(
            pairs.map(({ after }) => after),
            statistics,
          ),
          share(
            pairs.map(({ before }) => before),
            statistics,
          ),
          gainText(statistics.pairedGain([pairs])),
        ];
      });
      const trials = [0, 1].map((arm) => mean(both.map((pair) => pair[arm]?.trials[point] ?? 0)));
      return [...compared, [cell, "trials", tasks, ...trials, ""]];
    });
    if (rows.length === 0) return [];
    return [`${point}:`, table(["cell", "", "tasks", name, otherName, `${name} less ${otherName}`], rows)];
  });
  if (parts.length === 0) throw new Error(`${name} and ${otherName} have no task of a cell (evaluation.perCell) in common`);
  const differing = differences(one.config, other.config).map(([key, mine, theirs]) => `\`${key}\` ${mine}, ${theirs}`);
  return [
    `### ${name} against ${otherName}`,
    `${name}: ${one.processor}. ${otherName}: ${other.processor}. Config: ${differing.join("; ") || "the same"}.`,
    "Paired over the same held-out tasks, 95 % by bootstrap; shares with Wilson's 95 %.",
    ...parts,
  ].join("\n\n");
}

/** The tasks by cell, with the phase of the last step under one name, since runs may differ in their steps. */
function aligned(/** @type {Result} */ result) {
  const cells = cellsOf(result);
  const last = Math.max(0, ...phasesOf([...cells.values()].flat()).map(stepOf));
  const renamed = (/** @type {Record<string, number>} */ values) =>
    Object.fromEntries(
      Object.entries(values).map(([phase, value]) => [last > 0 && stepOf(phase) === last ? "last step" : phase, value]),
    );
  return new Map(
    [...cells].map(([cell, tasks]) => [
      cell,
      tasks.map((task) => ({
        ...task,
        right: renamed(task.right),
        solved: renamed(task.solved),
        harm: renamed(task.harm),
        trials: renamed(task.trials),
      })),
    ]),
  );
}

/**
 * @param {readonly CellTask[]} mine
 * @param {readonly CellTask[]} theirs
 * @param {string} point
 * @returns {{ both: (readonly [CellTask, CellTask])[], alone: number }} alone: tasks of the point that only one of the two has
 */
function pairsOf(mine, theirs, point) {
  const played = (/** @type {readonly CellTask[]} */ tasks) => tasks.filter(({ solved }) => point in solved);
  const found = new Map(played(theirs).map((task) => [task.same, task]));
  const both = played(mine).flatMap((task) => {
    const twin = found.get(task.same);
    return twin === undefined ? [] : [/** @type {const} */ ([task, twin])];
  });
  return { both, alone: played(mine).length + found.size - 2 * both.length };
}

/** Keys whose values differ, with both as JSON. @param {unknown} one @param {unknown} other @returns {string[][]} */
function differences(one, other, prefix = "") {
  const isTree = (/** @type {unknown} */ value) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isTree(one) || !isTree(other)) {
    const [mine, theirs] = [JSON.stringify(one), JSON.stringify(other)];
    return mine === theirs ? [] : [[prefix, String(mine), String(theirs)]];
  }
  const [left, right] = [new Map(Object.entries(Object(one))), new Map(Object.entries(Object(other)))];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    differences(left.get(key), right.get(key), prefix === "" ? key : `${prefix}.${key}`),
  );
}
