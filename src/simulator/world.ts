// The world of one episode: it answers the policy, however its tools and its user are played. It holds what the roles know in
// addition to the conversation: the facts that tools have stated (the journal) and the values that the user has given. The ways
// of the roles are chosen only here; callers do not know them.
import type { Config } from "../config/config.ts";
import type { Fact } from "../rules/journal.ts";
import type { Line, Task, ToolCall } from "../types.ts";
import type { Withheld } from "./briefing.ts";
import type { Memory } from "./memory.ts";
import type { Simulator } from "./simulator.ts";
import type { ToolAnswer } from "./tool-answer.ts";
import { answerCall } from "./tools.ts";
import { type UserAnswer, userWays } from "./user.ts";

export interface World {
  /** A tool's answer to a call; `lines` is the conversation so far. Calls come one after the other. */
  answer(call: ToolCall, lines: readonly Line[]): Promise<ToolAnswer>;
  /** The user's next words. */
  reply(lines: readonly Line[]): Promise<UserAnswer>;
}

/** Unchanged from the config, but for the memory that it asks for. */
export type Ways = Pick<Config["simulator"], "user" | "tools"> & {
  readonly withhold: readonly Withheld[];
  /** Of the task's other episodes; null: each is answered anew. */
  readonly memory: Memory | null;
};

/** `names` identify the episode; the seeds of the user's messages derive from them. */
export function openWorld(task: Task, simulator: Simulator, ways: Ways, names: readonly (string | number)[]): World {
  const { withhold, memory } = ways;
  const journal: Fact[] = [];
  const told = new Set<number>();
  let replies = 0;
  return {
    async answer(call, lines) {
      const answer = await answerCall({ call, task, withhold, lines, journal, memory }, ways.tools, simulator);
      if (answer.ok && answer.fact) journal.push(answer.fact);
      return answer;
    },
    async reply(lines) {
      replies++;
      const answer = await userWays[ways.user]({ task, withhold, lines, told, names: [...names, replies] }, simulator);
      if (answer.ok && answer.detail !== null) told.add(answer.detail);
      return answer;
    },
  };
}
