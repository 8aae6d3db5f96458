// Turns a hand-written conversation into the episode that a rollout would have recorded: the messages that rules read, and the
// lines that roles read. Turns go through the parser of the policy's turns, so that a tag without a call means the same.

import type { Dialect } from "../config/config.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { formatToolCall, parseToolCalls } from "../llm/text/tool-call.ts";
import { type EpisodeRecord, openEpisode } from "../rollout/episode.ts";
import { spacedJson } from "../rules/json.ts";
import { isSameCall } from "../rules/values.ts";
import { linesOf } from "../simulator/lines.ts";
import type { Episode, Json, Task, ToolCall } from "../types.ts";
import type { Turn } from "./world.ts";

/** The dialect of the calls; any would do. */
export const dialect: Dialect = "hermes";

const nothing = () => ({ ids: [], newSample: false });
/** No policy reads these conversations: their turns have no ids. */
const withoutIds: EpisodeTemplate = {
  dialect,
  jinja: "",
  stop: new Set(),
  lead: "",
  thinks: false,
  appendOnly: true,
  begin: () => ({ system: nothing, user: nothing, toolResults: nothing, sampled: () => undefined, given: () => [] }),
};

/**
 * The finished episode of `turns`. @throws RangeError for an unexpected call without a result, an error in the data.
 * @param member index of the conversation within its world; seeds of written verdicts derive from it
 */
export function replay(task: Task, turns: readonly Turn[], member: number): Episode {
  const record = openEpisode(task, withoutIds, { toolChars: Number.POSITIVE_INFINITY });
  for (const turn of turns) play(turn, task, record);
  return {
    lines: linesOf(record.messages, dialect),
    trajectory: {
      task,
      author: "blueprint",
      sample: member,
      policyVersion: 0,
      seed: member,
      messages: record.messages,
      status: "terminated",
      stopReason: "user_done",
      verdict: null,
      failure: null,
      counts: {},
      seconds: 0,
    },
  };
}

/** One turn: a call with its result, a text with the parser's errors for malformed calls, or the user. */
function play(turn: Turn, task: Task, record: EpisodeRecord): void {
  if (typeof turn === "string") {
    const errors = parseToolCalls(turn, dialect).errors.map(({ reason }) => `the call could not be parsed: ${reason}`);
    record.given(turn, [], null);
    if (errors.length > 0) record.toolTurn(errors.map((error) => spacedJson({ error })));
  } else if ("user" in turn) {
    record.userTurn(turn.user);
  } else {
    record.given(formatToolCall(turn.call, dialect), [turn.call], null);
    record.toolTurn([spacedJson(resultOf(turn, task))]);
  }
}

function resultOf({ call, result }: { readonly call: ToolCall; readonly result?: Json }, task: Task): Json {
  const known = result ?? task.expected.find((expected) => isSameCall(expected, call, task.tools))?.result;
  if (known === undefined) throw new RangeError(`${task.id}: the call of ${call.name} is not expected and needs a result`);
  return known;
}
