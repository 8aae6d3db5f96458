// Who calls the tools of a task by their pages, and learns what is not as they say from errors and results alone. Demonstrations know
// no more than that: what they teach, a policy can find out. Answers are those of the world (simulator/tools.ts), without a model:
// each call stands in the place of an expected one.
import type { Draws } from "../rng.ts";
import { asItIs } from "../rules/as-it-is.ts";
import { decoyResult, pageCall, tellingOf } from "../rules/drift.ts";
import { spacedJson } from "../rules/json.ts";
import { isSameCall } from "../rules/values.ts";
import { refusalOf } from "../simulator/tools.ts";
import type { ExpectedCall, Json, Refusal, Task, ToolCall, ToolSpec } from "../types.ts";

/** What the world gives for a call. */
interface Given {
  readonly text: string;
  /** Null: it was refused. */
  readonly result: Json | null;
  readonly reward: number;
  readonly refused: Refusal | null;
}

export interface Reader {
  /** The tools as the reader knows them now. */
  tools(): readonly ToolSpec[];
  /** An expected call as the reader makes it now. */
  callFor(wanted: ExpectedCall): ToolCall;
  /** The tools that may do what an expected call is to do, by all that their pages say. */
  namesFor(wanted: ExpectedCall): readonly string[];
  /** The answer to a call in the place of an expected one; what it tells is known from then on. */
  answer(call: ToolCall, wanted: ExpectedCall): Given;
}

/** @param isTold the reader knows from the start what the tools are */
export function openReader(task: Task, random: Draws, isTold: boolean): Reader {
  const { drift } = task;
  const world = asItIs(task).tools;
  const pair = drift?.kind === "decoy" ? random.shuffle([drift.tool, drift.decoy]) : [];
  let told = isTold || drift === undefined;

  const namesFor = ({ name }: ToolCall) => (pair.includes(name) ? pair : [name]);
  return {
    tools: () => (told ? world : task.tools),
    namesFor,
    callFor(wanted) {
      const { name, arguments: given } = told || drift === undefined ? wanted : pageCall(drift, wanted);
      return { name: told ? name : (namesFor(wanted)[0] ?? name), arguments: given };
    },
    answer(call, wanted) {
      if (pair.includes(call.name)) told = true; // what the one gives also says what the other does
      const result = decoyResult(task, call);
      if (result !== null) return taken(result, 0);
      if (isSameCall(wanted, call, world)) return taken(wanted.result, 1);
      const refusal = refusalOf(task, call);
      if (refusal === null) throw new RangeError(`task ${task.id}: ${call.name} takes the call of a page that is not true`);
      if (tellingOf(drift, call) !== null) told = true;
      return { ...refusal, result: null, reward: -1 };
    },
  };
}

function taken(result: Json, reward: number): Given {
  return { text: spacedJson(result), result, reward, refused: null };
}
