// The cells of an evaluation (evaluation.perCell, or the held-out tasks of a task set as one) as Markdown: those of one run by phase,
// and those of two runs beside each other, paired over the same held-out tasks, so that the arms of a comparison may come from two
// machines or days. Pure.
import { SetupError } from "../setup/step.mjs";
import { byKey } from "./by-key.mjs";
import { gainText, table, two } from "./markdown.mjs";
import { stepOf, withLast } from "./phases.mjs";

/** @typedef {import("./collect.mjs").Result} Result */
/** @typedef {import("./collect.mjs").TaskLine} TaskLine */
/** @typedef {Pick<typeof import("../../src/statistics/interval.ts"), "pairedGain" | "wilson">} Statistics */
/** @typedef {TaskLine & Required<Pick<TaskLine, "cell" | "same" | "measures">>} CellTask */

/** Decoys once more by the place of the right one: whoever always takes the same one is right in one of the two alone. */
const order = ["true", "renamed", "options", "decoy", "decoy 1", "decoy 2", "set"];

/**
 * Whether a task reports: those in cells play one plain task under several pages, and would count it as often. @param {TaskLine} task
 */
export const reports = ({ purpose, cell }) => purpose === "evaluation" && (cell === undefined || cell === "set");

/** Measures that are not 0 or 1 for a task: their mean has no interval of its own, its gains have. */
const means = ["trials", "goals", "asked"];

/** What is measured of the tasks of a cell, in the order of the rows. @param {readonly CellTask[]} tasks */
function namesIn(tasks) {
  const [first, ...others] = Object.keys(tasks[0]?.measures ?? {});
  return [...(first === undefined ? [] : [first]), "success", ...others];
}

/** The values of a measure by phase. @param {CellTask} task @param {string} name */
const valuesOf = ({ right, measures }, name) => (name === "success" ? right : (measures[name] ?? {}));

/** @param {Pick<Result, "tasks">} result @returns {Map<string, CellTask[]>} by cell */
function cellsOf({ tasks }) {
  const inCells = tasks.filter((task) => task.cell !== undefined);
  const placed = inCells.flatMap((task) => (task.place === undefined ? [] : [{ ...task, cell: `decoy ${task.place}` }]));
  // collect.mjs sets the five together
  return byKey(/** @type {CellTask[]} */ ([...inCells, ...placed]), ({ cell }) => cell);
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

/** @param {string} name @param {readonly number[]} values @param {Statistics} statistics */
const score = (name, values, statistics) => (means.includes(name) ? mean(values) : share(values, statistics));

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
    return namesIn(tasks).map((name) => {
      const at = (/** @type {CellTask} */ task, /** @type {string} */ phase) => {
        const values = valuesOf(task, name);
        return phase in values ? [values[phase] ?? 0] : [];
      };
      const pairs = tasks.flatMap((task) => at(task, from).flatMap((before) => at(task, to).map((after) => ({ before, after }))));
      const gain = pairs.length === 0 || from === to ? "-" : gainText(statistics.pairedGain([pairs]));
      const shown = phases.map((phase) =>
        score(
          name,
          tasks.flatMap((task) => at(task, phase)),
          statistics,
        ),
      );
      return [cell, name, ...shown, gain];
    });
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
      const mine = cells.get(cell) ?? [];
      return namesIn(mine).flatMap((name) => {
        const { both, alone } = pairsOf(mine, others.get(cell) ?? [], { point, name });
        if (both.length === 0) return [];
        const pairs = both.map(([after, before]) => ({ after, before }));
        const column = (/** @type {"after" | "before"} */ arm) =>
          score(
            name,
            pairs.map((pair) => pair[arm]),
            statistics,
          );
        const tasks = `${both.length}${alone === 0 ? "" : `, ${alone} of one run alone left out`}`;
        return [[cell, name, tasks, column("after"), column("before"), gainText(statistics.pairedGain([pairs]))]];
      });
    });
    if (rows.length === 0) return [];
    return [`${point}:`, table(["cell", "", "tasks", name, otherName, `${name} less ${otherName}`], rows)];
  });
  if (parts.length === 0)
    throw new SetupError(`${name} and ${otherName} have no task of a cell (evaluation.perCell) or of a set in common.`, {
      code: 2,
    });
  const differing = differences(one.config, other.config).map(([key, mine, theirs]) => `\`${key}\` ${mine}, ${theirs}`);
  return [
    `### ${name} against ${otherName}`,
    `${name}: ${one.processor}. ${otherName}: ${other.processor}. Config: ${differing.join("; ") || "the same"}.`,
    "Paired over the same held-out tasks, 95 %: of what is 0 or 1 Tango's score interval, else by bootstrap; shares with Wilson's.",
    ...parts,
  ].join("\n\n");
}

/** The tasks by cell, with the phase of the last step under one name, since runs may differ in their steps. */
function aligned(/** @type {Result} */ result) {
  const cells = cellsOf(result);
  const last = Math.max(0, ...phasesOf([...cells.values()].flat()).map(stepOf));
  const renamed = (/** @type {Record<string, number>} */ values) => withLast(values, last);
  return new Map(
    [...cells].map(([cell, tasks]) => [
      cell,
      tasks.map((task) => ({
        ...task,
        right: renamed(task.right),
        measures: Object.fromEntries(Object.entries(task.measures).map(([name, values]) => [name, renamed(values)])),
      })),
    ]),
  );
}

/**
 * The values of a measure that both have of the very same tasks.
 * @param {readonly CellTask[]} mine
 * @param {readonly CellTask[]} theirs
 * @param {{ point: string, name: string }} of
 * @returns {{ both: (readonly [number, number])[], alone: number }} alone: tasks of the point that only one of the two has
 */
function pairsOf(mine, theirs, { point, name }) {
  const measured = (/** @type {readonly CellTask[]} */ tasks) =>
    new Map(
      tasks.flatMap((task) => {
        const value = valuesOf(task, name)[point];
        return value === undefined ? [] : [/** @type {const} */ ([task.same, value])];
      }),
    );
  const [own, found] = [measured(mine), measured(theirs)];
  const both = [...own].flatMap(([same, value]) => {
    const twin = found.get(same);
    return twin === undefined ? [] : [/** @type {const} */ ([value, twin])];
  });
  return { both, alone: own.size + found.size - 2 * both.length };
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
