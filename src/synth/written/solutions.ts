// The fourth stage of a written task (SynthAgent, arXiv 2601.22511): the teacher solves it several times, in the policy's seat of the
// same episode with simulated user and tools. Kept where at least two solutions come to an end and together reach enough of the
// sub-goals; the one that reaches most becomes the blueprint. Kept as records of calls and words, not as training data: nothing
// here has log-probs of the policy. A solution that breaks the restriction counts as none, which the paper does not say.

import { playedIn } from "../../reward/as-played.ts";
import { conductOf } from "../../reward/conduct.ts";
import { rollOut } from "../../rollout/rollout.ts";
import { type Teacher, teacherTemperature } from "../../rollout/teacher.ts";
import { broken } from "../../rules/forbidden.ts";
import { isError } from "../../rules/tool-error.ts";
import { isSameCall } from "../../rules/values.ts";
import { openMemory, type Remembered } from "../../simulator/memory.ts";
import { coveragePrompt } from "../../simulator/prompts/synth-solutions.ts";
import { promptOver, type Simulator } from "../../simulator/simulator.ts";
import { openWorld, type Ways } from "../../simulator/world.ts";
import { object } from "../../tools/tool-arguments.ts";
import type { Episode, ExpectedCall, JsonObject, Line, MadeCall, Status, StopReason, Task } from "../../types.ts";
import type { Dropped } from "../stage.ts";

/** What the stage keeps of one try of the teacher. */
export interface Solution {
  readonly status: Status;
  readonly stopReason: StopReason;
  /** Every well-formed call, refused ones included. */
  readonly calls: readonly MadeCall[];
  /** The conversation with calls and results. */
  readonly lines: readonly Line[];
  /** What was said at the end; null if nothing was. */
  readonly report: string | null;
  readonly brokeRestriction: boolean;
  /** Calls that succeeded, each once, with their results. */
  readonly done: readonly ExpectedCall[];
  /** Indexes of the sub-goals that it reached; empty if it came to no end. */
  readonly reached: readonly number[];
}

export interface SolvedTask {
  readonly solutions: readonly Solution[];
  /** Index of the one that reached most, with the fewest calls. */
  readonly best: number;
  /** Share of the sub-goals that the solutions reached together. */
  readonly coverage: number;
  /** What the tools answered: a run that trains on the set begins with it (store/answers.ts). */
  readonly memory: readonly Remembered[];
}

export interface Solving {
  /** The teacher in the policy's seat. */
  readonly teacher: Teacher["player"];
  readonly simulator: Simulator;
  /** How user and tools are played; with `memory`, the solutions share one. */
  readonly ways: Omit<Ways, "memory"> & { readonly memory: boolean };
  /** How often it is tried. */
  readonly times: number;
  /** Least share of the sub-goals. */
  readonly coverage: number;
}

/** Fewer say nothing about whether the task can be done. */
export const leastSolutions = 2;

/** @param task as the policy will get it, without a blueprint */
export async function solve(
  task: Task,
  subGoals: readonly string[],
  { teacher, simulator, ways, times, coverage }: Solving,
  names: readonly (string | number)[],
): Promise<SolvedTask | Dropped> {
  const player = { ...teacher, temperature: teacherTemperature };
  const remembered: Remembered[] = [];
  const memory = ways.memory ? openMemory([], async (entry) => void remembered.push(entry)) : null;
  const solutions = await Promise.all(
    Array.from({ length: times }, async (_, sample) => {
      const place = { sample, names: [...names, "solution", sample] };
      const episode = await rollOut(task, player, openWorld(task, simulator, { ...ways, memory }, place.names), place);
      const tried = solutionOf(episode, player);
      return isWhole(tried)
        ? { ...tried, reached: await reachedBy(tried, task, { subGoals, simulator, names: place.names }) }
        : tried;
    }),
  );
  const whole = solutions.filter(isWhole);
  if (whole.length < leastSolutions) {
    const ends = solutions.map((one) => (one.brokeRestriction ? "broke the restriction" : one.stopReason)).join(", ");
    return { dropped: "too_few_solutions", reason: `${whole.length} of ${times} solutions came to an end: ${ends}` };
  }
  const together = new Set(whole.flatMap(({ reached }) => reached));
  const share = together.size / subGoals.length;
  if (share < coverage) {
    const left = subGoals.filter((_, index) => !together.has(index));
    return {
      dropped: "uncovered",
      reason: `no solution reached ${left.length} of ${subGoals.length} sub-goals: ${left.join("; ")}`,
    };
  }
  const best = whole.reduce((found, one) => (isBetter(one, found) ? one : found));
  return { solutions, best: solutions.indexOf(best), coverage: share, memory: remembered };
}

