// A deterministic double of the whole engine, for tests without a model: a byte vocabulary with the usual markers and a few
// words, a policy whose distribution is a hash of the last ids and of the adapter (so log-probs are consistent; an adapter of
// zeros changes none), a simulator that answers with the simplest value of a schema. Each of the three can be scripted. Passes
// the same conformance suite as llama.ts.
import { existsSync, readFileSync } from "node:fs";
import { PlayactError } from "../errors.ts";
import { draws } from "../rng.ts";
import { ruleOf, toGrammar } from "../rules/schema/grammar.ts";
import { drawn } from "../rules/schema/rule.ts";
import type { Json, JsonSchema } from "../types.ts";
import { firstTokens, full } from "./engine/chat.ts";
import {
  type ChooseRequest,
  type Engine,
  EngineError,
  noCounters,
  type Policy,
  type ReplyRequest,
  type Sampled,
  type SampleRequest,
  type Vocabulary,
} from "./llm.ts";
import { renderChat } from "./text/prompt.ts";

export interface Script {
  /** The policy's text for a prompt (decoded); null samples from the hash. Scripted ids have the log-prob -0.1. */
  readonly say?: (prompt: string, request: SampleRequest, policy: Policy) => string | null | Promise<string | null>;
  /** The simulator's reply: a value, or raw text (to play a broken reply). */
  readonly reply?: (request: ReplyRequest) => Json | Promise<Json>;
  /** Log-probs of the options. */
  readonly choose?: (request: ChooseRequest) => readonly number[] | Promise<readonly number[]>;
  /** Tokens per sequence; 100,000 by default. */
  readonly contextTokens?: number;
}

/** The ids of a turn sampled so far, and whether its time is up. */
interface Turn {
  readonly ids: number[];
  readonly logprobs: number[];
  late: boolean;
}

const markerTexts = [
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<tool_call>",
  "</tool_call>",
  "<tool_response>",
  "</tool_response>",
];
/** " A" to " Z": as in a real vocabulary a blank belongs to the word after it, so that options differ in their first token. */
const words = Array.from({ length: 26 }, (_, letter) => ` ${String.fromCharCode(65 + letter)}`);
const firstWord = 256 + markerTexts.length;
const size = firstWord + words.length;
const noWeights = { dtype: "scripted", gpuLayers: 0, layers: 0 };

/** One id per byte, markers from 256 up, then a blank with each capital letter. */
export function scriptedVocabulary(): Vocabulary {
  const bytesOf = (id: number): Uint8Array =>
    id < 256 ? Uint8Array.of(id) : Buffer.from([...markerTexts, ...words][id - 256] ?? "");
  const pieces = (ids: readonly number[]): string[] => {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return ids.map((id, at) => decoder.decode(bytesOf(id), { stream: at < ids.length - 1 }));
  };
  return {
    encode: (text) =>
      text
        .split(/( [A-Z])/)
        .flatMap((part, at) => (at % 2 === 1 ? [firstWord + words.indexOf(part)] : Array.from(Buffer.from(part)))),
    marker(text) {
      const at = markerTexts.indexOf(text);
      if (at < 0) throw new PlayactError("model", `The model has no marker ${text}; choose a model whose vocabulary has it.`);
      return 256 + at;
    },
    hasMarker: (text) => markerTexts.includes(text),
    markers: markerTexts,
    isMarker: (id) => id >= 256 && id < firstWord,
    decode: (ids) => pieces(ids).join(""),
    pieces,
  };
}

/**
 * An engine that plays the script. `swap` takes any path and changes the distribution with its hash, unless the path is a save
 * of the scripted learner whose weights are all 0.
 */
