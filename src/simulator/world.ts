// The world of one episode: it answers the policy, however its tools and its user are played. It holds what the roles know in
// addition to the conversation: the facts that tools have stated (the journal) and the values that the user has given. The ways
// of the roles are chosen only here; callers do not know them. Trials (ToolMaster) happen in it too, or in a copy: there is nothing
// to copy but the journal, since all else that a world is follows from it.
import type { Config } from "../config/config.ts";
import { asItIs } from "../rules/as-it-is.ts";
import { mayChange } from "../rules/drift.ts";
import { type Fact, linksOf } from "../rules/journal.ts";
import { isSameCall } from "../rules/values.ts";
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
  /** The same for a call of a trial; all trials come before the first call that is meant. */
  attempt(call: ToolCall, lines: readonly Line[]): Promise<ToolAnswer>;
  /** The user's next words. */
  reply(lines: readonly Line[]): Promise<UserAnswer>;
}

/** Unchanged from the config, but for the memory that it asks for. */
export type Ways = Pick<Config["simulator"], "user" | "tools"> & {
  readonly withhold: readonly Withheld[];
  /** Of the task's other episodes; null: each is answered anew. */
  readonly memory: Memory | null;
  /** Where trials happen. Absent: in a copy. */
  readonly trial?: Config["trial"]["world"];
};

/** `names` identify the episode; the seeds of the user's messages derive from them. */
export function openWorld(shown: Task, simulator: Simulator, ways: Ways, names: readonly (string | number)[]): World {
  const task = asItIs(shown);
  const { withhold, memory } = ways;
  const journal: Fact[] = [];
  /** What trials changed, and what they read after that: it holds in the copy alone. What they read before holds on. */
  const scratch: Fact[] = [];
  const told = new Set<number>();
  let replies = 0;

  const answered = (call: ToolCall, lines: readonly Line[], before: readonly Fact[]) =>
    answerCall({ call, task, withhold, lines, journal: before, memory }, ways.tools, simulator);
  async function answer(call: ToolCall, lines: readonly Line[]): Promise<ToolAnswer> {
    const given = await answered(call, lines, journal);
    if (given.ok && given.fact) journal.push(given.fact);
    return given;
  }
  async function attempt(call: ToolCall, lines: readonly Line[]): Promise<ToolAnswer> {
    const given = await answered(call, lines, [...journal, ...scratch]);
    const holds = scratch.length === 0 && !mayChange(task.drift, call.name);
    if (given.ok && given.fact) (holds ? journal : scratch).push(given.fact);
    return given;
  }
  return {
    answer,
    attempt: ways.trial === "shared" ? answer : attempt,
    async reply(lines) {
      replies++;
      const heard = ways.tools === "written" ? answeredIn(task, journal) : task;
      const given = await userWays[ways.user]({ task: heard, withhold, lines, told, names: [...names, replies] }, simulator);
      if (given.ok && given.detail !== null) told.add(given.detail);
      return given;
    },
  };
}

/** The task with the results that written tools gave in place of the blueprint's: the user waits for what there is to hear. */
function answeredIn(task: Task, journal: readonly Fact[]): Task {
  const expected = task.expected.map((call, index) => {
    const links = linksOf(task, index).map(({ name }) => name); // of a result that was another one
    const linked = ({ arguments: made }: Fact) =>
      Object.fromEntries(Object.entries(made).filter(([name]) => links.includes(name)));
    const fact = journal.findLast((made) =>
      isSameCall({ ...call, arguments: { ...call.arguments, ...linked(made) } }, made, task.tools),
    );
    return fact === undefined ? call : { ...call, result: fact.result };
  });
  return { ...task, expected };
}
