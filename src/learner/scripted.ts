// A deterministic double of the learner, for unit tests without Python: a unigram model over a small vocabulary, whose
// bias of each token is the adapter. It learns, skips, saves and restores as the port requires. It computes the same policy
// loss for every name, without clipping, KL or importance weights; only the hash of its GGUF adapter can be used.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { describe, PlayactError } from "../errors.ts";
import { tokenDigest } from "../rules/token-digest.ts";
import type { TrainingSample } from "../types.ts";
import { trainedPart } from "./batch.ts";
import type { Learner, OpenReply, UpdateReply, UpdateRequest } from "./learner.ts";

const state = z.object({ updates: z.number(), bias: z.array(z.number()), velocity: z.array(z.number()) });
type State = z.output<typeof state>;

/** A fresh double. `vocabulary`: number of token ids; every id must be smaller. */
export function scriptedLearner(vocabulary = 512): Learner {
  let current: State | null = null;
  let resting = false;
  let closed = false;

  function opened(): State {
    if (closed) throw new PlayactError("learner", "the learner was closed");
    if (current === null) throw new PlayactError("learner", "learner: the learner is not open: call open first");
    return current;
  }

  function awake(): State {
    const mine = opened();
    if (resting) throw new PlayactError("learner", "learner: the learner rests: call wake first");
    return mine;
  }

  return {
    async open(): Promise<OpenReply> {
      if (current !== null) throw new PlayactError("learner", "learner: the learner is already open");
      const zeros = () => new Array<number>(vocabulary).fill(0);
      current = { updates: 0, bias: zeros(), velocity: zeros() };
      return { device: "cpu", dtype: "float32", torch: "scripted", vocabulary, trainableParameters: vocabulary };
    },
    async logprobs(samples, which, temperature) {
      const bias = which === "policy" ? awake().bias : awake().bias.map(() => 0);
      check(samples, vocabulary);
      const values = logSoftmax(bias, temperature);
      return samples.map((ids) => ids.map((id, position) => (position === 0 ? 0 : at(values, id))));
    },
    async update(request): Promise<UpdateReply> {
      const mine = awake();
      check(
        request.minibatches.flat().map((sample) => sample.ids),
        vocabulary,
      );
      const temperature = request.loss.kind === "sft" ? 1 : request.loss.temperature;
      const old = logSoftmax(mine.bias, temperature);
      const logprobs = request.minibatches.flat().map((s) => s.ids.map((id, i) => (s.mask[i] === 1 ? at(old, id) : 0)));
      const steps = request.minibatches.map((samples) => step(mine, samples, request));
      mine.updates += 1;
      const trained = steps.filter((s) => s.tokens > 0);
      return {
        metrics: {
          loss: mean(trained.map((s) => s.loss)),
          grad_norm: mean(trained.map((s) => s.norm)),
          num_tokens: steps.reduce((sum, s) => sum + s.tokens, 0),
          skipped_steps: steps.filter((s) => s.skipped).length,
          ...guideMetrics(request, old),
        },
        logprobs,
        digests: request.minibatches.flat().map((sample) => tokenDigest(trainedPart(sample))),
      };
    },
    async save(folder) {
      const mine = awake();
      if (existsSync(join(folder, "state.json"))) {
        throw new PlayactError("learner", `learner: ${folder} contains an older save: use a new folder for each save`);
      }
      mkdirSync(folder, { recursive: true });
      const adapter = Buffer.from(JSON.stringify(mine.bias));
      const hash = sha256(adapter);
      const name = `adapter-${hash.slice(0, 16)}.gguf`;
      const json = Buffer.from(JSON.stringify(mine));
      writeFileSync(join(folder, name), adapter);
      writeFileSync(join(folder, "state.json"), json);
      const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const paths = found.map((entry) => join(entry.parentPath, entry.name));
      const files = Object.fromEntries(paths.map((path) => [relative(folder, path), sha256(readFileSync(path))]));
      return { folder, gguf: join(folder, name), hash, files };
    },
    async restore(folder) {
      awake();
      try {
        current = state.parse(JSON.parse(readFileSync(join(folder, "state.json"), "utf8")));
      } catch (cause) {
        throw new PlayactError("learner", `learner: ${folder} cannot be restored: ${describe(cause)}`, { cause });
      }
    },
    async rest(keep) {
      opened();
      resting = true;
      return keep === "weights" ? 8 * vocabulary : 0;
    },
    async wake() {
      opened();
      resting = false;
    },
    async close() {
      closed = true;
    },
  };
}

/** Gradient ascent with momentum on the mean of coefficient x log-prob over the trained tokens. Changes `mine`. */
function step(mine: State, samples: readonly TrainingSample[], request: UpdateRequest) {
  const values = logSoftmax(mine.bias, 1);
  const tokens = samples.flatMap(({ ids, mask, advantages }) =>
    ids.flatMap((id, i) => (mask[i] === 1 ? [{ id, ...gainOf(at(values, id), at(advantages, i), request) }] : [])),
  );
  const total = tokens.reduce((sum, token) => sum + token.coefficient, 0);
  const pull = values.map((value) => (-total * Math.exp(value)) / Math.max(1, tokens.length));
  for (const { id, coefficient } of tokens) pull[id] = at(pull, id) + coefficient / tokens.length;
  const loss = -mean(tokens.map(({ gain }) => gain));
  const norm = Math.sqrt(pull.reduce((sum, x) => sum + x * x, 0));
  const skipped = !(tokens.some((token) => token.coefficient !== 0) && Number.isFinite(norm));
  if (!skipped) {
    mine.velocity = mine.velocity.map((v, id) => 0.9 * v + at(pull, id));
    mine.bias = mine.bias.map((b, id) => b + 100 * request.learningRate * at(mine.velocity, id));
  }
  return { loss, norm, tokens: tokens.length, skipped };
}

/** What a token adds to the mean that is increased, at ratio 1, and its slope by the token's log-prob. */
function gainOf(logprob: number, advantage: number, { loss }: UpdateRequest) {
  return loss.kind === "sft" ? { gain: logprob, coefficient: 1 } : { gain: advantage, coefficient: advantage };
}

function guideMetrics({ minibatches, loss }: UpdateRequest, old: readonly number[]): Record<string, number> {
  const guides = loss.kind === "sft" ? [] : minibatches.flat().filter(({ guide }) => guide === true);
  const tokens = guides.flatMap(({ ids, mask }) => ids.filter((_, i) => mask[i] === 1));
  return tokens.length === 0 ? {} : { "guide/probability": mean(tokens.map((id) => Math.exp(at(old, id)))) };
}

/** Log-probs of all tokens: an uneven fixed base plus the adapter's bias. // [id] */
function logSoftmax(bias: readonly number[], temperature: number): number[] {
  const logits = bias.map((b, id) => (Math.sin(id * 12.9898) + b) / temperature);
  const peak = Math.max(...logits);
  const log = peak + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - peak), 0));
  return logits.map((x) => x - log);
}

function check(samples: readonly (readonly number[])[], vocabulary: number): void {
  const bad = samples.flat().find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
  if (bad !== undefined) throw new PlayactError("learner", `learner: token ids must be in 0..${vocabulary - 1}, got ${bad}`);
}

/** An element that exists: ids are checked, and arrays of a sample have the same length. */
function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
