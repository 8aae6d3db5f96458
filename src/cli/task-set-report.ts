// What came of a task set, for people and as JSON: how many personas were kept, why the others were not, what the stages took.
import { PlayactError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { type StageSummary, stageSummaries, taskSetStates } from "../store/synthesis-summary.ts";
import type { TaskSet } from "../store/task-sets.ts";
import { formatTable, type Print, printJson } from "./output.ts";

/**
 * Prints a set; `seconds`: how long this command has worked at it.
 * @throws PlayactError("simulator") after it has been printed, if all personas were dropped
 */
export function printTaskSet(
  store: Store,
  set: TaskSet,
  { seconds, json }: { readonly seconds: number; readonly json: boolean },
  print: Print,
): void {
  const state = taskSetStates(store).find(({ name }) => name === set.name);
  if (state === undefined) throw new Error(`the task set ${set.name} is gone`);
  const stages = stageSummaries(store, set);
  const left = state.personas - state.kept - state.dropped;
  if (json) printJson(print, { ...state, left, seconds, stages: stages.map((stage) => ({ ...stage })) });
  else {
    const share = Math.round((100 * state.kept) / Math.max(1, state.kept + state.dropped));
    const toDo = left === 0 ? "" : `, ${left} to do`;
    print(`${set.name}: ${state.kept} tasks (${share} % kept), ${state.dropped} dropped${toDo}; ${seconds.toFixed(0)} s\n\n`);
    print(formatTable(["stage", "dropped", "personas", "s", "tokens in", "tokens out", "for example"], stages.map(cells)));
  }
  if (left === 0 && state.kept === 0)
    throw new PlayactError(
      "simulator",
      `None of the ${state.personas} personas of ${set.name} came to a task: see why above. Try a larger simulator (--set models.simulator=NAME) in a new set.`,
    );
}

const exampleLength = 80;

function cells({ stage, dropped, personas, seconds, tokensIn, tokensOut, example }: StageSummary) {
  return [stage, dropped, personas, Number(seconds.toFixed(1)), tokensIn, tokensOut, example?.slice(0, exampleLength) ?? null];
}
