// The simulator's health check: every case of the worlds goes through the same functions that a run uses (judge, user, tool), one
// after the other, so that each answer's cost can be measured. score.ts interprets the findings. A failure of the simulator is a
// finding like any other. Findings are streamed: a caller that stops early keeps what was found so far.

import { EngineError } from "../llm/llm.ts";
import { type JudgeOptions, openJudge } from "../reward/judge.ts";
import { isObject } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { matchesSchema } from "../rules/validate.ts";
import { sameValue } from "../rules/values.ts";
import type { Simulator } from "../simulator/simulator.ts";
import { answerCall } from "../simulator/tools.ts";
import { newUsage, type Usage } from "../simulator/usage.ts";
import { type UserAnswer, userWays } from "../simulator/user.ts";
import type { Ways } from "../simulator/world.ts";
import type { Failure, Json, Task } from "../types.ts";
import { dialect, replay } from "./replay.ts";
import type { CaseWorld, Sort, ToolCase, UserCase } from "./world.ts";
import { forecast, parcel, seats, table } from "./worlds.ts";
import { dentist, flight, library, refunds } from "./worlds-held-out.ts";
import { exchange, rooms } from "./worlds-money.ts";

export const worlds: readonly CaseWorld[] = [forecast, seats, table, parcel, exchange, rooms, dentist, library, flight, refunds];

/** What is examined: a role and a way to play it, named as in the config, and its cases in a world. */
const casesOf = {
  "verdict/rules": (world) => verdictCases(world, "rules"),
  "verdict/mixed": (world) => verdictCases(world, "mixed"),
  "verdict/written": (world) => verdictCases(world, "written"),
  "user/chosen": (world) => userCases(world, "chosen"),
  "user/written": (world) => userCases(world, "written"),
  "tools/blueprint": (world) => toolCases(world, "blueprint"),
  "tools/written": (world) => toolCases(world, "written"),
} as const satisfies Readonly<Record<string, (world: CaseWorld) => Case[]>>;

export type Kind = keyof typeof casesOf;
export const kinds = Object.keys(casesOf) as readonly Kind[]; // its keys are the kinds

export interface Finding {
  readonly kind: Kind;
  /** "table: guesses the guests". */
  readonly name: string;
  readonly world: string;
  readonly heldOut: boolean;
  /** Of a conversation; null for users and tools. */
  readonly sort: Sort | null;
  /** Reward -1..1 of a conversation; null if the simulator failed, and for users and tools. */
  readonly reward: number | null;
  /** Whether a user or a tool did the right thing; null for conversations, which are compared with each other. */
  readonly right: boolean | null;
  /** The answer, in words. */
  readonly came: string;
  readonly seconds: number;
  /** Tokens that the simulator read and wrote for it; 0 if rules decided. */
  readonly tokens: number;
}

/** A question to a simulator whose right answer is known. */
interface Case {
  readonly name: string;
  /** As in Finding. */
  readonly sort: Sort | null;
  readonly ask: (simulator: Simulator) => Promise<{
    readonly reward: number | null;
    readonly right: boolean | null;
    readonly came: string;
  }>;
}

/** How many findings `examine` will yield. */
export function countCases(wanted: readonly Kind[]): number {
  return worlds.flatMap((world) => wanted.flatMap((kind) => casesOf[kind](world))).length;
}

/** Asks the simulator the cases of the wanted kinds, world by world. Ends early, without an error, when cancelled. */
export async function* examine(simulator: Simulator, wanted: readonly Kind[]): AsyncGenerator<Finding> {
  for (const world of worlds)
    for (const kind of wanted)
      for (const { name, sort, ask } of casesOf[kind](world)) {
        const usage = newUsage();
        const started = performance.now();
        const found = await ask(simulator.noting({ usage })).catch(nothingWhenCancelled);
        if (found === null) return;
        const { toolset } = world.task;
        const known = { kind, name: `${toolset}: ${name}`, world: toolset, heldOut: world.heldOut, sort };
        yield { ...known, ...found, tokens: tokensOf(usage), seconds: (performance.now() - started) / 1000 };
      }
}

function nothingWhenCancelled(error: unknown): null {
  if (error instanceof EngineError && error.code === "cancelled") return null;
  throw error;
}

function tokensOf(usage: Usage): number {
  return Object.entries(usage).reduce((sum, [name, count]) => sum + (name.startsWith("tokens_") ? count : 0), 0);
}

function verdictCases({ task, conversations }: CaseWorld, verdict: JudgeOptions["verdict"]): Case[] {
  const judge = openJudge({ verdict, dialect, withhold: [], maxCriteria: task.criteria });
  return conversations.map(({ name, sort, turns }, member) => ({
    name,
    sort,
    ask: async (simulator) => {
      const { verdict, failure } = await judge(replay(task, turns, member), simulator);
      const came = verdict === null ? failureText(failure) : `${verdict.reward.toFixed(2)}, ${verdict.reason}`;
      return { reward: verdict?.reward ?? null, right: null, came };
    },
  }));
}

function userCases({ task, users }: CaseWorld, way: keyof typeof userWays): Case[] {
  return users.map((one) => ({
    name: one.name,
    sort: null,
    ask: async (simulator) => {
      const { lines } = replay(task, one.turns, 0);
      const asked = { task, withhold: [], lines, told: new Set(one.told), names: [task.id, one.name] };
      const answer = await userWays[way](asked, simulator);
      const came = answer.ok ? `${answer.kind}: ${answer.text}` : failureText(answer.failure);
      return { reward: null, right: answer.ok && isRightTurn(answer, task, one), came };
    },
  }));
}

function toolCases({ task, tools }: CaseWorld, way: Ways["tools"]): Case[] {
  return tools.map((one) => ({
    name: one.name,
    sort: null,
    ask: async (simulator) => {
      const { lines } = replay(task, [], 0);
      const { call, journal = [] } = one;
      const answer = await answerCall({ call, task, withhold: [], lines, journal, memory: null }, way, simulator);
      if (!answer.ok) return { reward: null, right: false, came: failureText(answer.failure) };
      const result = JSON.parse(answer.text) as Json; // spacedJson wrote it
      return { reward: null, right: isRightResult(result, task, one), came: answer.text };
    },
  }));
}

/** A written user ends in silence, gives a value in any words, and complains in any message that does not end the conversation. */
function isRightTurn(answer: Extract<UserAnswer, { ok: true }>, task: Task, { right }: UserCase): boolean {
  const ended = answer.kind === "thanks" || answer.kind === "silence";
  if (right === "end") return ended;
  if (right === "complain") return answer.kind === "complaint" || answer.kind === "message";
  if (answer.kind !== "message") return answer.detail === right;
  const held = task.heldBack[right];
  return held !== undefined && carries(answer.text, task.expected[held.call]?.arguments[held.argument] ?? "\u0000");
}

/** An error if one is right; otherwise a result that fits the tool's schema and has the required values. */
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
