// Adapter swap with a check (law 8): the engine loads the adapter by content hash, and its log-probs on a probe text must have
// changed and must match the learner's; they need not change if the adapter changes nothing in the learner either. Sampling
// from a stale adapter without noticing is the worst fault of such a system; here it stops the run. The learner's are computed
// before: it may rest when the engine is awake (residency.ts).
import { PlayactError } from "../errors.ts";
import type { Metrics } from "./metric-list.ts";
import { mean } from "./metrics.ts";
import type { Session } from "./session.ts";

/** Any text with the shape of what the policy reads and writes. */
const probeText =
  'Book a table for two in Lisbon on 2027-03-14. <tool_call>\n{"name": "book_table", "arguments": {"city": "Lisbon", "guests": 2}}\n</tool_call>';

/** Nats per token. The quantised sampler and the learner differ by 0.04 to 0.07 on given text; above this, the adapter differs. */
const staleGap = 0.5;

/** The learner's log-probs of the probe text, with its adapter and without. */
export interface Expected {
  readonly policy: readonly number[];
  readonly reference: readonly number[];
}

/** What the engine must compute once it has the adapter that the learner has now. */
export async function expectedOf({ engine, learner }: Pick<Session, "engine" | "learner">): Promise<Expected> {
  const ids = engine.vocabulary.encode(probeText);
  const [policy = []] = await learner.logprobs([ids], "policy", 1);
  const [reference = []] = await learner.logprobs([ids], "reference", 1);
  return { policy, reference };
}

/**
 * Swaps in `adapter` as `version` and compares the engine with the learner on a probe text.
 * @returns adapter/probe_gap (mean absolute difference, nats) and adapter/probe_moved (mean absolute change by the swap)
 * @throws PlayactError("engine") if the engine's log-probs do not match the learner's after the swap
 */
export async function swapAndProbe(
  { engine }: Pick<Session, "engine">,
  adapter: { readonly path: string; readonly hash: string },
  version: number,
  expected: Expected,
): Promise<Metrics> {
  const ids = engine.vocabulary.encode(probeText);
  const changed = engine.policy.adapter !== adapter.hash;
  const before = await engine.score(ids);
  await engine.swap(adapter, version);
  const after = await engine.score(ids);
  const gap = distance(after, expected.policy);
  const moved = distance(after, before);
  // an untrained adapter (B is 0) has a new hash but changes no log-prob
  const acts = expected.policy.some((logprob, index) => logprob !== expected.reference[index]);
  if (!(gap < staleGap) || (changed && moved === 0 && acts)) {
    throw new PlayactError(
      "engine",
      `The engine does not follow the learner after adapter ${adapter.hash.slice(0, 16)} was swapped in: expected a mean log-prob difference under ${staleGap} on the probe, got ${gap.toFixed(3)} (moved by ${moved.toFixed(4)}). The run stops before it samples from a stale policy. Resume it; if this happens again, report the model.`,
    );
  }
  return { "adapter/probe_gap": gap, "adapter/probe_moved": moved };
}

/** Mean absolute difference; NaN if one is shorter. */
function distance(of: readonly number[], from: readonly number[]): number {
  return mean(of.map((logprob, index) => Math.abs(logprob - (from[index] ?? Number.NaN))));
}
