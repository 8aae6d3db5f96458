// A check when a session opens: engine and learner must read a far position alike, as they do a near one. Positions are computed
// twice, by llama.cpp and by torch, each from the file's header; where the learner misread how a model stretches them, the first
// tokens hardly show it, and a long episode would be trained on other log-probs than it was sampled from.
import { PlayactError } from "../errors.ts";
import type { Learner } from "../learner/learner.ts";
import type { Engine } from "../llm/llm.ts";
import { draws } from "../rng.ts";
import { mean } from "./metrics.ts";

/** Where the far position lies, if the context is that long: beyond it few episodes go, and reading it costs seconds on a CPU. */
const farTokens = 1500;
/** Tokens that are compared, near the start and at the end. */
const compared = 40;
/**
 * Nats per token: a quantised model's gap is 0.04 to 0.07 anywhere. More than `most` is no rounding, nor is a far gap of more
 * than twice the near one and `slack`.
 */
const limit = { most: 0.3, slack: 0.05 } as const;

/** Mean differences of log-probs, in nats per token, and the position of the far one. */
export interface PositionGaps {
  readonly near: number;
  readonly far: number;
  readonly position: number;
}

/** @throws PlayactError("model") if the two differ by more than rounding, or more from afar than from near */
export async function probePositions(
  engine: Pick<Engine, "vocabulary" | "score">,
  learner: Pick<Learner, "logprobs">,
  contextTokens: number,
): Promise<PositionGaps> {
  const ids = engine.vocabulary.encode(longText()).slice(0, Math.min(farTokens, contextTokens));
  const start = await engine.score(ids.slice(0, compared + 1));
  const scored = [...start, ...(await engine.score(ids, ids.length - compared)).slice(start.length)];
  const [learned = []] = await learner.logprobs([ids], "policy", 1);
  const gapOf = (from: number, to?: number) =>
    mean(scored.slice(from, to).map((logprob, at) => Math.abs(logprob - (learned[from + at] ?? Number.NaN))));
  const gaps = { near: gapOf(1, 1 + compared), far: gapOf(-compared + ids.length), position: ids.length };
  if (gaps.far <= Math.min(limit.most, 2 * gaps.near + limit.slack)) return gaps;
  throw new PlayactError(
    "model",
    `Engine and learner do not read this policy alike: their log-probs differ by ${gaps.far.toFixed(3)} nats a token at position ${gaps.position}, and by ${gaps.near.toFixed(3)} near the start, so its positions are computed in a way that the learner does not know; choose another policy and report this one.`,
  );
}

/** Sentences that differ: a repeated text is copied, and copying needs few positions. Over 1,500 tokens in any vocabulary. */
function longText(): string {
  const { pick, integer } = draws("positions");
  const cities = ["Lisbon", "Bergen", "Osaka", "Quito", "Tartu", "Leeds", "Accra", "Turin"];
  const things = ["a table", "two seats", "a room", "the late ferry", "a guided tour", "parking"];
  return Array.from(
    { length: 120 },
    (_, line) =>
      `${line + 1}. Reserve ${pick(things)} in ${pick(cities)} on day ${integer(1, 365)}, for ${integer(1, 9)} guests.`,
  ).join("\n");
}
