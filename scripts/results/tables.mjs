// Tables of a kept result as Markdown: scores by phase with intervals, paired gains, benchmark rows.
import { byKey } from "./by-key.mjs";
import { reports } from "./cells.mjs";
import { classOf, stepOf } from "./curve.mjs";
import { gainText, table, two } from "./markdown.mjs";

/** @typedef {import("./collect.mjs").Result} Result */
/** @typedef {{ right: Record<string, number> }} Item */

const built = new URL("../../dist/", import.meta.url).href; // not a literal, so that types can be checked without dist/
/** @type {typeof import("../../src/statistics/interval.ts")} */
export const statistics = await import(`${built}statistics/interval.js`);
const { pairedGain, wilson } = statistics;
/** @type {typeof import("../../src/benchmark/score.ts")} */
const { meanOf } = await import(`${built}benchmark/score.js`);

const phasesOf = (/** @type {readonly Item[]} */ items) =>
  [...new Set(items.flatMap(({ right }) => Object.keys(right)))].sort((a, b) => stepOf(a) - stepOf(b));

function score(/** @type {readonly Item[]} */ items, /** @type {string} */ phase) {
  const known = items.flatMap(({ right }) => (phase in right ? [right[phase] ?? 0] : []));
  if (known.length === 0) return "-";
  const sum = known.reduce((all, one) => all + one, 0);
  const { low, high } = wilson(sum, known.length);
  return `${two(sum / known.length)} (${two(low)} to ${two(high)})`;
}

/** Paired over the items that both phases played, by stratum. */
function gain(/** @type {readonly (readonly Item[])[]} */ strata, /** @type {string} */ before, /** @type {string} */ after) {
  const pairs = strata.map((items) =>
    items.flatMap(({ right }) =>
      before in right && after in right ? [{ before: right[before] ?? 0, after: right[after] ?? 0 }] : [],
    ),
  );
  if (pairs.some((one) => one.length === 0)) return "-";
  return gainText(pairedGain(pairs));
}

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

const kinds = ["plain", "parallel", "chain", "ask", "ask+chain", "decline"];

/** @param {string} name @param {Result} result */
export async function tables(name, { tasks, benchmark, steps, processor, note }) {
  const reporting = tasks.filter(reports);
  const start = phasesOf(reporting).find((phase) => stepOf(phase) === 0) ?? "base";
  const evaluation = byKey(
    reporting.toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)),
    ({ kind }) => kind,
  );
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

/**
 * Runs that differ in their seed alone, together: the same table, whose last phase is the last step of each, and the gain of
 * all with each seed as a stratum. A seed has its own held-out tasks; the public rows are the same ones.
 * @param {ReadonlyMap<string, Result>} results by name
 */
export async function seedTables(results) {
  const aligned = [...results].map(([name, { tasks, benchmark }]) => {
    const last = Math.max(0, ...tasks.flatMap(({ right }) => Object.keys(right).map(stepOf)));
    const renamed = (/** @type {Record<string, number>} */ right) =>
      Object.fromEntries(
        Object.entries(right).flatMap(([phase, value]) => {
          const step = stepOf(phase);
          if (step > 0 && step < last) return [];
          return [[step === last && last > 0 ? "last step" : phase, value]];
        }),
      );
    const of = (/** @type {readonly { right: Record<string, number> }[]} */ items) =>
      items.map((item) => ({ ...item, right: renamed(item.right) }));
    const rows = byKey(/** @type {typeof benchmark} */ (of(benchmark)), ({ category }) => category);
    return {
      name,
      tasks: /** @type {typeof tasks} */ (of(tasks.filter(reports))),
      rows: meanOf.map((category) => rows.get(category) ?? []),
    };
  });
  const phases = ["base", "step 0", "last step"];
  const byKind = byKey(
    aligned.flatMap(({ tasks }) => tasks).toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)),
    ({ kind }) => kind,
  );
  const row = (
    /** @type {string} */ name,
    /** @type {readonly Item[]} */ items,
    /** @type {readonly (readonly Item[])[]} */ strata,
  ) => [`${name} (${items.length})`, ...phases.map((phase) => score(items, phase)), gain(strata, "step 0", "last step")];
  const measured = aligned.filter(({ rows }) => rows.every((items) => items.length > 0));
  return [
    "Held-out tasks that chose nothing, played to the end, by seed and of all seeds:",
    table(
      ["", ...phases, "step 0 to last step"],
      [
        ...aligned.map(({ name, tasks }) => row(name, tasks, [tasks])),
        ...[...byKind].map(([kind, items]) => row(kind, items, [items])),
        row(
          "all",
          aligned.flatMap(({ tasks }) => tasks),
          aligned.map(({ tasks }) => tasks),
        ),
      ],
    ),
    "BFCL rows, strict, mean of the categories:",
    table(
      ["", "base to last step"],
      measured.map(({ name, rows }) => [name, gain(rows, "base", "last step")]),
    ),
  ].join("\n\n");
}