export function scriptedEngine(script: Script = {}): Engine {
  const vocabulary = scriptedVocabulary();
  const contextTokens = script.contextTokens ?? 100_000;
  const total = { prefilled: 0, decoded: 0 };
  let current: Policy | null = null;
  /** Seed of the distribution: the adapter's hash; null without an adapter, or with one that changes nothing. */
  let voice: string | null = null;
  let resting = false;
  let running = 0;

  /** As in the real engine: refused at rest; a rest waits for it. */
  async function awake<T>(label: string, work: () => T | Promise<T>): Promise<T> {
    if (resting) throw new EngineError("resting", `${label}: the engine rests; wake it first`);
    running++;
    try {
      return await work();
    } finally {
      running--;
    }
  }

  function seat(version: number, adapter: string | null, path: string | null): Policy {
    voice = path !== null && isZero(path) ? null : adapter;
    const policy: Policy = {
      version,
      adapter,
      async sample(request) {
        if (current !== policy)
          throw new EngineError("closed", `policy version ${version} was replaced; sample from the current handle`);
        const turn: Turn = { ids: [], logprobs: [], late: false };
        const soFar = (): Sampled | null => {
          turn.late = true;
          return turn.ids.length === 0 ? null : { ids: turn.ids, logprobs: turn.logprobs, end: "deadline" };
        };
        return awake("policy sample", () => within("policy sample", request, () => play(policy, request, turn), soFar));
      },
    };
    current = policy;
    return policy;
  }

  async function play(policy: Policy, request: SampleRequest, turn: Turn): Promise<Sampled> {
    const { ids, logprobs } = turn;
    const prompt = request.ids.length;
    if (prompt >= contextTokens)
      throw new EngineError("context_full", `policy sample: ${prompt} ids leave no room in a context of ${contextTokens}`);
    const said = (await script.say?.(vocabulary.decode(request.ids), request, policy)) ?? null;
    const given = said === null ? null : [...vocabulary.encode(said), ...[...request.stop].slice(0, 1)];
    total.prefilled += prompt;
    for (;;) {
      // as with a model, other work runs between two tokens
      await new Promise((resolve) => setImmediate(resolve));
      if (request.signal?.aborted || turn.late || ids.length >= request.maxTokens) return { ids, logprobs, end: "length" };
      if (given !== null && ids.length === given.length) return { ids, logprobs, end: "length" };
      if (prompt + ids.length >= contextTokens) return { ids, logprobs, end: "context_full" };
      const all = distribution([...request.ids, ...ids], voice, request.temperature || 1);
      const id = given?.[ids.length] ?? pick(all, request.temperature, request.seed, ids.length);
      ids.push(id);
      logprobs.push(given === null ? (all[id] ?? 0) : -0.1);
      total.decoded++;
      if (request.stop.has(id)) return { ids, logprobs, end: "stop" };
    }
  }

  seat(0, null, null);
  return {
    vocabulary,
    chatTemplate: null,
    get policy() {
      return current ?? seat(0, null, null);
    },
    simulator: {
      reply: (request) =>
        awake("simulator reply", async () => {
          toGrammar(request.schema); // throws for the same schemas as the real engine
          const { length } = renderChat(vocabulary, request.messages, "");
          if (length >= contextTokens) throw full("simulator reply", length, contextTokens);
          if (request.usage) request.usage.read += length;
          const value = await within("simulator reply", request, async () =>
            script.reply === undefined ? exampleOf(request.schema) : script.reply(request),
          );
          const text = typeof value === "string" && script.reply !== undefined ? value : JSON.stringify(value);
          if (request.usage) request.usage.written += vocabulary.encode(text).length;
          return text;
        }),
      weighs: true,
      choose: (request) =>
        awake("simulator choice", async () => {
          const firsts = firstTokens(vocabulary, request.options);
          const ids = renderChat(vocabulary, request.messages, request.lead);
          if (ids.length > contextTokens) throw full("simulator choice", ids.length, contextTokens);
          if (request.usage) request.usage.read += ids.length;
          const all = distribution(ids, null, 1);
          return within("simulator choice", request, async () => script.choose?.(request) ?? firsts.map((id) => all[id] ?? 0));
        }),
      fits: (messages, lead, replyTokens) => renderChat(vocabulary, messages, lead).length + replyTokens <= contextTokens,
    },
    swap: (adapter, version) => awake("swap", () => seat(version, adapter?.hash ?? null, adapter?.path ?? null)),
    score: (ids, from = 0) =>
      awake("score", () =>
        ids.map((id, at) => (at === 0 || at < from ? 0 : (distribution(ids.slice(0, at), voice, 1)[id] ?? 0))),
      ),
    async rest(keep) {
      resting = true;
      while (running > 0) await new Promise((resolve) => setImmediate(resolve));
      return keep === "weights" ? 1e6 : 0;
    },
    async wake() {
      resting = false;
    },
    counters: () => ({ policy: { ...noCounters, ...total }, simulator: noCounters }),
    sequences: { policy: 8, simulator: 8 },
    memory: () => 0,
    device: "scripted",
    weights: { policy: noWeights, simulator: noWeights },
    async [Symbol.asyncDispose]() {
      current = null;
    },
  };
}

