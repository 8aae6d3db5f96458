// Runs of the embedded catalogue that differ in their seed alone, in one table. They share the held-out tasks that are ready
// (tasks/ready.ts: the n-th of a kind is the same one in every run), so what counts is a task, with the mean over the runs that played
// it: the intervals are of tasks, and tell nothing of how seeds vary, which the rows of the runs show. The public rows are the same
// ones too. Pure.
import heldOut from "../../src/tasks/held-out.json" with { type: "json" };
import { byKey, byKind } from "./by-key.mjs";
import { reports } from "./cells.mjs";
import { table, two } from "./markdown.mjs";
import { phaseGain, stepOf, withLast } from "./phases.mjs";

/** @typedef {import("./collect.mjs").Result} Result */
/** @typedef {import("./collect.mjs").TaskLine} TaskLine */
/** @typedef {import("./phases.mjs").Item} Item */

/**
 * A row for each run, then for each kind and for all.
 * @param {ReadonlyMap<string, Result>} results by name
 * @param {readonly string[]} categories of the public rows whose mean is told
 * @param {Pick<typeof import("../../src/statistics/interval.ts"), "pairedGain">} statistics
 */
export function seedTables(results, categories, statistics) {
  const phases = ["base", "step 0", "last step"];
  const runs = [...results].map(([name, { tasks, benchmark }]) => {
    const last = Math.max(0, ...tasks.flatMap(({ right }) => Object.keys(right).map(stepOf)));
    /** @template {Item} T @param {readonly T[]} items @returns {T[]} */
    const aligned = (items) => items.map((item) => ({ ...item, right: withLast(item.right, last) }));
    const rows = byKey(aligned(benchmark), ({ category }) => category);
    return {
      name,
      tasks: numbered(name, aligned(tasks.filter(reports))),
      rows: categories.map((category) => rows.get(category) ?? []),
    };
  });
  const played = runs.flatMap(({ tasks }) => tasks).filter(({ right }) => "step 0" in right && "last step" in right);
  const shared = [...byKey(played, ({ same }) => same).values()].map((plays) => meanOfPlays(plays, phases));
  const measured = runs.filter(({ rows }) => rows.every((items) => items.length > 0));
  const pooled = categories.map((_, at) => {
    const plays = byKey(
      measured.flatMap(({ rows }) => rows[at] ?? []),
      ({ position }) => String(position),
    );
    return [...plays.values()].map((same) => meanOfPlays(same, phases));
  });
  const rowGain = (/** @type {readonly (readonly Item[])[]} */ rows) => phaseGain(rows, ["base", "last step"], statistics);
  const row = (/** @type {string} */ name, /** @type {readonly Item[]} */ items) => [
    `${name} (${items.length})`,
    ...phases.map((phase) => meanScore(items, phase)),
    phaseGain([items], ["step 0", "last step"], statistics),
  ];
  return [
    `Held-out tasks that chose nothing, played to the end; of each task the mean over the runs that played it, ${played.length} episodes a phase in all:`,
    table(
      ["", ...phases, "step 0 to last step"],
      [
        ...runs.map(({ name, tasks }) => row(name, tasks)),
        ...[...byKind(shared)].map(([kind, items]) => row(kind, items)),
        row("all", shared),
      ],
    ),
    "BFCL rows, strict, mean of the categories; then of each row the mean over the runs:",
    table(
      ["", "base to last step"],
      [
        ...measured.map(({ name, rows }) => [name, rowGain(rows)]),
        ...categories.map((category, at) => [category, rowGain(pooled.slice(at, at + 1))]),
        ["all", rowGain(pooled)],
      ],
    ),
  ].join("\n\n");
}

/** Of how many tasks of a kind every run has the same ones; declines are twins of plain ones. Those behind them a run wrote itself. */
const ready = (/** @type {string} */ kind) =>
  heldOut.filter((one) => one.purpose === "evaluation" && one.kind === (kind === "decline" ? "plain" : kind)).length;

/**
 * Each with a name that runs have in common where they have the task in common: its number among its kind, by the place in its name
 * (eval-12-…), since a task without a whole episode has no line. @param {string} run @param {readonly TaskLine[]} tasks
 */
function numbered(run, tasks) {
  const placeOf = (/** @type {TaskLine} */ { task }) => Number(/^\w+-(\d+)/.exec(task)?.[1] ?? Number.NaN);
  return [...byKey(tasks, ({ kind }) => kind).values()].flatMap((ofKind) => {
    const first = Math.min(...ofKind.map(placeOf));
    return ofKind.map((one) => {
      const number = placeOf(one) - first;
      return { kind: one.kind, right: one.right, same: `${number < ready(one.kind) ? "" : run} ${one.kind} ${number}` };
    });
  });
}

/** @param {readonly (Item & { kind?: string })[]} plays of one task or row @param {readonly string[]} phases */
function meanOfPlays(plays, phases) {
  const right = phases.flatMap((phase) => {
    const values = plays.flatMap((play) => (phase in play.right ? [play.right[phase] ?? 0] : []));
    return values.length === 0 ? [] : [[phase, values.reduce((sum, one) => sum + one, 0) / values.length]];
  });
  return { kind: plays[0]?.kind ?? "", right: /** @type {Record<string, number>} */ (Object.fromEntries(right)) };
}

/** Without an interval: a mean over runs is no share. */
function meanScore(/** @type {readonly Item[]} */ items, /** @type {string} */ phase) {
  const known = items.flatMap(({ right }) => (phase in right ? [right[phase] ?? 0] : []));
  return known.length === 0 ? "-" : two(known.reduce((sum, one) => sum + one, 0) / known.length);
}
