// The world of one episode: what answers the policy, whatever plays its tools and its user. It holds what the roles know beside
// the talk: the facts that tools have stated (the journal), and what the user has given away. The one place where the ways of
// the roles are chosen; whoever plays against a world knows none of them.
import type { Config } from "../config/config.ts";
import type { Fact } from "../rules/journal.ts";
import type { Line, Task, ToolCall } from "../types.ts";
import type { Withheld } from "./briefing.ts";
import type { Simulator } from "./simulator.ts";
import { answerCall, type ToolAnswer } from "./tools.ts";
import { type UserAnswer, userWays } from "./user.ts";

export interface World {
  /** A tool's answer to a call; `lines` is what was said so far. Calls come one after the other. */
  answer(call: ToolCall, lines: readonly Line[]): Promise<ToolAnswer>;
  /** The user's next words. */
  reply(lines: readonly Line[]): Promise<UserAnswer>;
}

/** Of the config, as it is. */
export type Ways = Pick<Config["simulator"], "user" | "tools"> & { readonly withhold: readonly Withheld[] };

/** `names` of the episode: seeds of what the user writes derive from them. */
export function openWorld(task: Task, simulator: Simulator, ways: Ways, names: readonly (string | number)[]): World {
  const { withhold } = ways;
  const journal: Fact[] = [];
  const told = new Set<number>();
  let replies = 0;
  return {
    async answer(call, lines) {
      const answer = await answerCall({ call, task, withhold, lines, journal }, ways.tools, simulator);
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
