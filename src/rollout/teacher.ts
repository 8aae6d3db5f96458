// The teacher: a stronger model in the policy's seat. It solves the tasks of a written set (SynthAgent, arXiv 2601.22511), and shows
// a warm-up how (ToolMaster, arXiv 2601.12762). Nothing that it samples is trained on id for id: its vocabulary is another.
import type { Limits } from "../types.ts";
import type { Player } from "./rollout.ts";

export interface Teacher {
  readonly player: Omit<Player, "temperature">;
  /** Ids of its vocabulary that make up one token of the config's limits: 1, or more of a model on a server. */
  readonly idsPerToken: number;
}

/** A teacher plays each task several times: colder, its tries would be too much alike. */
export const teacherTemperature = 0.9;

/** The same limits, with room for as much text in the teacher's ids. */
export function roomyFor({ idsPerToken }: Pick<Teacher, "idsPerToken">, limits: Limits): Limits {
  const { responseTokens, tokensPerTurn } = limits;
  return { ...limits, responseTokens: responseTokens * idsPerToken, tokensPerTurn: tokensPerTurn * idsPerToken };
}

/** What becomes of a try that is to be learnt from (run/teach.ts), in the order in which it is asked. */
export const tryOutcomes = [
  "late", // a turn took longer than rollout.turnSeconds, and was cut off or lost: the machine was too slow, whatever the verdict says
  "aborted", // by another fault of simulator or engine
  "unsolved", // the verdict does not approve, or a limit cut it off
  "untold", // no trial told anything
  "malformed", // a call could not be parsed, or a trial was refused: it would be learnt too
  "too_long", // in the policy's ids
  "right",
] as const;

export type TryOutcome = (typeof tryOutcomes)[number];
