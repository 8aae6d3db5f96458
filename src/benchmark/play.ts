// One row, one turn: what the policy writes when it sees the row's functions and its question, greedy, in the template in which
// it is trained. The system prompt is the plainest of the world's: the benchmark has none of its own.
import { createHash } from "node:crypto";
import type { Dialect } from "../config/config.ts";
import { type Engine, EngineError, type Sampled } from "../llm/llm.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { parseToolCalls } from "../llm/text/tool-call.ts";
import { systemPrompts } from "../simulator/prompts/task.ts";
import type { ToolCall } from "../types.ts";
import { type BenchmarkRow, toolOfDoc } from "./rows.ts";

/** Most tokens of a reply, and of the thought before it. */
const most = { reply: 512, thought: 4096 } as const;
/** An hour for one reply is no policy's fault: the command ends. */
const deadlineMs = 3_600_000;

export interface Reply {
  /** Without the stop marker. */
  readonly text: string;
  /** `context_full`: also where the prompt alone is too long, and nothing was sampled. */
  readonly ended: Exclude<Sampled["end"], "deadline">;
}

/** Most tokens of a turn. */
export function replyTokensOf({ thinks }: Pick<EpisodeTemplate, "thinks">): number {
  return most.reply + (thinks ? most.thought : 0);
}

/** The ids that the policy sees. */
export function promptOf(template: EpisodeTemplate, row: Pick<BenchmarkRow, "question" | "tools">): readonly number[] {
  const talk = template.begin();
  const [system, user] = [talk.system(systemPrompts[3], row.tools), talk.user(row.question)];
  return user.newSample ? user.ids : [...system.ids, ...user.ids];
}

/** The number of our own way to the checker's verdict; 2: answers reach it as their package writes them, 12.0 and not 12. */
const marking = 2;

/**
 * Names all that is the same in every prompt, how a reply ends and how it is marked: rows that were played under two digests are never
 * compared or continued.
 */
export function templateDigest(template: EpisodeTemplate): string {
  const parameters = { type: "dict", properties: { from: { type: "string", description: "A city." } }, required: ["from"] };
  const tools = [toolOfDoc({ name: "find.train", description: "Finds trains.", parameters })];
  const { stop, lead } = template;
  const frame = [
    promptOf(template, { question: "From Oslo?", tools }),
    [...stop].sort((a, b) => a - b),
    lead,
    replyTokensOf(template),
    marking,
  ];
  return createHash("sha256").update(JSON.stringify(frame)).digest("hex").slice(0, 16);
}

/** Plays a row with the engine's current policy. Throws EngineError if the engine fails. */
export async function playRow(
  engine: Engine,
  template: EpisodeTemplate,
  row: BenchmarkRow,
  signal?: AbortSignal,
): Promise<Reply> {
  const ids = promptOf(template, row);
  try {
    const request = { ids, seed: 0, temperature: 0, maxTokens: replyTokensOf(template), stop: template.stop, deadlineMs, signal };
    const sampled = await engine.policy.sample(request);
    if (sampled.end === "deadline") throw new EngineError("deadline", `${row.name} took over ${deadlineMs / 1000} s`);
    const written = sampled.end === "stop" ? sampled.ids.slice(0, -1) : sampled.ids;
    return { text: template.lead + engine.vocabulary.decode(written), ended: sampled.end };
  } catch (error) {
    if (error instanceof EngineError && error.code === "context_full") return { text: "", ended: "context_full" };
    throw error;
  }
}

export interface ReadCalls {
  /** A JSON text, [{"name": arguments}]: numbers as the policy wrote them. */
  readonly calls: string;
  readonly count: number;
  /** Why each malformed call could not be read. */
  readonly malformed: readonly string[];
}

/** A JSON number outside of a string; its mark, as a string that no policy writes; and the mark in a JSON text. */
const number = /(?<![\w."\\-])-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w."])/g;
const mark = "\u{f0000}";
const marked = new RegExp(`"${mark}([^"]+)"`, "gu");

/**
 * The calls of a reply, read strictly in the dialect. The checker tells 5.0 from 5, as Python does and JavaScript does not: whole
 * numbers that are not written so (5.0, 1e3) pass a second reading as marked texts. The first one decides what is a call.
 */
export function callsOf(reply: string, dialect: Dialect): ReadCalls {
  const { calls, errors } = parseToolCalls(reply, dialect);
  const plain = checkersForm(calls);
  const written = checkersForm(parseToolCalls(withMarks(reply), dialect).calls);
  const same = written.replace(marked, (_, digits: string) => JSON.stringify(Number(digits))) === plain;
  const malformed = errors.map(({ reason }) => reason);
  return { calls: same ? written.replace(marked, "$1") : plain, count: calls.length, malformed };
}

function checkersForm(calls: readonly ToolCall[]): string {
  return JSON.stringify(calls.map(({ name, arguments: values }) => ({ [name]: values })));
}

function withMarks(reply: string): string {
  const hidden = (digits: string) =>
    /[.eE]/.test(digits) && Number.isSafeInteger(Number(digits)) ? `"${mark}${digits}"` : digits;
  return reply
    .split(/("(?:[^"\\\n]|\\.)*")/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(number, hidden)))
    .join("");
}
