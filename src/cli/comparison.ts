// Two policies on the same held-out tasks, in words for people: success with its interval, and the paired gain with its own.
// Pure.
import { type Interval, pairedGain, wilson } from "../statistics/interval.ts";
import type { Outcome, Scores } from "../store/scores.ts";

/** The columns: the policies in the order in which they were trained. */
interface Column {
  readonly title: string;
  readonly outcomes: ReadonlyMap<number, Outcome>;
}

/**
 * One row for each kind of task and one for all: checkpoint 0, the best and the last step that were played, with the gains over
 * checkpoint 0 if it was played.
 */
export function comparisons(outcomes: readonly Outcome[], best: number, last: number): readonly Scores[] {
  const played = (step: number): ReadonlyMap<number, Outcome> =>
    new Map(outcomes.filter((one) => one.step === step).map((one) => [one.position, one]));
  const first: Column = { title: "step 0", outcomes: played(0) };
  const later: readonly Column[] = [...new Set([best, last])]
    .map((step) => ({ title: titleOf(step, best, last), outcomes: played(step), step }))
    .filter((column) => column.step !== 0 && column.outcomes.size > 0);
  const isFirst = first.outcomes.size > 0;
  const shown = isFirst ? [first, ...later] : later;
  const tasks = new Map(shown.flatMap(({ outcomes }) => [...outcomes]));
  const kinds = [...new Set([...tasks.values()].map(({ kind }) => kind))].sort();
  return [...kinds, null].flatMap((kind) => {
    const places = [...tasks.values()].filter((one) => kind === null || one.kind === kind).map((one) => one.position);
    if (places.length === 0) return [];
    const row: Record<string, string | number> = { kind: kind ?? "all", tasks: places.length };
    for (const column of shown) row[column.title] = success(column.outcomes, places);
    for (const column of isFirst ? later : []) row[`gain, ${column.title}`] = gain(first.outcomes, column.outcomes, places);
    return [row];
  });
}

function titleOf(step: number, best: number, last: number): string {
  if (step === best) return best === last ? `best and last (step ${step})` : `best (step ${step})`;
  return `last (step ${step})`;
}

function success(outcomes: Column["outcomes"], places: readonly number[]): string {
  const played = places.flatMap((place) => outcomes.get(place) ?? []);
  const right = played.filter((one) => one.success === 1).length;
  if (played.length === 0) return "-";
  return `${share(right / played.length)} ${brackets(wilson(right, played.length))}`;
}

/** By the tasks that both have been judged on. */
function gain(before: Column["outcomes"], after: Column["outcomes"], places: readonly number[]): string {
  const pairs = places.flatMap((place) => {
    const [old, now] = [before.get(place), after.get(place)];
    return old === undefined || now === undefined ? [] : [{ before: old.success, after: now.success }];
  });
  if (pairs.length === 0) return "-";
  const found = pairedGain([pairs]);
  const text = `${found.gain < 0 ? "" : "+"}${share(found.gain)} ${brackets(found)}`;
  return found.distinguishable ? text : `${text} not distinguishable`;
}

function share(value: number): string {
  return value.toFixed(2);
}

function brackets({ low, high }: Interval): string {
  return `[${share(low)}, ${share(high)}]`;
}
