// A model in a simulator role: messages in, JSON under a schema's grammar or the log-probs of given answers out. Content
// never becomes a marker. Sampling may be shaped here (llama.cpp's usual top-k, top-p and min-p): law 3 applies only to the
// policy. A model with thinking markers may think before a reply, outside the grammar (text/reasoning.ts).
import { PlayactError } from "../../errors.ts";
import { toGrammar } from "../../rules/schema/grammar.ts";
import { type ChatModel, type ChooseRequest, EngineError, type ReplyRequest, type Vocabulary } from "../llm.ts";
import type { PromptWriter } from "../text/prompt.ts";
import { closingTokens, openReasoning } from "../text/reasoning.ts";
import type { Bindings, NativeContext, NativeGrammar, NativeModel } from "./addon.ts";
import type { Batcher } from "./batcher.ts";
import { type LoneSpace, openLoneSpace } from "./lone-space.ts";
import { nativeSeed, openSampler, weighExactly } from "./sampler.ts";
import type { Work } from "./work.ts";

/** A model's context and vocabulary. */
export interface ContextParts {
  readonly bindings: Bindings;
  readonly model: NativeModel;
  readonly context: NativeContext;
  readonly batcher: Batcher;
  readonly vocabulary: Vocabulary;
  /** Tokens of one request, prompt and reply together. */
  readonly contextTokens: number;
}

/** llama.cpp's defaults. */
const shaping = { topK: 40, topP: 0.95, minP: 0.05 } as const;
const cachedGrammars = 64;

/** Model, context and batcher are read anew for each request: after a rest they are others. */
export function openChatModel(parts: ContextParts, prompt: PromptWriter): ChatModel {
  const grammarFor = grammarCache(parts.bindings);
  const loneSpace = openLoneSpace(parts.bindings, parts.vocabulary);
  return {
    // async, so that an invalid schema or option rejects instead of throwing
    reply: async (request) => parts.batcher.run(replyWork(parts, { prompt, grammar: grammarFor(request), loneSpace }, request)),
    weighs: true,
    choose: async (request) => parts.batcher.run(chooseWork(parts, prompt, request)),
    fits: (messages, lead, replyTokens) => prompt.write(messages, lead, false).length + replyTokens <= parts.contextTokens,
  };
}

/** How a prompt is written, and its reply constrained. */
interface Form {
  readonly prompt: PromptWriter;
  readonly grammar: NativeGrammar;
  readonly loneSpace: LoneSpace;
}

function replyWork(parts: ContextParts, { prompt, grammar, loneSpace }: Form, request: ReplyRequest): Work<string> {
  const { bindings, model, context, vocabulary, contextTokens } = parts;
  const asked = prompt.write(request.messages, "", false);
  if (asked.length >= contextTokens) throw full("simulator reply", asked.length, contextTokens);
  const shape = { ...shaping, temperature: request.temperature, seed: nativeSeed(request.seed) };
  const state = new bindings.AddonGrammarEvaluationState(model, grammar); // advanced by the sampler's draws
  const constrained = { ...shape, grammarEvaluationState: state };
  const sampler = openSampler(bindings, model, constrained);
  // thinking never takes the reply's room
  const room = contextTokens - asked.length - request.maxTokens - closingTokens;
  const limit = prompt.canThink ? Math.min(request.thinkTokens ?? 0, room) : 0;
  const thought = openReasoning(vocabulary, limit, (id) => model.isEogToken(id));
  const thinker = thought === null ? null : openSampler(bindings, model, shape);
  const ids = thought === null ? asked : prompt.write(request.messages, "", true);
  const said: number[] = [];
  let placed = ids.length;
  const { usage } = request;
  if (usage) usage.read += ids.length;
  return {
    label: "simulator reply",
    ids,
    rows: "last",
    deadlineMs: request.deadlineMs,
    signal: request.signal,
    async advance([row = -1]) {
      if (thought !== null && thinker !== null) {
        const next = await thought.next(() => {
          if (usage) usage.written++;
          return context.sampleToken(row, thinker);
        });
        if (next !== null) {
          placed++;
          return next;
        }
      }
      sampler.applyConfig({ ...constrained, ...loneSpace(state, said.at(-1) ?? null) });
      const id = await context.sampleToken(row, sampler);
      // -1: nothing may follow; an end token: the grammar is complete
      if (id < 0 || model.isEogToken(id)) return null;
      said.push(id);
      if (usage) usage.written++;
      return said.length >= request.maxTokens || placed + said.length >= contextTokens ? null : id;
    },
    result: () => vocabulary.decode(said),
    dispose: () => {
      sampler.dispose();
      thinker?.dispose();
    },
  };
}

function chooseWork(parts: ContextParts, prompt: PromptWriter, request: ChooseRequest): Work<readonly number[]> {
  const { bindings, model, context, vocabulary, contextTokens } = parts;
  const ids = prompt.write(request.messages, request.lead, false);
  if (ids.length > contextTokens) throw full("simulator choice", ids.length, contextTokens);
  const firsts = firstTokens(vocabulary, request.options);
  const greedy = openSampler(bindings, model, { temperature: 0 });
  let weights: readonly number[] = [];
  if (request.usage) request.usage.read += ids.length;
  return {
    label: "simulator choice",
    ids,
    rows: "last",
    deadlineMs: request.deadlineMs,
    signal: request.signal,
    async advance([row = -1]) {
      weights = await weighExactly(context, row, greedy, firsts);
      return null;
    },
    result: () => weights,
    dispose: () => greedy.dispose(),
  };
}

/** The token that tells each option from the others. @throws PlayactError("simulator") if two are the same. */
export function firstTokens(vocabulary: Vocabulary, options: readonly string[]): number[] {
  const firsts = options.map((option) => {
    const [first] = vocabulary.encode(option);
    if (first === undefined)
      throw new PlayactError("simulator", "An option to choose from is empty; each needs at least one token.");
    return first;
  });
  const twin = firsts.findIndex((first, at) => firsts.indexOf(first) !== at);
  if (twin < 0) return firsts;
  const [one, other] = [options[firsts.indexOf(firsts[twin] ?? -1)], options[twin]].map((option) => JSON.stringify(option));
  throw new PlayactError(
    "simulator",
    `The options ${one} and ${other} start with the same token; word them so that their first tokens differ.`,
  );
}

/** The error for a prompt that is too long. */
export function full(label: string, ids: number, contextTokens: number): EngineError {
  return new EngineError("context_full", `${label}: a prompt of ${ids} ids does not fit a context of ${contextTokens}`);
}

/** Parsed grammars by schema; the least recently used is evicted. */
function grammarCache(bindings: Bindings) {
  const parsed = new Map<string, NativeGrammar>();
  return ({ schema }: ReplyRequest): NativeGrammar => {
    const key = JSON.stringify(schema);
    const grammar =
      parsed.get(key) ?? new bindings.AddonGrammar(toGrammar(schema), { addonExports: bindings, rootRuleName: "root" });
    parsed.delete(key);
    parsed.set(key, grammar);
    for (const oldest of parsed.keys()) {
      if (parsed.size <= cachedGrammars) break;
      parsed.delete(oldest);
    }
    return grammar;
  };
}
