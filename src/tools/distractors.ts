// The tools offered beside the needed ones: siblings and others of the domain, or those with similar descriptions, which a policy
// must read to tell apart. Pure: the vectors are passed in. Near tools are not in the paper, which draws from the domain. The
// risk is a distractor that can do the job: then a right call counts as wrong. See `mayServe` for what is excluded, and its limit.
import { cosine } from "../embed/cosine.ts";
import type { Draws } from "../rng.ts";
import { propertiesOf } from "../rules/json.ts";
import type { ToolSpec } from "../types.ts";
import { requiredParameters } from "./tool-arguments.ts";

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

/** Random tools, every other one a sibling as long as there are any: tools that differ in what they do, not in what they are about. */
export const anyTools: ChooseDistractors = (candidates, _needed, count, random) => {
  const shuffled = random.shuffle([...candidates]);
  return alternated(
    shuffled.filter(({ sibling }) => sibling),
    shuffled.filter(({ sibling }) => !sibling),
  )
    .slice(0, count)
    .map(({ tool }) => tool);
};

/** One of the first list, one of the second, and so on; what is left of the longer one at the end. */
export function alternated<T>(one: readonly T[], other: readonly T[]): T[] {
  return Array.from({ length: Math.max(one.length, other.length) }, (_, at) => [
    ...one.slice(at, at + 1),
    ...other.slice(at, at + 1),
  ]).flat();
}

/**
 * Whether a sibling can be offered where the needed tools are missing: it requires a value that none of them takes, so a request for
 * them does not give it.
 */
export function cannotServe(needed: readonly ToolSpec[], tool: ToolSpec): boolean {
  const taken = needed.map(({ parameters }) => propertiesOf(parameters));
  return requiredParameters(tool).some((name) => taken.every((all) => !Object.hasOwn(all, name)));
}

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
  return near > sameJobBeside && !cannotServe([needed], tool);
}
