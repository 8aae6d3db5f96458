// A task that a large simulator writes for a persona, stage by stage (SynthAgent, arXiv 2601.22511): toolset, fuzzy task, check,
// solutions, rubric. The blueprint is the best solution, so that rules can judge, demonstrate and ablate a written task as any
// other: what its calls need and its first message does not say is held back.
import type { Config } from "../../config/config.ts";
import { roomyFor, type Teacher } from "../../rollout/teacher.ts";
import { linksOf } from "../../rules/journal.ts";
import { carries } from "../../rules/language/said.ts";
import type { Persona } from "../../store/task-sets.ts";
import { orderedTask } from "../../tasks/ordered-task.ts";
import { type TaskOrder, taskOrders } from "../../tasks/orders.ts";
import type { ExpectedCall, HeldBack, Task } from "../../types.ts";
import type { Synthesise } from "../stage.ts";
import { type CheckedTools, checkTools } from "./check.ts";
import { type FuzzyTask, writeFuzzyTask } from "./fuzzy.ts";
import { writeRubric } from "./rubric.ts";
import { bestOf, solve } from "./solutions.ts";
import { stageRunner, type ToolWriter } from "./stages.ts";
import { type WrittenToolset, writeToolset } from "./toolset.ts";

/** Who writes and who solves. */
export interface WrittenParts extends ToolWriter {
  /** Null is a mistake of the caller: without a teacher nothing is solved. */
  readonly teacher: Teacher | null;
}

/** Turns of a solution; published for training as well. */
const mostTurns = 16;

export function synthesiseWritten(config: Config, parts: WrittenParts): Synthesise {
  const { simulator, teacher } = parts;
  if (teacher === null) throw new RangeError("written tasks are solved by a teacher, and there is none");
  return async (persona, { position, names }, done, keep) => {
    const run = stageRunner(done, keep);
    const order = orderOf(config, persona, { position, names });
    const toolset = await run("toolset", () => writeToolset(persona, names, parts));
    if (toolset === null) return null;
    const fuzzy = await run("task", () => writeFuzzyTask(persona, toolset, names, simulator));
    if (fuzzy === null) return null;
    const checked = await run("check", () => checkTools(toolset, fuzzy, names, parts));
    if (checked === null) return null;

    const open = unsolved(persona, order, { toolset, fuzzy, checked });
    const { solutions: times, coverage } = config.synth;
    const solving = { teacher: teacher.player, simulator, ways: config.simulator, times, coverage };
    const roomy = { ...open, limits: roomyFor(teacher, solutionLimits(order)) };
    const solved = await run("solutions", () => solve(roomy, toolset.subGoals, solving, names));
    if (solved === null) return null;
    const best = bestOf(solved);
    const task = withBlueprint(open, order, best.done, best.report ?? "");
    const { subGoals, restriction } = toolset;
    const about = { ...task, background: fuzzy.background, restriction };
    const rubric = await run("rubric", () => writeRubric(about, { subGoals, lines: best.lines }, names, simulator));
    return rubric === null ? null : { ...task, rubric };
  };
}

/** Level and limits as the config's first step has them; the source of a run's tasks sets its own. */
function orderOf(config: Config, persona: Persona, place: { position: number; names: readonly (string | number)[] }): TaskOrder {
  const series = { first: place.position, count: 1, level: config.curriculum.start, declineShare: 0, epsilon: 0 };
  const [order] = taskOrders(config, { ...series, id: persona.name, names: place.names });
  if (order === undefined) throw new RangeError("a series of one order is empty"); // count is 1
  return order;
}

interface Written {
  readonly toolset: WrittenToolset;
  readonly fuzzy: FuzzyTask;
  readonly checked: CheckedTools;
}

/** The task as the teacher gets it: what the right calls are is not known yet. */
function unsolved(persona: Persona, order: TaskOrder, { toolset, fuzzy, checked }: Written): Task {
  const ordered = orderedTask(order, [], [], 0);
  const { text } = toolset.restriction;
  return {
    ...ordered,
    kind: "call",
    domain: "written",
    toolset: persona.name,
    tools: checked.tools,
    systemPrompt: `${ordered.systemPrompt} ${text}`,
    intent: toolset.task,
    persona: persona.text,
    firstMessage: fuzzy.message,
    background: fuzzy.background,
    expected: [],
    dependent: false,
    report: "",
    restriction: { ...toolset.restriction, temptation: null },
  };
}

/** Room for 16 turns of each kind. */
function solutionLimits({ responseTokens, tokensPerTurn }: TaskOrder): Task["limits"] {
  return { userReplies: mostTurns, assistantTurns: mostTurns, toolTurns: mostTurns, responseTokens, tokensPerTurn };
}

function withBlueprint(open: Task, order: TaskOrder, expected: readonly ExpectedCall[], report: string): Task {
  const dependent = expected.length > 1; // a later call may use an earlier result under any name, so all keep the teacher's order
  const unsaid = unsaidValues(open, expected);
  const { heldBack, limits } = orderedTask(order, expected, unsaid, expected.length);
  return { ...open, expected, dependent, heldBack, limits, report };
}

/** Values of the calls that the background alone gives: no message, restriction or earlier result does; each once. */
function unsaidValues(
  { systemPrompt, firstMessage, background = "" }: Task,
  expected: readonly ExpectedCall[],
): Omit<HeldBack, "sentence">[] {
  const said = `${systemPrompt}\n${firstMessage}`;
  const found: Omit<HeldBack, "sentence">[] = [];
  const seen = new Set<string>();
  for (const [call, { arguments: given }] of expected.entries()) {
    const linked = new Set(linksOf({ expected, dependent: true }, call).map(({ name }) => name));
    for (const [argument, value] of Object.entries(given)) {
      const key = JSON.stringify([argument, value]);
      const isPrivate = typeof value !== "boolean" && carries(background, value) && !carries(said, value);
      if (isPrivate && !linked.has(argument) && !seen.has(key)) found.push({ call, argument });
      seen.add(key);
    }
  }
  return found;
}
