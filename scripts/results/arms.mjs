// A run beside its controls, which began with the same policy (train --from): what each came to on the same held-out tasks, and what
// the run has over each of them, kind by kind, paired by task. Pure.
import { SetupError } from "../setup/step.mjs";
import { byKey, byKind } from "./by-key.mjs";
import { reports } from "./cells.mjs";
import { gainText, table, two } from "./markdown.mjs";
import { stepOf } from "./phases.mjs";

/** @typedef {import("./collect.mjs").Result} Result */
/** @typedef {Pick<typeof import("../../src/statistics/interval.ts"), "pairedGain" | "wilson">} Statistics */
/**
 * A task that all played: whether the run's first phase had it right, and the last phase of every arm. // ends [arm]
 * @typedef {{ kind: string, start: number, ends: number[] }} Shared
 */

/**
 * @param {ReadonlyMap<string, Result>} results by name; the first is the run, the others are its controls
 * @param {Statistics} statistics
 */
export function compareArms(results, { pairedGain, wilson }) {
  const names = [...results.keys()];
  const tasks = sharedTasks([...results.values()]);
  if (tasks.length === 0)
    throw new SetupError(`${names.join(", ")} have no held-out task in common. Save them again with this version.`, { code: 2 });
  const score = (/** @type {readonly number[]} */ values) => {
    const right = values.reduce((sum, one) => sum + one, 0);
    const { low, high } = wilson(right, values.length);
    return `${two(right / values.length)} (${two(low)} to ${two(high)})`;
  };
  const ended = (/** @type {readonly Shared[]} */ of, /** @type {number} */ arm) => of.map(({ ends }) => ends[arm] ?? 0);
  const gain = (/** @type {readonly number[]} */ before, /** @type {readonly number[]} */ after) =>
    gainText(pairedGain([before.map((value, index) => ({ before: value, after: after[index] ?? 0 }))]));
  const groups = [...byKind(tasks), /** @type {const} */ (["all", tasks])];
  const shares = groups.map(([kind, of]) => {
    const starts = of.map(({ start }) => start);
    return [`${kind} (${of.length})`, score(starts), ...names.map((_, arm) => score(ended(of, arm)))];
  });
  const gains = groups.map(([kind, of]) => {
    const starts = of.map(({ start }) => start);
    const over = names.slice(1).map((_, control) => gain(ended(of, control + 1), ended(of, 0)));
    return [`${kind} (${of.length})`, ...names.map((_, arm) => gain(starts, ended(of, arm))), ...over];
  });
  const minutes = [...results].map(([name, { steps }]) => {
    const seconds = steps.reduce((sum, step) => sum + (step.seconds ?? 0), 0);
    return `${name} ${(seconds / 60).toFixed(0)}`;
  });
  return [
    `Minutes of training: ${minutes.join(", ")}.`,
    "Share right of the held-out tasks that all played, at the start and at the end of each:",
    table(["", "start", ...names], shares),
    "Gain over the start, and of the run over its controls:",
    table(["", ...names, ...names.slice(1).map((name) => `${names[0]} less ${name}`)], gains),
    ...rowTable(results, pairedGain),
  ].join("\n\n");
}

/**
 * What the run's end has over that of each control on the public rows that both played; nothing where there are none.
 * @param {ReadonlyMap<string, Result>} results @param {Statistics["pairedGain"]} pairedGain
 */
function rowTable(results, pairedGain) {
  const [run = "", ...controls] = results.keys();
  const ended = (/** @type {string} */ name) => {
    const rows = results.get(name)?.benchmark ?? [];
    const last = Math.max(-1, ...rows.flatMap(({ right }) => Object.keys(right).map(stepOf)));
    // rows of the untrained model stand with every run of it
    const of = (/** @type {Record<string, number>} */ right) =>
      last < 0 ? undefined : Object.entries(right).find(([phase]) => stepOf(phase) === last)?.[1];
    return new Map(rows.map(({ category, position, right }) => [`${category} ${position}`, { category, right: of(right) }]));
  };
  const mine = ended(run);
  const lines = controls.flatMap((control) => {
    const pairs = [...ended(control)].flatMap(([key, { category, right: before }]) => {
      const after = mine.get(key)?.right;
      return before === undefined || after === undefined ? [] : [{ category, before, after }];
    });
    if (pairs.length === 0) return [];
    const groups = [...byKey(pairs, ({ category }) => category)];
    const named = groups.map(([category, group]) => [`${category} (${group.length})`, gainText(pairedGain([group]))]);
    const all = ["mean", gainText(pairedGain(groups.map(([, group]) => group)))];
    return [...named, all].map(([name = "", gain = ""]) => [`${run} less ${control}, ${name}`, gain]);
  });
  return lines.length === 0 ? [] : ["BFCL rows that both played, strict, at the end of each:", table(["", "gain"], lines)];
}

/** The reporting tasks that every run played at its end, and the first also at its start. @param {readonly Result[]} results */
function sharedTasks(results) {
  const ends = results.map(({ tasks }) => {
    const reporting = tasks.filter(reports);
    const last = Math.max(-1, ...reporting.flatMap(({ right }) => Object.keys(right).map(stepOf)));
    return new Map(
      reporting.flatMap(({ same, right }) =>
        Object.entries(right).flatMap(([phase, value]) =>
          same !== undefined && stepOf(phase) === last ? [/** @type {const} */ ([same, value])] : [],
        ),
      ),
    );
  });
  const begun = (results[0]?.tasks ?? []).filter(reports);
  const phases = begun.flatMap(({ right }) => Object.keys(right));
  const first = phases.toSorted((a, b) => stepOf(a) - stepOf(b))[0] ?? "base";
  return begun.flatMap(({ same, kind, right }) => {
    const start = right[first];
    const of = ends.flatMap((one) => one.get(same ?? "") ?? []);
    return start === undefined || of.length < results.length ? [] : [{ kind, start, ends: of }];
  });
}
