// From one row of logits to an id and its exact log-probability, over the full vocabulary. Never asks the addon for a
// `confidence` (it sorts the vocabulary); instead log p = logit - max - log(Σ exp(logit - max)), which stays precise where p
// is close to 1 or 0 and a float32 probability would not.

import { EngineError } from "../llm.ts";
import type { Bindings, NativeContext, NativeModel, NativeSampler } from "./addon.ts";

export interface Drawn {
  readonly id: number;
  /** Natural log; of the tempered distribution, or of the untempered one for a greedy draw. */
  readonly logprob: number;
}

/** Draws ids by temperature only. */
export interface Drawer {
  /** Throws EngineError("native") for a row whose logits are no numbers. */
  draw(row: number): Promise<Drawn>;
  dispose(): void;
}

/** Log-probs of given ids over the full vocabulary at temperature 1. */
export interface Weigher {
  weigh(row: number, ids: readonly number[]): Promise<number[]>;
  dispose(): void;
}

/** llama.cpp treats the all-ones seed as "any seed". */
export function nativeSeed(seed: number): number {
  return seed >>> 0 === 0xffffffff ? 0xfffffffe : seed >>> 0;
}

/** Inputs of a sampler. */
export interface NativeParts {
  readonly bindings: Bindings;
  readonly model: NativeModel;
  readonly context: NativeContext;
}

/**
 * A sampler for one request. `temperature` 0 is greedy, with the log-prob at temperature 1 (the tempered one is 0 for every
 * id and carries no information).
 */
export function openDrawer(
  { bindings, model, context }: NativeParts,
  { temperature, seed }: { readonly temperature: number; readonly seed: number },
): Drawer {
  const greedy = openSampler(bindings, model, { temperature: 0 });
  if (temperature === 0)
    return {
      async draw(row) {
        const best = await selected(context, row, greedy);
        return drawnAt(best.id, -Math.log(best.weight));
      },
      dispose: () => greedy.dispose(),
    };
  const sampler = openSampler(bindings, model, { temperature, seed: nativeSeed(seed) });
  return {
    async draw(row) {
      // the index of the largest logit; on its own this costs a third of a draw
      const best = await context.sampleToken(row, greedy);
      const drawn = await selected(context, row, sampler, best);
      return drawnAt(drawn.id, Math.min(0, drawn.logit - drawn.largest - Math.log(drawn.weight)));
    },
    dispose: () => {
      sampler.dispose();
      greedy.dispose();
    },
  };
}

/** Weights that overflow give a row of NaN, and no store or loss takes its log-prob: the request fails, not the run. */
function drawnAt(id: number, logprob: number): Drawn {
  if (Number.isFinite(logprob)) return { id, logprob };
  throw new EngineError("native", `The model computed no numbers for its next id: the log-prob of id ${id} is ${logprob}.`);
}

/**
 * Natural log-probs of given ids at temperature 1, in their order, from all logits of the row. The addon's own Σ exp is
 * summed in float32, which loses the tail: 1e-4 to 2e-4 nats on 49,152 ids. Reads 2 numbers per id (about 20 ms for
 * 151,936): for a verdict, not for every sampled token.
 */
export async function weighExactly(
  context: NativeContext,
  row: number,
  greedy: NativeSampler,
  ids: readonly number[],
): Promise<number[]> {
  const [, , , pairs = []] = await context.sampleToken(row, greedy, false, false, true, false);
  const logits = new Map(ids.map((id) => [id, Number.NaN]));
  let largest = Number.NEGATIVE_INFINITY;
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const [id = -1, logit = Number.NaN] = [pairs[at], pairs[at + 1]];
    if (logits.has(id)) logits.set(id, logit);
    if (logit > largest) largest = logit;
  }
  let weight = 0;
  for (let at = 1; at < pairs.length; at += 2) weight += Math.exp((pairs[at] ?? Number.NaN) - largest);
  if (!(weight > 0)) throw noRow();
  return ids.map((id) => Math.min(0, (logits.get(id) ?? Number.NaN) - largest - Math.log(weight)));
}

/** Natural log-probs of given ids at temperature 1, in their order. */
export function openWeigher(bindings: Bindings, model: NativeModel, context: NativeContext): Weigher {
  const greedy = openSampler(bindings, model, { temperature: 0 });
  return {
    async weigh(row, ids) {
      const [best, , , pairs, weight] = await context.sampleToken(row, greedy, false, false, [ids, false, false, true, 0], true);
      const logits = pairsOf(pairs ?? []);
      const largest = logits.get(best);
      if (largest === undefined || weight === undefined) throw noRow();
      return ids.map((id) => {
        const logit = logits.get(id);
        if (logit === undefined) throw new EngineError("native", `The model has no id ${id}.`);
        return Math.min(0, logit - largest - Math.log(weight));
      });
    },
    dispose: () => greedy.dispose(),
  };
}

export function openSampler(bindings: Bindings, model: NativeModel, config: Parameters<NativeSampler["applyConfig"]>[0]) {
  const sampler = new bindings.AddonSampler(model);
  sampler.applyConfig(config);
  return sampler;
}

/**
 * The chosen id, its logit (after the chain's temperature), the logit of `best` and Σ exp(logit - max). `best` is the id of
 * the row's largest logit; -1 for a greedy chain, which finds it itself.
 */
async function selected(context: NativeContext, row: number, sampler: NativeSampler, best = -1) {
  const wanted = [best < 0 ? [] : [best], false, false, true, 0] as const;
  const [id, , , pairs = [], weight] = await context.sampleToken(row, sampler, false, false, wanted, true);
  const logits = pairsOf(pairs);
  const [logit, largest] = [logits.get(id), logits.get(best < 0 ? id : best)];
  if (logit === undefined || largest === undefined || weight === undefined) throw noRow();
  return { id, logit, largest, weight };
}

/** id, logit, id, logit, … sorted by id. */
function pairsOf(flat: readonly number[]): ReadonlyMap<number, number> {
  const logits = new Map<number, number>();
  for (let at = 0; at + 1 < flat.length; at += 2) logits.set(flat[at] ?? -1, flat[at + 1] ?? Number.NaN);
  return logits;
}

function noRow(): EngineError {
  return new EngineError("native", "llama.cpp returned no logits for a row of the batch.");
}
