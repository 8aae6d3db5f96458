// From an episode to its verdict, with a table of the ways to judge (config reward.verdict): rules alone; mixed, where rules
// decide what they can and log-odds rate the report; a verdict written by the simulator, as TRUSTEE publishes it; or a rubric, item
// by item, as SynthAgent does. In all but the last rules decide alone if a needed call is missing; a judge that fails aborts the
// episode. Under about 4B a written verdict carries no information (docs/simulator-health.md). The log-odds are related to GenRM's
// P(Yes) (arXiv 2408.15240), here placed on a scale between two transcripts built from the blueprint.
import type { Config, Dialect } from "../config/config.ts";
import { executionOf } from "../rules/as-it-is.ts";
import { spacedJson } from "../rules/json.ts";
import { carriedShare } from "../rules/language/said.ts";
import { briefed, type Withheld } from "../simulator/briefing.ts";
import { reportQuestions, verdictPrompt, verdictReply } from "../simulator/prompts/judge.ts";
import { type AskedItem, answersIn, rubricPrompt, rubricReply, rubricTokens } from "../simulator/prompts/rubric.ts";
import { fitted } from "../simulator/prompts/transcript.ts";
import { type Answer, promptOver, type Simulator } from "../simulator/simulator.ts";
import {
  type Episode,
  type Json,
  type JudgedItem,
  type Line,
  rubricSections,
  type Task,
  type Trajectory,
  type Verdict,
} from "../types.ts";
import { asPlayed } from "./as-played.ts";
import { type Conduct, conductOf } from "./conduct.ts";
import { judgedItems, type RubricPay, rubricOf, rubricVerdict } from "./rubric.ts";
import { missesCall, needsJudge, rulesShare, verdict } from "./verdict.ts";

/** Returns the trajectory with its verdict; aborted ones are returned unchanged, and a judge that fails aborts the episode. */
export type Judge = (episode: Episode, simulator: Simulator) => Promise<Trajectory>;

export interface JudgeOptions {
  readonly verdict: Config["reward"]["verdict"];
  readonly dialect: Dialect;
  /** Parts of the task that the verifier does not read. */
  readonly withhold: readonly Withheld[];
  /** Most criteria of a written verdict, for any task. */
  readonly maxCriteria: number;
  /** How a rubric is decided and pays; absent: by rules, as published. */
  readonly rubric?: Pick<Config["reward"], "items"> & RubricPay;
}

const published: NonNullable<JudgeOptions["rubric"]> = {
  items: "rules",
  weights: { subGoals: 0.5, questions: 0.5 },
  leastGoals: 0,
  gate: "any",
};

/** A judge for many episodes; it reads the scale of each task once. */
export function openJudge(options: JudgeOptions): Judge {
  const { verdict: way, dialect, withhold, maxCriteria } = options;
  const scales: Scales = new Map();
  return async (episode, simulator) => {
    const { trajectory: whole, lines } = episode;
    if (whole.status === "aborted") return whole;
    const trajectory = executionOf(whole);
    const played = { ...trajectory, task: asPlayed(trajectory) };
    const conduct = conductOf(played, dialect);
    const brief = briefed(trajectory.task, withhold);
    const judging = way !== "rubric" && missesCall(trajectory.task, conduct) ? judgeWays.rules : judgeWays[way];
    const task = { ...brief, criteria: Math.min(brief.criteria, maxCriteria) };
    const answer = await judging({ trajectory: played, lines, conduct, task, scales, recorded: trajectory, options }, simulator);
    // a rubric names its own fault: what else rules find wrong may have cost no item
    const fault = conduct.fault === null || (answer.ok && answer.value.items !== undefined) ? {} : { fault: conduct.fault };
    if (answer.ok) return { ...whole, verdict: { ...answer.value, ...fault } };
    return { ...whole, status: "aborted", stopReason: "simulator_failed", failure: answer.failure };
  };
}

/** An episode whose trajectory has its task as it was played. */
interface Case extends Episode {
  readonly conduct: Conduct;
  /** The task as the verifier reads it. */
  readonly task: Task;
  readonly scales: Scales;
  /** With the task as it was written. */
  readonly recorded: Trajectory;
  readonly options: JudgeOptions;
}

type Way = (one: Case, simulator: Simulator) => Promise<Answer<Verdict>>;

const judgeWays: Readonly<Record<Config["reward"]["verdict"], Way>> = {
  rules: async (one) => ({ ok: true, value: byRules(one, null) }),
  mixed,
  written,
  rubric: byItems,
};

/** The verdict of the rules; `judge` rates the report, null without a judge. */
function byRules({ trajectory: { task }, conduct }: Case, judge: number | null): Verdict {
  const results = task.expected.map((call) => call.result);
  return verdict(task, conduct, judge, carriedShare(conduct.told, results));
}

async function mixed(one: Case, simulator: Simulator): Promise<Answer<Verdict>> {
  const { task, lines, scales, conduct } = one;
  if (!needsJudge(one.trajectory.task, conduct)) return { ok: true, value: byRules(one, null) };
  // the first episode of a task pays for its scale
  const reading = scales.get(task.id) ?? scaleOf(task, simulator);
  scales.set(task.id, reading);
  const scale = await reading;
  if (!scale.ok) return scale;
  const odds = await logOdds(task, lines, simulator);
  if (!odds.ok) return odds;
  const value = byRules(one, placed(odds.value, scale.value));
  return { ok: true, value: { ...value, margin: scale.value.good - scale.value.bad } };
}

