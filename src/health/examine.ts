// The simulator's health check: every case of the worlds goes through the very functions that a run uses (judge, user, tool),
// one after the other, so that each answer's cost can be told. Says what came; what to make of it is score.ts. A failure of
// the simulator is a finding here like any other. Streams: whoever stops listening keeps what was found so far.

import { type ChatModel, type EngineCounters, EngineError } from "../llm/llm.ts";
import { type Court, judge } from "../reward/judge.ts";
import { isObject } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { matchesSchema } from "../rules/validate.ts";
import { sameValue } from "../rules/values.ts";
import type { Patience } from "../simulator/ask.ts";
import { answerCall } from "../simulator/tool.ts";
import type { ToolAnswer } from "../simulator/tool-rules.ts";
import { nextSentence, type UserAnswer } from "../simulator/user.ts";
import { writtenResult } from "../simulator/written-tool.ts";
import { writtenTurn } from "../simulator/written-user.ts";
import type { Failure, Json, Task } from "../types.ts";
import { dialect, replay } from "./replay.ts";
import type { TalkSort, ToolCase, UserCase, World } from "./world.ts";
import { forecast, parcel, seats, table } from "./worlds.ts";
import { dentist, flight, library, refunds } from "./worlds-held-out.ts";
import { exchange, rooms } from "./worlds-money.ts";

export const worlds: readonly World[] = [forecast, seats, table, parcel, exchange, rooms, dentist, library, flight, refunds];

/** What is examined: a role and the way it is played, by the words of the config. */
export const kinds = [
  "verdict/rules",
  "verdict/mixed",
  "verdict/log-odds",
  "verdict/written",
  "user/chosen",
  "user/written",
  "tools/blueprint",
  "tools/written",
] as const;
export type Kind = (typeof kinds)[number];
type VerdictKind = Court["kind"];

export interface Finding {
  readonly kind: Kind;
  /** "table: guesses the guests". */
  readonly name: string;
  readonly world: string;
  readonly heldOut: boolean;
  /** Of a talk; null for users and tools. */
  readonly sort: TalkSort | null;
  /** Reward -1..1 of a talk; null where the simulator failed, and for users and tools. */
  readonly reward: number | null;
  /** Whether a user or a tool did what is right; null for talks, which are judged by their order. */
  readonly right: boolean | null;
  /** What came, in words. */
  readonly came: string;
  readonly seconds: number;
  /** Tokens that the simulator read and wrote for it; 0 where rules decided. */
  readonly tokens: number;
}

export interface Examiner {
  readonly simulator: ChatModel;
  readonly patience: Patience;
  /** The simulator's counters at this moment. */
  readonly counters: () => EngineCounters;
  readonly signal?: AbortSignal | undefined;
}

type Case = Omit<Finding, "reward" | "right" | "came" | "seconds" | "tokens"> & {
  readonly ask: () => Promise<Pick<Finding, "reward" | "right" | "came">>;
};

/** How many findings `examine` will yield. */
export function countCases(wanted: readonly Kind[]): number {
  const of = ({ talks, users, tools }: World, kind: Kind) =>
    (kind.startsWith("verdict/") ? talks : kind.startsWith("user/") ? users : tools).length;
  return worlds.reduce((sum, world) => sum + wanted.reduce((own, kind) => own + of(world, kind), 0), 0);
}

/** Puts the cases of the wanted kinds to the simulator, world by world. Ends early, in silence, when it is cancelled. */
export async function* examine(examiner: Examiner, wanted: readonly Kind[]): AsyncGenerator<Finding> {
  for (const { ask, ...one } of casesOf(examiner, wanted)) {
    const before = examiner.counters();
    const started = performance.now();
    try {
      const found = await ask();
      const { prefilled, decoded, reused } = examiner.counters();
      const tokens = prefilled + decoded + reused - before.prefilled - before.decoded - before.reused;
      yield { ...one, ...found, tokens, seconds: (performance.now() - started) / 1000 };
    } catch (error) {
      if (error instanceof EngineError && error.code === "cancelled") return;
      throw error;
    }
  }
}

function casesOf(examiner: Examiner, wanted: readonly Kind[]): Case[] {
  return worlds.flatMap((world) =>
    wanted.flatMap((kind) => {
      if (isVerdict(kind)) return verdictCases(world, kind, examiner);
      return kind.startsWith("user/") ? userCases(world, kind, examiner) : toolCases(world, kind, examiner);
    }),
  );
}

