// The tools offered beside the needed ones: any of the domain, or those with similar descriptions, which a policy must read to
// tell apart. Pure: the vectors are passed in. Near tools are not in the paper. The risk is a distractor that can do the job:
// then a right call counts as wrong. See `mayServe` for what is excluded, and its limit.
import { cosine } from "../embed/cosine.ts";
import type { Draws } from "../rng.ts";
import type { JsonObject, ToolSpec } from "../types.ts";

/** A tool of the domain that is not needed and does not share a needed tool's name. */
export interface Candidate {
  readonly tool: ToolSpec;
  /** From the same toolset as the needed tools. */
  readonly sibling: boolean;
}

/** Picks at most `count` of the candidates. */
export type ChooseDistractors = (
  candidates: readonly Candidate[],
  needed: readonly ToolSpec[],
  count: number,
  random: Draws,
) => ToolSpec[];

/** Random tools of the domain, as published. */
export const anyTools: ChooseDistractors = (candidates, _needed, count, random) =>
  random.shuffle(candidates.map(({ tool }) => tool)).slice(0, count);

/**
 * Tools near the needed ones, drawn from twice as many nearest, so that a tool does not always get the same distractors.
 * @param vectors unit vectors of the tools' descriptions; a tool without one counts as farthest
 */
export function nearTools(vectors: ReadonlyMap<ToolSpec, Float32Array>): ChooseDistractors {
  const between = (a: ToolSpec, b: ToolSpec): number => {
    const [one, other] = [vectors.get(a), vectors.get(b)];
    return one === undefined || other === undefined ? -1 : cosine(one, other);
  };
  return (candidates, needed, count, random) => {
    const ranked = candidates
      .filter((candidate) => !needed.some((tool) => mayServe(tool, candidate, between(tool, candidate.tool))))
      .map(({ tool }) => ({ tool, near: Math.max(...needed.map((other) => between(tool, other))) }))
      .sort((a, b) => b.near - a.near);
    return random.shuffle(ranked.slice(0, 2 * count).map(({ tool }) => tool)).slice(0, count);
  };
}

/** Two wordings of one job have a cosine of 0.46 or more (test/run/nearness.test.ts): nearer tools elsewhere are excluded. */
const sameJobElsewhere = 0.45;
/** Tools of one toolset are meant to differ; a nearer one that accepts the same arguments could replace the needed one. */
const sameJobBeside = 0.8;

/**
 * Whether a tool might do the needed tool's job. Tools of another toolset (two services, one job) are excluded by nearness
 * alone; siblings only where their descriptions are nearly the same and the needed tool takes every parameter they require.
 * Limit: a tool that does the same job under a very different description is not recognised.
 */
export function mayServe(needed: ToolSpec, { tool, sibling }: Candidate, near: number): boolean {
  if (!sibling) return near > sameJobElsewhere;
  const taken = new Set(Object.keys((needed.parameters.properties ?? {}) as JsonObject)); // checked by the catalogue's loader
  const required = Array.isArray(tool.parameters.required) ? tool.parameters.required.map(String) : [];
  return near > sameJobBeside && required.every((name) => taken.has(name));
}
