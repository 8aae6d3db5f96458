// The trials of a demonstration: each needed tool is called once as its page says (of two with the same page both), and again where an
// error told how, as long as there are trials. How to try is taught so, not how often: pages that are true are tried too.
import type { Config, Dialect } from "../config/config.ts";
import { formatToolCalls } from "../llm/text/tool-call.ts";
import { trialTurn } from "../llm/text/trial.ts";
import { linksOf } from "../rules/journal.ts";
import { isSameCall } from "../rules/values.ts";
import type { ExpectedCall, Task } from "../types.ts";
import type { EpisodeRecord } from "./episode.ts";
import type { Tried } from "./notes.ts";
import type { Reader } from "./reader.ts";

interface Trying {
  readonly task: Task;
  readonly reader: Reader;
  readonly record: EpisodeRecord;
  readonly dialect: Dialect;
}

/** Writes the trials; the tools that were tried, in order. */
export function tryTools({ task, reader, record, dialect }: Trying, { turns }: Pick<Config["trial"], "turns">): readonly Tried[] {
  const left = firstCalls(task).flatMap((wanted) => reader.namesFor(wanted).map((name) => ({ wanted, name })));
  const tried = new Map<string, Tried>();
  for (let turn = 0; turn < turns; turn++) {
    const [next] = left;
    if (next === undefined) break;
    const { wanted, name } = next;
    const call = { ...reader.callFor(wanted), name };
    record.given(trialTurn(formatToolCalls([call], dialect)), [call], null, "trial");
    const given = reader.answer(call, wanted);
    record.rewarded(0, [given.refused]);
    record.toolTurn([given.text]);
    tried.set(name, { call: { name, arguments: wanted.arguments }, result: given.result });
    const better = { ...reader.callFor(wanted), name };
    if (given.refused === null || isSameCall(better, call)) left.shift();
  }
  return [...tried.values()];
}

/** The first call of each needed tool, where no result of a call that is not tried gives what it takes. */
function firstCalls(task: Task): readonly ExpectedCall[] {
  const first = new Map<number, ExpectedCall>();
  for (const [index, call] of task.expected.entries()) {
    const isKnown = [...first.values()].some(({ name }) => name === call.name);
    if (!isKnown && linksOf(task, index).every(({ from }) => first.has(from))) first.set(index, call);
  }
  return [...first.values()];
}
