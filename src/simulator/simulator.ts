// The simulator as its roles use it: one handle that retries, takes notes and cancels. A question goes prompt -> grammar -> JSON ->
// the caller's checks -> value, or a failure after the last try. A failure is a value, never a zero reward (law 5,
// docs/architecture.md). A reply that does not parse is asked for again, never repaired.
import { type ChatMessage, type ChatModel, type ChooseRequest, failedAlone, type TokenUsage } from "../llm/llm.ts";
import { seedFrom } from "../rng.ts";
import { jsonOf } from "../rules/json.ts";
import { matchesSchema } from "../rules/validate.ts";
import type { Exchange, Failure, Json, JsonSchema, Line, SimulatorRole } from "../types.ts";
import { fitted } from "./prompts/transcript.ts";
import { count, type Usage } from "./usage.ts";

export interface Simulator {
  /** Asks until the checks pass or the tries are used up. Throws only when cancelled, or for a programming error. */
  ask<T>(question: Question<T>): Promise<Answer<T>>;
  /** The log-probs of given answers, asked once. Throws like `ask`. */
  weigh(role: SimulatorRole, choice: Choice): Promise<Answer<readonly number[]>>;
  readonly fits: ChatModel["fits"];
  /** Whether `weigh` is possible: some servers give no log-probs. */
  readonly weighs: boolean;
  /** The same simulator, which also takes these notes. */
  noting(notes: Notes): Simulator;
}

/** What is noted of every question. */
export interface Notes {
  /** Counts are added to it. */
  readonly usage?: Usage;
  /** Gets every try when it ends; absent: exchanges are not made. One that is cancelled is none. */
  readonly keep?: ((exchange: Exchange) => void) | undefined;
}

export interface Question<T> {
  readonly role: SimulatorRole;
  readonly messages: readonly ChatMessage[];
  readonly schema: JsonSchema;
  /** Turns a reply that fits the schema into a value, or says what is wrong with it. */
  readonly check: (reply: Json) => Checked<T>;
  /** The seed of each try derives from these names and the number of the try. */
  readonly seedNames: readonly (string | number)[];
  readonly maxTokens: number;
  readonly temperature: number;
  /** Fewer tries than the simulator's own (SimulatorOptions). */
  readonly tries?: number;
}

export type Choice = Pick<ChooseRequest, "messages" | "lead" | "options">;

/** A value, or what is wrong with the reply. */
export type Checked<T> = { readonly value: T } | { readonly reason: string; readonly code?: "contradiction" };

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export interface SimulatorOptions extends Notes {
  readonly tries: number;
  /** Time for one reply or choice. */
  readonly deadlineMs: number;
  /** Most reasoning tokens before a reply, for a model that marks them; absent: none. */
  readonly thinkTokens?: number;
  readonly signal?: AbortSignal | undefined;
}

export function openSimulator(model: ChatModel, options: SimulatorOptions): Simulator {
  const handle = (all: readonly Notes[]): Simulator => {
    const note: Noting = {
      counts: (added) => {
        for (const { usage } of all) if (usage !== undefined) count(usage, added);
      },
      exchange: (made) => {
        const kept = all.flatMap(({ keep }) => keep ?? []);
        if (kept.length === 0) return;
        const exchange = made();
        for (const keep of kept) keep(exchange);
      },
    };
    return {
      ask: (question) => ask(model, question, options, note),
      weigh: (role, choice) => weigh(model, { ...choice, role }, options, note),
      fits: model.fits,
      weighs: model.weighs,
      noting: (notes) => handle([...all, notes]),
    };
  };
  return handle([options]);
}

/** How a question is noted; an exchange is made only if somebody keeps it. */
interface Noting {
  readonly counts: (added: Partial<Usage>) => void;
  readonly exchange: (made: () => Exchange) => void;
}

