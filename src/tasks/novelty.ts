// Whether a task is new: its first message is compared with those of the run's earlier tasks, by the cosine of their embeddings.
// Pure: the vectors are passed in. Not in the paper, whose tasks may repeat; here because small simulators write one example
// again and again. What a draft is compared with must not depend on timing, so that a resumed run rejects the same drafts: the
// last tasks drawn before its series, then those of the series that were accepted before it, in the fixed order of rounds.ts.
import { mostSimilar } from "../embed/cosine.ts";
import type { Rejection } from "./rejection.ts";

/** How many earlier tasks a draft is compared with, in addition to those of its own series. */
export const remembered = 1000;

/** An accepted task. */
export interface Known {
  /** Task.id */
  readonly name: string;
  /** Of its first message, at length 1. */
  readonly vector: Float32Array;
}

/** The highest cosine to a known task, and that task's id; null if there is no known task yet. */
export function closestOf(
  vector: Float32Array,
  known: readonly Known[],
): { readonly name: string; readonly cosine: number } | null {
  const found = mostSimilar(
    vector,
    known.map((one) => one.vector),
  );
  return found && { name: known[found.at]?.name ?? "", cosine: found.cosine };
}

/** The rejection of a task whose closest known task is above `threshold`, or null. */
export function tooClose(closest: ReturnType<typeof closestOf>, threshold: number): Rejection | null {
  if (closest === null || closest.cosine <= threshold) return null;
  return { stage: "too_close", reason: `cosine ${closest.cosine.toFixed(3)} to ${closest.name}` };
}
