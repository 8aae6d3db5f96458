// What a demonstration writes down after its trials (ToolMaster, arXiv 2601.12762): a line for each tool that it tried, and a plan. A
// note is true: it says what was seen, by the names that the tool takes, and never the word that the page has instead; and of two
// tools with the same page, what each is for, as its result shows, and which one does what was asked, so that the plan follows from
// it. People and the policy alone read it. Pure.
import type { Draws } from "../rng.ts";
import { asItIs } from "../rules/as-it-is.ts";
import { mayChange, pageCall } from "../rules/drift.ts";
import { isObject } from "../rules/json.ts";
import { mainPurpose } from "../rules/language/spoken.ts";
import type { Drift, Json, Task, ToolCall } from "../types.ts";

/** A tool that was tried. */
export interface Tried {
  /** As the tool takes it. */
  readonly call: ToolCall;
  /** Null: it was refused to the last. */
  readonly result: Json | null;
}

/** Fields of a result that a note names. */
const mostFields = 3;

const forms = [
  (tool: string, does: string, takes: string) => `${tool}: ${does}; ${takes}.`,
  (tool: string, does: string, takes: string) => `${tool} ${does}; it ${takes}.`,
  (tool: string, does: string, takes: string) => `${tool} ${takes}; it ${does}.`,
] as const;

const plans = [
  (steps: string) => `call ${steps}, then report.`,
  (steps: string) => `use ${steps}, then tell the user.`,
  (steps: string) => `make the call to ${steps} and say what it returned.`,
] as const;

/** Of two tools with the same page, in the words of one who has seen what each gives: it is the one that is wanted, or the other. */
const judgements = [
  ["That is what was asked for.", "That is something else."],
  ["It fits the request.", "It does not fit the request."],
] as const;

export function noteOf({ call, result }: Tried, task: Task, random: Draws): string {
  const { drift } = task;
  const untrue = untrueWord(drift, call);
  const isTrue = (word: string) => word !== untrue;
  const fields = isObject(result) ? Object.keys(result).filter(isTrue).slice(0, mostFields) : [];
  const gives = `${random.pick(["gives", "returns"])} ${fields.join(", ")}`;
  const paired = drift?.kind === "decoy" && (call.name === drift.tool || call.name === drift.decoy);
  const seen = [...(mayChange(drift, call.name) ? ["changes something"] : []), ...(fields.length === 0 ? [] : [gives])];
  const does = paired ? `${gives} (${purposeOf(task, call.name)})` : seen.join(", ") || "changes nothing";
  const names = Object.keys(call.arguments).filter(isTrue);
  const takes = names.map((name) => (isCoded(drift, call, name) ? `${name} ${JSON.stringify(call.arguments[name])}` : name));
  const note = random.pick(forms)(call.name, does, `takes ${takes.join(", ") || "nothing"}`);
  return paired ? `${note} ${random.pick(judgements)[call.name === drift.tool ? 0 : 1]}` : note;
}

/** What a tool is for, in a clause: its page need not say so. */
function purposeOf(task: Task, name: string): string {
  const tool = asItIs(task).tools.find((one) => one.name === name);
  return tool === undefined ? "" : mainPurpose(tool);
}

/** @param tools the names of the tools that are called, in order */
export function planOf(tools: readonly string[], dependent: boolean, random: Draws): string {
  return random.pick(plans)([...new Set(tools)].join(dependent ? ", then " : " and "));
}

/** What the page has instead of a name or a value of the call; null: nothing else. */
function untrueWord(drift: Drift | undefined, call: ToolCall): Json {
  if (drift === undefined || call.name !== drift.tool || drift.kind === "decoy") return null;
  return drift.kind === "renamed" ? drift.page : (pageCall(drift, call).arguments[drift.argument] ?? null);
}

function isCoded(drift: Drift | undefined, call: ToolCall, name: string): boolean {
  return drift?.kind === "options" && call.name === drift.tool && name === drift.argument;
}