async function ask<T>(
  model: ChatModel,
  question: Question<T>,
  { tries, deadlineMs, thinkTokens, signal }: SimulatorOptions,
  note: Noting,
): Promise<Answer<T>> {
  const { role, messages, schema, temperature, maxTokens } = question;
  let failure: Failure = { boundary: role, code: "invalid_reply", text: "never asked" };
  for (let attempt = 1; attempt <= (question.tries ?? tries); attempt++) {
    const usage = { read: 0, written: 0 };
    const seed = seedFrom(...question.seedNames, attempt);
    const started = performance.now();
    const ended = (reply: string | null, problem: string | null) =>
      note.exchange(() => ({ role, attempt, messages, reply, problem, ...spent(usage, started), seed }));
    try {
      if (attempt > 1) note.counts({ retried: 1, [`retried/${role}`]: 1 });
      const request = { messages, schema, seed, temperature, maxTokens, thinkTokens, deadlineMs, signal, usage };
      const text = await model.reply(request);
      const reply = jsonOf(text);
      note.counts({ replies: 1, unparsed: Number(reply === undefined) });
      const checked = checkedReply(reply, text, question);
      ended(text, "value" in checked ? null : checked.reason);
      if ("value" in checked) return { ok: true, value: checked.value };
      note.counts({ contradictions: Number(checked.code === "contradiction") });
      failure = { boundary: role, code: checked.code ?? "invalid_reply", text: checked.reason };
    } catch (error) {
      failure = failureOf(role, error);
      ended(null, failure.text);
      // the same prompt would not fit next time either, and a server that is away was asked for as long as it made sense
      if (failure.code === "context_full" || failure.code === "unavailable") break;
    } finally {
      note.counts({ [`tokens_in/${role}`]: usage.read, [`tokens_out/${role}`]: usage.written });
    }
  }
  return { ok: false, failure };
}

async function weigh(
  model: ChatModel,
  { role, ...choice }: Choice & { readonly role: SimulatorRole },
  { deadlineMs, signal }: SimulatorOptions,
  note: Noting,
): Promise<Answer<readonly number[]>> {
  const usage = { read: 0, written: 0 };
  const started = performance.now();
  const lead = choice.lead === "" ? [] : [{ role: "assistant", content: choice.lead } as const];
  const messages = [...choice.messages, ...lead];
  const ended = (reply: string | null, problem: string | null) =>
    note.exchange(() => ({ role, attempt: 1, messages, reply, problem, ...spent(usage, started), seed: null }));
  try {
    const value = await model.choose({ ...choice, deadlineMs, signal, usage });
    ended(JSON.stringify(Object.fromEntries(choice.options.map((option, index) => [option.trim(), value[index]]))), null);
    return { ok: true, value };
  } catch (error) {
    const failure = failureOf(role, error);
    ended(null, failure.text);
    return { ok: false, failure };
  } finally {
    note.counts({ [`tokens_in/${role}`]: usage.read, [`tokens_out/${role}`]: usage.written });
  }
}

/** @param started performance.now() at the request */
function spent({ read, written }: TokenUsage, started: number): Pick<Exchange, "tokensIn" | "tokensOut" | "seconds"> {
  return { tokensIn: read, tokensOut: written, seconds: (performance.now() - started) / 1000 };
}

/** The prompt with the whole conversation, or with as much of it as fits into the context beside the question and the reply. */
export function promptOver(
  lines: readonly Line[],
  simulator: Simulator,
  { lead = "", replyTokens = 0 }: { readonly lead?: string; readonly replyTokens?: number },
  prompt: (lines: readonly Line[]) => ChatMessage[],
): ChatMessage[] {
  return prompt(fitted(lines, (read) => simulator.fits(prompt(read), lead, replyTokens)));
}

function checkedReply<T>(reply: Json | undefined, text: string, { schema, check, maxTokens }: Question<T>): Checked<T> {
  if (reply === undefined) return { reason: `not JSON (cut at ${maxTokens} tokens?): ${text.slice(0, 120)}` };
  const problems = matchesSchema(schema, reply);
  return problems.length > 0 ? { reason: problems.join("; ") } : check(reply);
}

/** An engine error as data. Cancellation and programming errors are not failures of the world: they are thrown again. */
function failureOf(boundary: SimulatorRole, error: unknown): Failure {
  if (!failedAlone(error)) throw error;
  const code = error.code === "native" ? "error" : error.code;
  return { boundary, code, text: error.message };
}
