// A demonstration: the right episode of a task by its blueprint, in the dialect of the policy's template. It asks for the held-back
// values, makes the expected calls and reports their results; in a decline task it refuses. Where trials are a phase (ToolMaster) it
// tries the tools before that, and notes what they are. Where they are none, it calls as a page says that is not true, and again
// as the error told. A turn of calls that the policy makes right itself stays in its own words, so that training on it changes
// nothing that it can do. No log-probs are known until the learner computes them.

import type { Config } from "../config/config.ts";
import { finalAnswer } from "../llm/text/final-answer.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { formatToolCalls, parseToolCalls } from "../llm/text/tool-call.ts";
import { actingTurn, hasTrials } from "../llm/text/trial.ts";
import { draws, seedFrom } from "../rng.ts";
import { spoken } from "../rules/language/spoken.ts";
import { isSameCall } from "../rules/values.ts";
import type { ExpectedCall, StopReason, Task, ToolCall, ToolSpec, Trajectory } from "../types.ts";
import { type EpisodeRecord, type OwnTurn, openEpisode } from "./episode.ts";
import { noteOf, planOf } from "./notes.ts";
import { openReader, type Reader } from "./reader.ts";
import { tryTools } from "./trial-turns.ts";

const questions = [
  (what: string) => `Could you tell me the ${what}?`,
  (what: string) => `What should I enter for the ${what}?`,
  (what: string) => `I need one more detail: the ${what}. Could you tell me?`,
  (what: string) => `Which ${what} should I use?`,
] as const;

/** How a demonstration is written. */
export interface Demonstrating {
  readonly template: EpisodeTemplate;
  readonly toolChars: number;
  /** Who ends the episode; absent: the user. */
  readonly ends?: Config["rollout"]["ends"];
  /** Trials before the execution. Absent: there are none, and no page has to be found untrue. */
  readonly trial?: Config["trial"] | undefined;
  /** What the policy would say after these ids; null if it came to no end. Absent: all turns are written by rule. */
  readonly say?: (ids: readonly number[]) => Promise<OwnTurn | null>;
}

/** The right episode of `task` as an unjudged trajectory; seeds derive from `names`. */
export async function demonstrate(
  task: Task,
  names: readonly (string | number)[],
  { template, toolChars, ends = "user", trial, say }: Demonstrating,
): Promise<Trajectory> {
  const random = draws(...names, "demonstration");
  const record = openEpisode(task, template, { toolChars, ends, trial });
  for (const held of task.heldBack) {
    record.given(random.pick(questions)(spoken(held.argument)), [], 1);
    record.userTurn(held.sentence);
  }
  const reader = openReader(task, random, trial === undefined);
  let opening: Opening | null = null;
  if (hasTrials(trial) && task.expected.length > 0) {
    const tried = tryTools({ task, reader, record, dialect: template.dialect }, trial);
    const notes = trial.notes ? tried.map((one) => noteOf(one, task, random)) : [];
    const plan = planOf(
      task.expected.map((wanted) => reader.callFor(wanted).name),
      task.dependent,
      random,
    );
    opening = (calls) => actingTurn(notes, plan, calls);
  }
  // calls that need nothing from each other are made in one turn
  const turns = task.dependent || task.expected.length === 0 ? task.expected.map((call) => [call]) : [task.expected];
  for (const calls of turns) {
    await makeCalls(calls, { record, reader, template, opening, say });
    opening = null;
  }
  record.given(ends === "answer" ? finalAnswer(task.report) : task.report, [], 1);
  return {
    task,
    author: "blueprint",
    sample: 0,
    policyVersion: 0,
    seed: seedFrom(...names),
    messages: record.messages,
    status: "terminated",
    stopReason: stopReasonOf(task, ends),
    verdict: null,
    failure: null,
    seconds: 0,
    counts: {},
  };
}

/** The first turn of the execution after trials, around its calls. */
type Opening = (calls: string) => string;

interface Making extends Pick<Demonstrating, "template"> {
  readonly record: EpisodeRecord;
  readonly reader: Reader;
  /** Null: a turn has calls alone. */
  readonly opening: Opening | null;
  readonly say: Demonstrating["say"];
}

/** Makes the calls in one turn; in further turns those again of which an answer told that something else is right. */
async function makeCalls(calls: readonly ExpectedCall[], { record, reader, template, opening, say }: Making): Promise<void> {
  const made = calls.map(reader.callFor);
  const own = opening === null ? await ownTurn(made, { record, reader, template, say }) : null;
  const written = formatToolCalls(made, template.dialect);
  const turn = own ?? { said: opening?.(written) ?? written, calls: made };
  record.given(turn.said, turn.calls, null);
  const answered = calls.map((wanted, at) => {
    const call = turn.calls[at] ?? reader.callFor(wanted);
    return { wanted, call, given: reader.answer(call, wanted) };
  });
  const sum = answered.reduce((total, { given }) => total + given.reward, 0);
  record.rewarded(
    sum / answered.length,
    answered.map(({ given }) => given.refused),
  );
  record.toolTurn(answered.map(({ given }) => given.text));
  const again = answered.filter(({ wanted, call, given }) => given.reward < 1 && !isSameCall(reader.callFor(wanted), call));
  if (again.length === 0) return;
  await makeCalls(
    again.map(({ wanted }) => wanted),
    { record, reader, template, opening: null, say },
  );
}

/** The policy's own turn, if it makes these calls and nothing else. */
async function ownTurn(
  made: readonly ToolCall[],
  { record, reader, template, say }: Omit<Making, "opening">,
): Promise<{ readonly said: OwnTurn; readonly calls: readonly ToolCall[] } | null> {
  const said = (await say?.([...record.ids])) ?? null;
  if (said === null) return null;
  const { calls, errors, rest } = parseToolCalls(said.text, template.dialect);
  return errors.length === 0 && rest === "" && areSame(calls, made, reader.tools()) ? { said, calls } : null;
}

function stopReasonOf({ limits, heldBack }: Task, ends: Config["rollout"]["ends"]): StopReason {
  if (ends === "answer") return "final_answer";
  return limits.userReplies > heldBack.length ? "user_done" : "answered"; // a user with a reply left says thanks
}

/** The same calls in the same order, which is that of their results. */
function areSame(own: readonly ToolCall[], expected: readonly ToolCall[], tools: readonly ToolSpec[]): boolean {
  return own.length === expected.length && expected.every((call, at) => isSameCall(call, own[at] ?? call, tools));
}
