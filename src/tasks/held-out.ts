// What kinds of task are held out, and how many of each. Two sets that share no task: `evaluation` reports, `selection` chooses
// the best checkpoint. One table has the shares; any total is divided by them. Departs from the paper, which judges on public
// benchmarks alone. Pure.
import { draws } from "../rng.ts";
import type { Purpose, Task, Toolset } from "../types.ts";
import { irrelevanceOf } from "./irrelevance.ts";
import type { OrderedKind } from "./orders.ts";

export const heldOutPurposes = ["evaluation", "selection"] as const;
export type HeldOutPurpose = (typeof heldOutPurposes)[number];
/** Whether tasks of a purpose are trained on, and so belong to a step. */
export function isTraining(purpose: Purpose): purpose is Exclude<Purpose, HeldOutPurpose> {
  return purpose === "train" || purpose === "demonstration";
}

type HeldOutKind = OrderedKind | "decline";

/** Tasks of each kind in sets of 48 and 168. The second decides on calls, declines and questions, 4:2:1. */
const shares: Readonly<Record<HeldOutPurpose, Readonly<Record<HeldOutKind, number>>>> = {
  evaluation: { plain: 12, ask: 12, chain: 12, parallel: 4, decline: 8 },
  selection: { plain: 72, ask: 24, chain: 12, parallel: 12, decline: 48 },
};

/** `total` tasks divided by the table; what rounding down leaves goes to the largest remainders, in the table's order. */
export function heldOutQuota(purpose: HeldOutPurpose, total: number): Readonly<Record<HeldOutKind, number>> {
  const entries = Object.entries(shares[purpose]) as [HeldOutKind, number][]; // the keys of the table
  const sum = entries.reduce((all, [, count]) => all + count, 0);
  const exact = entries.map(([kind, count]) => ({ kind, exact: (count * total) / sum }));
  const quota = new Map(exact.map((one) => [one.kind, Math.floor(one.exact)]));
  const missing = total - [...quota.values()].reduce((all, count) => all + count, 0);
  const byRemainder = exact.toSorted((a, b) => (b.exact % 1) - (a.exact % 1));
  for (const { kind } of byRemainder.slice(0, missing)) quota.set(kind, (quota.get(kind) ?? 0) + 1);
  return Object.fromEntries(quota) as Record<HeldOutKind, number>; // every kind of the table
}

/** The kinds of the call tasks of a set, place by place; its decline tasks take the places after them. */
export function callKinds(purpose: HeldOutPurpose, total: number): readonly OrderedKind[] {
  const { decline: _, ...calls } = heldOutQuota(purpose, total);
  return (Object.entries(calls) as [OrderedKind, number][]).flatMap(([kind, count]) => Array<OrderedKind>(count).fill(kind)); // as above
}

/**
 * The decline tasks of a set by place: twins of its call tasks, plain ones first, from which the needed tool is missing. No
 * simulator is asked.
 * @param calls the set's call tasks by place; places of tasks that could not be written are missing
 */
export function declineTwins(
  calls: ReadonlyMap<number, Task>,
  of: { readonly purpose: HeldOutPurpose; readonly total: number; readonly toolsets: readonly Toolset[] },
): ReadonlyMap<number, Task> {
  const plainFirst = [...calls.values()].toSorted((a, b) => Number(!isPlain(a)) - Number(!isPlain(b)));
  const first = callKinds(of.purpose, of.total).length;
  const twins = plainFirst.slice(0, of.total - first);
  return new Map(
    twins.map((task, index) => [first + index, irrelevanceOf(task, of.toolsets, draws("held-out", of.purpose, index))]),
  );
}

function isPlain({ heldBack, expected }: Task): boolean {
  return heldBack.length === 0 && expected.length === 1;
}

/** Two tasks with the same key are the same for the policy, whatever else differs. */
export function messageKey({ toolset, firstMessage }: Pick<Task, "toolset" | "firstMessage">): string {
  return `${toolset}\n${firstMessage.trim().toLowerCase()}`;
}
