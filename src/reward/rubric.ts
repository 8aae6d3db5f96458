// What an episode is paid for, item by item: SynthAgent's rubric (arXiv 2601.22511) with its three sections. Where a task brings
// none, it is derived from the blueprint by rule. Pure; items that only a model can tell are judge.ts's. Departs from the paper,
// where a model decides every item: here rules decide what they can, in an executed world by its final table, so that any path
// to it counts.
import type { Config, Dialect } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { parseToolCalls } from "../llm/text/tool-call.ts";
import { askedAt, type Transcript } from "../rules/asked.ts";
import { broken } from "../rules/forbidden.ts";
import { isObject, own } from "../rules/json.ts";
import { carriedShare, carries } from "../rules/language/said.ts";
import { spoken } from "../rules/language/spoken.ts";
import { tableAfter } from "../rules/table.ts";
import { isSameCall, sameValue } from "../rules/values.ts";
import {
  type ItemRule,
  type Json,
  type JudgedItem,
  type Rubric,
  type RubricItem,
  type RubricSection,
  rubricSections,
  type Task,
  type ToolCall,
  type Trajectory,
  type Verdict,
} from "../types.ts";
import { asPlayed } from "./as-played.ts";
import { type Conduct, gives, writtenCalls } from "./conduct.ts";

/** How a rubric pays. */
export type RubricPay = Pick<Config["reward"], "weights" | "leastGoals" | "gate">;

/** The task's own rubric, or the one that follows from its blueprint. Its texts are the same for all tasks of a kind. */
export function rubricOf(task: Task): Rubric {
  if (task.rubric !== undefined) return task.rubric;
  const { restriction, heldBack, expected } = task;
  if (task.kind === "decline") {
    // who calls nothing keeps to every restriction: an item of its own would be met for nothing
    return {
      forbidden: [{ text: "no tool is called", rule: { kind: "no_call" } }],
      subGoals: [{ text: "the request is declined in words", rule: { kind: "refused" } }],
      questions: [],
    };
  }
  const kept: readonly RubricItem[] = restriction === undefined ? [] : [{ text: restriction.text, rule: restriction.rule }];
  return {
    forbidden: kept,
    subGoals: expected.flatMap((_, index) => goalsOf(task, index)),
    questions: heldBack.map(({ argument }, index) => ({
      text: `the ${spoken(argument)} is asked for before it is used`,
      rule: { kind: "asked", heldBack: index },
    })),
  };
}

/** What the expected call at `index` is for. A call that only finds the id for a later one is no goal of its own. */
function goalsOf(task: Task, index: number): RubricItem[] {
  const { table, expected } = task;
  const call = expected[index];
  if (call === undefined) return [];
  const isLast = index === expected.length - 1;
  const reported: RubricItem = { text: `the report states the result of ${call.name}`, rule: { kind: "reported", call: index } };
  const operation = table !== undefined && Object.hasOwn(table.operations, call.name) ? table.operations[call.name] : undefined;
  if (table === undefined || operation === undefined) {
    const called: RubricItem = { text: `${call.name} is called with the right values`, rule: { kind: "called", call: index } };
    return isLast ? [called, reported] : [called];
  }
  if (operation === "find" || operation === "get") return isLast ? [reported] : [];
  const before = new Set(tableAfter(table, expected.slice(0, index)).map((record) => JSON.stringify(record)));
  const changed = tableAfter(table, expected.slice(0, index + 1)).find((record) => !before.has(JSON.stringify(record)));
  const end = tableAfter(table, expected).find(({ id }) => id === changed?.id);
  if (end === undefined) return []; // the blueprint's call fails: it changes nothing
  const isNew = !table.records.some(({ id }) => id === end.id);
  const values = Object.fromEntries(Object.entries(end.values).filter(([name]) => Object.hasOwn(call.arguments, name)));
  const done = { create: "created", update: "changed", cancel: "cancelled" }[operation];
  const rule: ItemRule = { kind: "record", id: isNew ? null : end.id, values, state: end.state };
  const made: RubricItem = { text: `the ${spoken(table.thing)} is ${done} as asked`, rule };
  return isLast ? [made, reported] : [made];
}

/** What the rules of items read of an episode. */
interface Read extends Transcript {
  readonly task: Task;
  /** The task with the results that its calls really had. */
  readonly played: Task;
  readonly conduct: Conduct;
}

/** The items that rules can tell, section by section. `trajectory` has its task as it was written, `conduct` is of the played one. */
export function judgedItems(rubric: Rubric, trajectory: Trajectory, conduct: Conduct, dialect: Dialect): JudgedItem[] {
  const { task } = trajectory;
  const messages = trajectory.messages.map((message) => {
    if (message.role !== "assistant") return message;
    const { errors, rest } = parseToolCalls(message.text, dialect); // no thought asks, and no call, however malformed
    return { ...message, text: errors.length > 0 ? "" : rest };
  });
  const read = { task, played: asPlayed(trajectory), messages, conduct };
  return rubricSections.flatMap((section) =>
    rubric[section].flatMap(({ text, rule }): JudgedItem[] =>
      rule === null ? [] : [{ section, text, met: isMet(rule, read), by: "rule" }],
    ),
  );
}