const isVerdict = (kind: Kind): kind is `verdict/${VerdictKind}` => kind.startsWith("verdict/");

function verdictCases(world: World, kind: `verdict/${VerdictKind}`, examiner: Examiner): Case[] {
  const { task } = world;
  const court: Court = {
    ...examiner,
    dialect,
    kind: kind.slice("verdict/".length) as VerdictKind, // what the kinds begin with is cut off
    withhold: [],
    maxCriteria: task.criteria,
    scales: new Map(), // the anchors of this world, read once
  };
  return world.talks.map(({ name, sort, turns }, member) => ({
    ...named(world, kind, name),
    sort,
    ask: async () => {
      const { verdict, failure } = await judge(replay(task, turns, member), court);
      const came = verdict === null ? failureText(failure) : `${verdict.reward.toFixed(2)}, ${verdict.reason}`;
      return { reward: verdict?.reward ?? null, right: null, came };
    },
  }));
}

function userCases(world: World, kind: Kind, examiner: Examiner): Case[] {
  return world.users.map((one) => ({
    ...named(world, kind, one.name),
    sort: null,
    ask: async () => {
      const answer = await askUser(kind === "user/chosen", world.task, one, examiner);
      const came = answer.ok ? `${answer.kind}: ${answer.text}` : failureText(answer.failure);
      return { reward: null, right: answer.ok && isRightTurn(answer, world.task, one), came };
    },
  }));
}

function toolCases(world: World, kind: Kind, examiner: Examiner): Case[] {
  return world.tools.map((one) => ({
    ...named(world, kind, one.name),
    sort: null,
    ask: async () => {
      const answer = await askTool(kind === "tools/blueprint", world.task, one, examiner);
      if (!answer.ok) return { reward: null, right: false, came: failureText(answer.failure) };
      const result = JSON.parse(answer.text) as Json; // spacedJson wrote it
      return { reward: null, right: isRightResult(result, world.task, one), came: answer.text };
    },
  }));
}

function named({ task, heldOut }: World, kind: Kind, name: string) {
  return { kind, heldOut, world: task.toolset, name: `${task.toolset}: ${name}` };
}

function askUser(chosen: boolean, task: Task, one: UserCase, examiner: Examiner): Promise<UserAnswer> {
  const { simulator, patience, signal } = examiner;
  const { lines } = replay(task, one.turns, 0);
  return chosen
    ? nextSentence(task, lines, new Set(one.told), simulator, patience, signal)
    : writtenTurn(task, lines, simulator, patience, [task.id, one.name], signal);
}

/** A written user ends in silence, gives a value away in any words and complains in any words that are not the end. */
function isRightTurn(answer: Extract<UserAnswer, { ok: true }>, task: Task, { right }: UserCase): boolean {
  const ended = answer.kind === "thanks" || answer.kind === "silence";
  if (right === "end") return ended;
  if (right === "complain") return answer.kind === "complaint" || answer.kind === "message";
  if (answer.kind !== "message") return answer.detail === right;
  const held = task.heldBack[right];
  return held !== undefined && carries(answer.text, task.expected[held.call]?.arguments[held.argument] ?? "\u0000");
}

function askTool(blueprint: boolean, task: Task, one: ToolCase, examiner: Examiner): Promise<ToolAnswer> {
  const { simulator, patience, signal } = examiner;
  const journal = one.journal ?? [];
  const { lines } = replay(task, [], 0);
  return blueprint
    ? answerCall(one.call, task, lines, journal, simulator, patience, signal)
    : writtenResult(one.call, task, lines, journal, simulator, patience, signal);
}

/** An error where one is due; else what the tool declares, with the values that must be. */
function isRightResult(result: Json, task: Task, { call, right }: ToolCase): boolean {
  const values = isObject(result) ? result : {};
  if (right === "error") return typeof values.error === "string";
  const { returns = {} } = task.tools.find(({ name }) => name === call.name) ?? {};
  const agrees = Object.entries(right).every(([name, value]) => sameValue(values[name] ?? null, value));
  return agrees && matchesSchema(returns, result).length === 0;
}

function failureText(failure: Failure | null): string {
  return failure === null ? "nothing" : `failed (${failure.code}): ${failure.text}`;
}