/** Log-probs of every id after the given ones; letters are more likely than other bytes. */
function distribution(ids: readonly number[], adapter: string | null, temperature: number): number[] {
  const { uniform } = draws("scripted", adapter ?? "base", ...ids.slice(-6));
  const logits = Array.from({ length: size }, (_, id) => (uniform() * 3 + (id >= 97 && id <= 122 ? 4 : 0)) / temperature);
  const weight = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - weight);
}

function pick(logprobs: readonly number[], temperature: number, seed: number, position: number): number {
  if (temperature === 0) return logprobs.indexOf(Math.max(...logprobs));
  const point = draws("scripted draw", seed, position).uniform();
  let below = 0;
  const id = logprobs.findIndex((logprob) => {
    below += Math.exp(logprob);
    return point < below;
  });
  return id < 0 ? size - 1 : id;
}

/** Whether a file contains weights of the scripted learner that are all 0. */
function isZero(path: string): boolean {
  if (!existsSync(path)) return false;
  const weights: unknown = JSON.parse(readFileSync(path, "utf8"));
  return Array.isArray(weights) && weights.every((weight) => weight === 0);
}

/** Deadline and cancellation as in the real engine; nothing queues here. */
function within<T>(
  label: string,
  request: { readonly deadlineMs: number; readonly signal?: AbortSignal | undefined },
  work: () => Promise<T>,
  soFar: () => T | null = () => null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new EngineError("cancelled", `${label} was cancelled`));
    if (request.signal?.aborted) return cancel();
    const timer = setTimeout(
      () => {
        const value = soFar();
        if (value !== null) resolve(value);
        else reject(new EngineError("deadline", `${label} gave up after ${request.deadlineMs} ms`));
      },
      Math.min(request.deadlineMs, 2 ** 31 - 1),
    );
    request.signal?.addEventListener("abort", cancel, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        request.signal?.removeEventListener("abort", cancel);
      });
  });
}

/** The simplest value of a schema that toGrammar accepts. */
function exampleOf(schema: JsonSchema): Json {
  const of = (inner: Json | undefined): Json => exampleOf((inner === true || inner === undefined ? {} : inner) as JsonSchema);
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return (schema.enum as readonly Json[])[0] ?? null;
  const branches = schema.type === undefined ? (schema.oneOf ?? schema.anyOf ?? schema.allOf) : undefined;
  if (Array.isArray(branches)) return of((branches as readonly Json[])[0]);
  const type = Array.isArray(schema.type) ? (schema.type as readonly Json[])[0] : schema.type;
  if (type === "object" || (type === undefined && schema.properties !== undefined))
    return Object.fromEntries(
      Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(([name, own]) =>
        own["x-omit"] === true ? [] : [[name, of(own)]],
      ),
    );
  if (type === "array") return Array.from({ length: Number(schema.minItems ?? 0) }, () => of(schema.items));
  if (type === "integer" || type === "number") return Number(schema.minimum ?? Math.min(0, Number(schema.maximum ?? 0)));
  if (type === "boolean") return true;
  if (type === "null") return null;
  if (typeof schema.pattern === "string") return JSON.parse(drawn(ruleOf(schema), draws("example"))) as string; // a string's rule
  const formats: Readonly<Record<string, string>> = {
    date: "2026-01-31",
    time: "12:00:00Z",
    "date-time": "2026-01-31T12:00:00Z",
  };
  return (
    formats[String(schema.format)] ??
    "example".padEnd(Number(schema.minLength ?? 0), "x").slice(0, Number(schema.maxLength ?? 120))
  );
}
