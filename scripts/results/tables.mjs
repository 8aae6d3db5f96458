// Tables of a kept result as Markdown: scores by phase with intervals, paired gains, benchmark rows.
import { byKey, byKind } from "./by-key.mjs";
import { reports } from "./cells.mjs";
import { classOf } from "./curve.mjs";
import { table, two } from "./markdown.mjs";
import { phaseGain, stepOf } from "./phases.mjs";

/** @typedef {import("./collect.mjs").Result} Result */
/** @typedef {import("./phases.mjs").Item} Item */

const built = new URL("../../dist/", import.meta.url).href; // not a literal, so that types can be checked without dist/
/** @type {typeof import("../../src/statistics/interval.ts")} */
export const statistics = await import(`${built}statistics/interval.js`);
const { wilson } = statistics;
/** @type {typeof import("../../src/benchmark/score.ts")} */
export const { meanOf } = await import(`${built}benchmark/score.js`);

const phasesOf = (/** @type {readonly Item[]} */ items) =>
  [...new Set(items.flatMap(({ right }) => Object.keys(right)))].sort((a, b) => stepOf(a) - stepOf(b));

function score(/** @type {readonly Item[]} */ items, /** @type {string} */ phase) {
  const known = items.flatMap(({ right }) => (phase in right ? [right[phase] ?? 0] : []));
  if (known.length === 0) return "-";
  const sum = known.reduce((all, one) => all + one, 0);
  const { low, high } = wilson(sum, known.length);
  return `${two(sum / known.length)} (${two(low)} to ${two(high)})`;
}

const gain = (/** @type {readonly (readonly Item[])[]} */ strata, /** @type {string} */ before, /** @type {string} */ after) =>
  phaseGain(strata, [before, after], statistics);

/** A row for each group: its score in every phase, and the gain from the first phase to each later one; `total`: one for all. */
function scores(/** @type {Map<string, Item[]>} */ of, /** @type {string} */ from, total = false) {
  const all = [...of.values()].flat();
  const groups = total ? [...of, /** @type {const} */ (["all", all])] : [...of];
  const phases = phasesOf(all);
  const later = phases.filter((phase) => stepOf(phase) > stepOf(from));
  const rows = groups.map(([name, items]) => [
    `${name} (${items.length})`,
    ...phases.map((phase) => score(items, phase)),
    ...later.map((phase) => gain([items], from, phase)),
  ]);
  return table(["", ...phases, ...later.map((phase) => `${from} to ${phase}`)], rows);
}

/** @param {string} name @param {Result} result */
export async function tables(name, { tasks, benchmark, steps, processor, note }) {
  const reporting = tasks.filter(reports);
  const start = phasesOf(reporting).find((phase) => stepOf(phase) === 0) ?? "base";
  const evaluation = byKind(reporting);
  const selection = byKey(
    tasks.filter(({ purpose }) => purpose === "selection"),
    ({ kind }) => classOf(kind),
  );
  const rows = byKey(benchmark, ({ category }) => category);
  const strata = meanOf.map((category) => rows.get(category) ?? []);
  const policies = phasesOf(benchmark).filter((policy) => policy !== "base");
  const parts = [`### ${name}`, `${processor}. ${note}`.trim()];
  parts.push(
    "Held-out tasks that chose nothing, played to the end; share right with 95 % intervals:",
    evaluation.size === 0 ? "none" : scores(evaluation, start, true),
    "Held-out tasks that choose the checkpoint, first turn:",
    selection.size === 0 ? "none" : scores(selection, start),
  );
  if (rows.size > 0)
    parts.push(
      "BFCL rows, strict:",
      scores(rows, "base"),
      ...policies.map((policy) => `Mean of ${meanOf.join(", ")}, base to ${policy}: ${gain(strata, "base", policy)}.`),
    );
  parts.push(
    "Steps:",
    table(
      ["step", "level", "reward", "success", "seconds"],
      steps.map(({ step, level, reward, success, seconds }) => [
        String(step),
        String(level),
        ...[reward, success].map((value) => (value === null ? "" : two(value))),
        String(Math.round(seconds ?? 0)),
      ]),
    ),
  );
  return parts.join("\n\n");
}
