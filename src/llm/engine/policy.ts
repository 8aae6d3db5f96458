// The model being trained: immutable handles (one per version), the adapter swap between them, and scoring of given ids.
// Sampling is by temperature only, over the full vocabulary (law 3).
import { describe, PlayactError } from "../../errors.ts";
import { EngineError, type Policy, type Sampled, type SampleRequest } from "../llm.ts";
import type { NativeContext, NativeLora, NativeModel } from "./addon.ts";
import type { ContextParts } from "./chat.ts";
import type { Lock } from "./lock.ts";
import { openDrawer, openWeigher } from "./sampler.ts";
import type { Work } from "./work.ts";

export interface PolicyParts extends ContextParts {
  readonly lock: Lock;
}

export interface PolicySeat {
  current(): Policy;
  swap(adapter: { readonly path: string; readonly hash: string } | null, version: number): Promise<Policy>;
  score(ids: readonly number[], from?: number): Promise<number[]>;
  /** Frees the adapter after a swap in flight; the batcher must be drained. Handles stay valid. */
  rest(): Promise<void>;
  /** Loads the current adapter into a new context. */
  wake(natives: Natives): Promise<void>;
  /** Rejects further samples and frees the adapter. */
  close(): Promise<void>;
}

/** A probe is short; a score that takes longer than this is stuck. */
const scoreDeadlineMs = 600_000;

type Adapter = Parameters<PolicySeat["swap"]>[0];

/** What a request works with. */
export type Natives = Pick<PolicyParts, "model" | "context" | "batcher">;

/** The adapter that a context applies. */
interface Worn {
  readonly context: NativeContext;
  readonly lora: NativeLora;
}

/** Starts with the base model at version 0. */
export function openPolicy(parts: PolicyParts): PolicySeat {
  const { bindings, lock } = parts;
  let current: Adapter = null;
  let worn: Worn | null = null;
  let seat = handle(parts, 0, null);
  let swapping: Promise<unknown> = Promise.resolve();

  async function load(model: NativeModel, path: string): Promise<NativeLora> {
    const loaded = new bindings.AddonModelLora(model, path);
    try {
      await lock.take(() => model.loadLora(loaded));
    } catch (thrown) {
      await loaded.dispose();
      throw new PlayactError("engine", `llama.cpp cannot load the adapter ${path}: ${describe(thrown)}`, { cause: thrown });
    }
    return loaded;
  }

  /** `closing` is called once the adapter is loaded, before the samples in flight are waited for. */
  async function wear({ model, context, batcher }: Natives, adapter: Adapter, closing: () => void): Promise<void> {
    const lora = adapter === null ? null : await load(model, adapter.path);
    closing();
    await batcher.drained();
    const before = worn;
    await lock.take(async () => {
      context.setLoras(lora === null ? [] : [lora], lora === null ? [] : [1]);
      batcher.clear();
    });
    worn = lora === null ? null : { context, lora };
    current = adapter;
    await before?.lora.dispose();
  }

  async function exchange(adapter: Adapter, version: number): Promise<Policy> {
    const { model, context, batcher } = parts; // of now: a rest that begins later waits for this
    await wear({ model, context, batcher }, adapter, () => seat.close());
    seat = handle(parts, version, adapter?.hash ?? null);
    return seat.policy;
  }

  async function rest(): Promise<void> {
    await swapping;
    if (worn === null) return;
    const { context, lora } = worn;
    worn = null;
    await lock.take(async () => context.setLoras([], []));
    await lora.dispose();
  }

  return {
    current: () => seat.policy,
    swap(adapter, version) {
      const swapped = swapping.then(() => exchange(adapter, version));
      swapping = swapped.catch(() => undefined);
      return swapped;
    },
    score: async (ids, from = 0) => parts.batcher.run(scoreWork(parts, ids, from)),
    rest,
    async wake(natives) {
      if (current !== null && worn === null) await wear(natives, current, () => undefined);
    },
    async close() {
      seat.close();
      await rest();
    },
  };
}

function handle(parts: PolicyParts, version: number, adapter: string | null) {
  let open = true;
  const policy: Policy = {
    version,
    adapter,
    // async, so that an error rejects instead of throwing
    async sample(request) {
      if (!open) throw new EngineError("closed", `policy version ${version} was replaced; sample from the current handle`);
      if (request.maxTokens <= 0) return { ids: [], logprobs: [], end: "length" };
      return parts.batcher.run(sampleWork(parts, request));
    },
  };
  return {
    policy,
    close: () => {
      open = false;
    },
  };
}

function sampleWork(parts: PolicyParts, request: SampleRequest): Work<Sampled> {
  const { contextTokens } = parts;
  const prompt = request.ids.length;
  if (prompt >= contextTokens)
    throw new EngineError("context_full", `policy sample: ${prompt} ids leave no room in a context of ${contextTokens}`);
  const drawer = openDrawer(parts, request);
  const ids: number[] = [];
  const logprobs: number[] = [];
  let end: Sampled["end"] = "length";
  return {
    label: "policy sample",
    ids: request.ids,
    rows: "last",
    deadlineMs: request.deadlineMs,
    signal: request.signal,
    // a copy: a draw may be running. If nothing was sampled the engine was slow, not the policy
    soFar: () => (ids.length === 0 ? null : { ids: [...ids], logprobs: [...logprobs], end: "deadline" }),
    async advance([row = -1]) {
      const { id, logprob } = await drawer.draw(row);
      ids.push(id);
      logprobs.push(logprob);
      if (request.stop.has(id)) end = "stop";
      else if (ids.length >= request.maxTokens) end = "length";
      else if (prompt + ids.length >= contextTokens) end = "context_full";
      else return id;
      return null;
    },
    result: () => ({ ids, logprobs, end }),
    dispose: () => drawer.dispose(),
  };
}

function scoreWork(parts: PolicyParts, ids: readonly number[], from: number): Work<number[]> {
  const { bindings, model, context, contextTokens } = parts;
  if (ids.length > contextTokens)
    throw new EngineError("context_full", `score: ${ids.length} ids do not fit a context of ${contextTokens}`);
  const predictor = Math.max(0, Math.min(from, ids.length) - 1); // the id before predicts it
  const logprobs: number[] = ids.slice(0, predictor + 1).map(() => 0);
  const weigher = openWeigher(bindings, model, context);
  return {
    label: "score",
    ids,
    rows: predictor,
    deadlineMs: scoreDeadlineMs,
    async advance(rows, first) {
      for (const [at, row] of rows.entries()) {
        const next = ids[first + at + 1];
        if (next !== undefined) logprobs.push(...(await weigher.weigh(row, [next])));
      }
      return null;
    },
    result: () => logprobs,
    dispose: () => weigher.dispose(),
  };
}