function isBetter(one: Solution, other: Solution): boolean {
  const more = one.reached.length - other.reached.length;
  return more > 0 || (more === 0 && one.calls.length < other.calls.length);
}

export function bestOf({ solutions, best }: SolvedTask): Solution {
  const solution = solutions[best];
  if (solution === undefined) throw new RangeError(`solution ${best} of ${solutions.length} is not kept`); // the stage chose it
  return solution;
}

/** Whether it can be learnt from: it ended with words, after calls that succeeded, and kept to the restriction. */
function isWhole({ status, report, brokeRestriction, done }: Solution): boolean {
  return status === "terminated" && report !== null && !brokeRestriction && done.length > 0;
}

function solutionOf({ trajectory, lines }: Episode, { template }: Pick<Teacher["player"], "template">): Solution {
  const { status, stopReason, messages, task } = trajectory;
  const done: ExpectedCall[] = [];
  for (const { name, arguments: given, result } of playedIn(messages)) {
    const tool = task.tools.find((one) => one.name === name);
    const succeeded = result !== undefined && !isError(result, tool);
    const call = { name, arguments: given };
    if (succeeded && !done.some((earlier) => isSameCall(earlier, call, task.tools))) done.push({ ...call, result });
  }
  const rule = task.restriction?.rule;
  // the blueprint that is made of it has to keep an order too: a call that got an error is not in it
  const shown = { task, messages: done.map((call) => ({ role: "assistant" as const, text: "", calls: [call] })) };
  const isLate = rule?.kind === "before" && broken(rule, shown);
  return {
    ...{ status, stopReason, lines, done },
    calls: messages.flatMap(({ calls }) => calls),
    report: conductOf(trajectory, template.dialect).report,
    brokeRestriction: rule !== undefined && (isLate || broken(rule, trajectory)),
    reached: [],
  };
}

interface Reading {
  readonly subGoals: readonly string[];
  readonly simulator: Simulator;
  readonly names: readonly (string | number)[];
}

/** The sub-goals that the conversation shows as reached; none if the simulator does not say. */
async function reachedBy({ lines }: Solution, task: Task, { subGoals, simulator, names }: Reading): Promise<number[]> {
  const maxTokens = 80 * subGoals.length;
  const item = object({ reason: { type: "string", minLength: 3, maxLength: 140 }, done: { type: "boolean" } });
  const answer = await simulator.ask({
    role: "verifier",
    messages: promptOver(lines, simulator, { replyTokens: maxTokens }, (read) => coveragePrompt(task.intent, subGoals, read)),
    schema: object({ sub_goals: { type: "array", minItems: subGoals.length, maxItems: subGoals.length, items: item } }),
    check: (given) => ({ value: given as JsonObject & { readonly sub_goals: readonly { readonly done: boolean }[] } }), // the schema was checked by ask
    seedNames: [...names, "coverage"],
    maxTokens,
    temperature: 0.1,
  });
  return answer.ok ? answer.value.sub_goals.flatMap(({ done }, index) => (done ? [index] : [])) : [];
}