async function written({ trajectory, lines, conduct, task }: Case, simulator: Simulator): Promise<Answer<Verdict>> {
  const maxTokens = 200;
  const answer = await simulator.ask<Reply>({
    role: "verifier",
    messages: promptOver(lines, simulator, { replyTokens: maxTokens }, (read) => verdictPrompt(task, read)),
    schema: verdictReply,
    check: (reply) => ({ value: reply as Reply }), // the schema was checked by ask
    seedNames: [trajectory.seed, "verifier"],
    maxTokens,
    temperature: 0.6,
  });
  if (!answer.ok) return answer;
  const { reward, reason } = answer.value;
  return { ok: true, value: { reward, rules: rulesShare(trajectory.task, conduct), judge: (reward + 1) / 2, reason } };
}

/** Rules decide the items that have one, unless the config leaves all to the verifier; it is asked for the rest at once. */
async function byItems({ recorded, lines, conduct, task, options }: Case, simulator: Simulator): Promise<Answer<Verdict>> {
  const { dialect, rubric: pay = published } = options;
  const rubric = rubricOf(recorded.task);
  const isWritten = pay.items === "written";
  const ruled = isWritten ? [] : judgedItems(rubric, recorded, conduct, dialect);
  const open = rubricSections.flatMap((section) =>
    rubric[section].filter(({ rule }) => isWritten || rule === null).map(({ text }) => ({ section, text })),
  );
  const answer =
    open.length === 0 ? ({ ok: true, value: [] } as const) : await answered(open, { recorded, lines, task }, simulator);
  if (!answer.ok) return answer;
  const written = open.map((item, index): JudgedItem => ({ ...item, met: answer.value[index] ?? false, by: "model" }));
  const items = rubricSections.flatMap((section) => [...ruled, ...written].filter((item) => item.section === section));
  return { ok: true, value: rubricVerdict(items, conduct, pay) };
}

/** What the verifier answers for each item. */
function answered(
  items: readonly AskedItem[],
  { recorded, lines, task }: Pick<Case, "recorded" | "lines" | "task">,
  simulator: Simulator,
): Promise<Answer<readonly boolean[]>> {
  const maxTokens = rubricTokens(items);
  return simulator.ask<readonly boolean[]>({
    role: "verifier",
    messages: promptOver(lines, simulator, { replyTokens: maxTokens }, (read) => rubricPrompt(task, items, read)),
    schema: rubricReply(items),
    check: (reply) => ({ value: answersIn(reply, items) }),
    seedNames: [recorded.seed, "verifier"],
    maxTokens,
    temperature: 0.1, // as published
  });
}

type Reply = { readonly [key: string]: Json } & { readonly reward: -1 | 0 | 1; readonly reason: string };

/** Log-odds of the two ends of a task's scale. */
export interface Scale {
  /** The expected calls with a true report; in a decline task the refusal. */
  readonly good: number;
  /** The expected calls with nothing said about their results. Compared with doing nothing, every report would look good. */
  readonly bad: number;
}
type Scales = Map<string, Promise<Answer<Scale>>>;

/** Mean log-odds (nats) of the good answer over the questions about the report. */
export async function logOdds(task: Task, lines: readonly Line[], simulator: Simulator): Promise<Answer<number>> {
  // one cut for all of them, so that the shared part is computed once
  const read = fitted(lines, (cut) =>
    reportQuestions(task, cut).every(({ messages, lead }) => simulator.fits(messages, lead, 0)),
  );
  const answers = await Promise.all(reportQuestions(task, read).map((question) => simulator.weigh("verifier", question)));
  const odds: number[] = [];
  for (const answer of answers) {
    if (!answer.ok) return answer;
    odds.push((answer.value[0] ?? Number.NaN) - (answer.value[1] ?? Number.NaN));
  }
  const mean = odds.reduce((sum, value) => sum + value, 0) / odds.length;
  if (Number.isFinite(mean)) return { ok: true, value: mean };
  const text = `log-odds are not finite: ${odds.join(", ")}`;
  return { ok: false, failure: { boundary: "verifier", code: "invalid_reply", text } };
}

export async function scaleOf(task: Task, simulator: Simulator): Promise<Answer<Scale>> {
  const reading = (report: string) => logOdds(task, [...rightConduct(task), { role: "assistant", text: report }], simulator);
  const [good, bad] = await Promise.all([reading(task.report), reading("Is there anything else I can help you with?")]);
  if (!good.ok) return good;
  if (!bad.ok) return bad;
  return { ok: true, value: { good: good.value, bad: bad.value } };
}

/** Places log-odds on the scale: 0 at the bad end, 1 at the good end; null if the judge cannot distinguish the ends. */
export function placed(odds: number, { good, bad }: Scale): number | null {
  const margin = good - bad;
  return margin > 0 ? Math.min(1, Math.max(0, (odds - bad) / margin)) : null;
}

/** The right conduct up to the report. */
function rightConduct(task: Task): Line[] {
  return [
    { role: "user", text: task.firstMessage },
    ...task.heldBack.map((held): Line => ({ role: "user", text: held.sentence })),
    ...task.expected.flatMap((call): Line[] => [
      { role: "call", text: spacedJson({ name: call.name, arguments: call.arguments }) },
      { role: "result", text: spacedJson(call.result) },
    ]),
  ];
}