function isMet(rule: ItemRule, read: Read): boolean {
  const { task, played, messages, conduct } = read;
  switch (rule.kind) {
    case "called": {
      const expected = played.expected[rule.call];
      return expected !== undefined && conduct.calls.some((call) => isSameCall(expected, call, task.tools));
    }
    case "record": {
      if (task.table === undefined) return false;
      const known = new Set(task.table.records.map(({ id }) => id));
      return tableAfter(task.table, conduct.calls).some(
        ({ id, values, state }) =>
          (rule.id === null ? !known.has(id) : rule.id === id) &&
          (rule.state === null || rule.state === state) &&
          Object.entries(rule.values).every(([name, value]) => sameValue(own(values, name) ?? null, value)),
      );
    }
    case "reported": {
      const tool = task.expected[rule.call]?.name;
      const isCalled = conduct.calls.some(({ name }) => name === tool); // what was never done has no result to report
      return isCalled && conduct.report !== null && carriedShare(conduct.told, toldResult(task, played, rule.call)) === 1;
    }
    case "refused":
      return conduct.refused;
    case "no_call":
      return writtenCalls(conduct).length + conduct.malformed === 0;
    case "asked": {
      const held = task.heldBack[rule.heldBack];
      if (held === undefined) return true; // the user has told it
      const use = messages.findIndex(({ calls }) => calls.some((call: ToolCall) => gives(call, held, task)));
      const asked = askedAt(read, held);
      return Number.isFinite(asked) && (use < 0 || asked < use);
    }
    default:
      return !broken(rule, read);
  }
}

/** The part of a result that a report must state: what the task's own true report states of it. */
function toldResult(task: Task, played: Task, index: number): Json {
  const [planned, result] = [task.expected[index]?.result ?? null, played.expected[index]?.result ?? null];
  if (!isObject(planned) || !isObject(result)) return result;
  const told = Object.entries(result).filter(
    ([name]) => Object.hasOwn(planned, name) && carries(task.report, planned[name] ?? null),
  );
  return told.length === 0 ? result : Object.fromEntries(told);
}

/** Share of the items that are met; null if there are none. */
export function shareMet(items: readonly JudgedItem[], section?: RubricSection): number | null {
  const own = items.filter((item) => section === undefined || item.section === section);
  return own.length === 0 ? null : own.filter(({ met }) => met).length / own.length;
}

/**
 * R in 0..1: 0 if anything forbidden was done (gate `half`: more than half of it), or if fewer sub-goals are reached than
 * `leastGoals`; else the weighted mean of the shares of sub-goals and questions. A section without items drops out; one that is
 * left without any weight asks for nothing.
 * @throws PlayactError("config") for a rubric without items
 */
export function rubricReward(items: readonly JudgedItem[], { weights, leastGoals, gate }: RubricPay): number {
  if (items.length === 0)
    throw new PlayactError(
      "config",
      "A rubric needs at least one item, and this task's has none: give it sub-goals, or set reward.verdict=rules.",
    );
  const kept = shareMet(items, "forbidden") ?? 1;
  if (gate === "any" ? kept < 1 : kept < 0.5) return 0;
  const goals = shareMet(items, "subGoals");
  if (goals !== null && goals < leastGoals) return 0;
  const questions = shareMet(items, "questions");
  const parts = [
    ...(goals === null ? [] : [{ share: goals, weight: weights.subGoals }]),
    ...(questions === null ? [] : [{ share: questions, weight: weights.questions }]),
  ];
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 1 : parts.reduce((sum, { share, weight }) => sum + share * weight, 0) / total;
}

const faults: Readonly<Record<RubricSection, readonly [code: string, lead: string]>> = {
  forbidden: ["broken_restriction", "not kept"],
  subGoals: ["missed_goal", "not reached"],
  questions: ["missed_question", "not asked"],
};

/** The verdict by items; `rules` is 1 exactly when all are met. What kept a goal from being reached is the fault of the conduct. */
export function rubricVerdict(items: readonly JudgedItem[], conduct: Conduct, pay: RubricPay): Verdict {
  const verdict = {
    reward: rubricReward(items, pay),
    rules: shareMet(items) ?? 0,
    judge: shareMet(items.filter(({ by }) => by === "model")),
    items,
  };
  const unmet = items.find(({ met }) => !met);
  if (unmet === undefined) return { ...verdict, reason: `all ${items.length} items of the rubric are met` };
  const [code, lead] = faults[unmet.section];
  const reason = `${lead}: ${unmet.text}`;
  const fault = (unmet.section === "subGoals" ? conduct.fault : null) ?? { code, reason };
  return { ...verdict, reason, fault };
}
