// The simulator's health check: every case of the worlds goes through the very functions that a run uses (judge, user, tool),
// one after the other, so that each answer's cost can be told. Says what came; what to make of it is score.ts. A failure of
// the simulator is a finding here like any other. Streams: whoever stops listening keeps what was found so far.

import { EngineError } from "../llm/llm.ts";
import { openJudge } from "../reward/judge.ts";
import { isObject } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { matchesSchema } from "../rules/validate.ts";
import { sameValue } from "../rules/values.ts";
import type { Simulator } from "../simulator/simulator.ts";
import { answerCall } from "../simulator/tools.ts";
import { newUsage } from "../simulator/usage.ts";
import { type UserAnswer, userWays } from "../simulator/user.ts";
import type { Failure, Json, Task } from "../types.ts";
import { dialect, replay } from "./replay.ts";
import type { CaseWorld, TalkSort, ToolCase, UserCase } from "./world.ts";
import { forecast, parcel, seats, table } from "./worlds.ts";
import { dentist, flight, library, refunds } from "./worlds-held-out.ts";
import { exchange, rooms } from "./worlds-money.ts";

export const worlds: readonly CaseWorld[] = [forecast, seats, table, parcel, exchange, rooms, dentist, library, flight, refunds];

/** What is examined: a role and the way it is played, by the words of the config. */
export const kinds = [
  "verdict/rules",
  "verdict/mixed",
  "verdict/written",
  "user/chosen",
  "user/written",
  "tools/blueprint",
  "tools/written",
] as const;
export type Kind = (typeof kinds)[number];

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

/** A case of a world under one kind, and how to put it to a simulator. */
type Case = Omit<Finding, "reward" | "right" | "came" | "seconds" | "tokens"> & {
  readonly ask: (simulator: Simulator) => Promise<Pick<Finding, "reward" | "right" | "came">>;
};

/** How many findings `examine` will yield. */
export function countCases(wanted: readonly Kind[]): number {
  const of = ({ talks, users, tools }: CaseWorld, kind: Kind) =>
    (kind.startsWith("verdict/") ? talks : kind.startsWith("user/") ? users : tools).length;
  return worlds.reduce((sum, world) => sum + wanted.reduce((own, kind) => own + of(world, kind), 0), 0);
}

/** Puts the cases of the wanted kinds to the simulator, world by world. Ends early, in silence, when it is cancelled. */
export async function* examine(simulator: Simulator, wanted: readonly Kind[]): AsyncGenerator<Finding> {
  for (const { ask, ...one } of worlds.flatMap((world) => wanted.flatMap((kind) => casesOf(world, kind)))) {
    const usage = newUsage();
    const started = performance.now();
    try {
      const found = await ask(simulator.counting(usage));
      const tokens = Object.entries(usage).reduce((sum, [name, count]) => sum + (name.startsWith("tokens_") ? count : 0), 0);
      yield { ...one, ...found, tokens, seconds: (performance.now() - started) / 1000 };
    } catch (error) {
      if (error instanceof EngineError && error.code === "cancelled") return;
      throw error;
    }
  }
}

function casesOf(world: CaseWorld, kind: Kind): Case[] {
  const [role, way] = kind.split("/");
  if (role === "verdict") return verdictCases(world, kind, way as "rules" | "mixed" | "written"); // as `kinds` lists them
  if (role === "user") return userCases(world, kind, way as "chosen" | "written");
  return toolCases(world, kind, way as "blueprint" | "written");
}

function verdictCases(world: CaseWorld, kind: Kind, verdict: "rules" | "mixed" | "written"): Case[] {
  const { task } = world;
  const judge = openJudge({ verdict, dialect, withhold: [], maxCriteria: task.criteria });
  return world.talks.map(({ name, sort, turns }, member) => ({
    ...named(world, kind, name),
    sort,
    ask: async (simulator) => {
      const { verdict, failure } = await judge(replay(task, turns, member), simulator);
      const came = verdict === null ? failureText(failure) : `${verdict.reward.toFixed(2)}, ${verdict.reason}`;
      return { reward: verdict?.reward ?? null, right: null, came };
    },
  }));
}

function userCases(world: CaseWorld, kind: Kind, way: keyof typeof userWays): Case[] {
  const { task } = world;
  return world.users.map((one) => ({
    ...named(world, kind, one.name),
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

function toolCases(world: CaseWorld, kind: Kind, way: "blueprint" | "written"): Case[] {
  const { task } = world;
  return world.tools.map((one) => ({
    ...named(world, kind, one.name),
    sort: null,
    ask: async (simulator) => {
      const { lines } = replay(task, [], 0);
      const { call, journal = [] } = one;
      const answer = await answerCall({ call, task, withhold: [], lines, journal }, way, simulator);
      if (!answer.ok) return { reward: null, right: false, came: failureText(answer.failure) };
      const result = JSON.parse(answer.text) as Json; // spacedJson wrote it
      return { reward: null, right: isRightResult(result, task, one), came: answer.text };
    },
  }));
}

function named({ task, heldOut }: CaseWorld, kind: Kind, name: string) {
  return { kind, heldOut, world: task.toolset, name: `${task.toolset}: ${name}` };
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
