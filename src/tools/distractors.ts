// The tools offered beside the needed ones: any of the domain, or those whose descriptions are near the needed ones', which a
// policy must read to tell apart. Pure: the vectors are handed in. Near tools are not in the paper. Its hazard is a
// distractor that can do the job: then a right call counts as a wrong one. See `mayServe` for what is kept out, and its limit.
import { cosine } from "../embed/cosine.ts";
import type { Draws } from "../rng.ts";
import type { JsonObject, ToolSpec } from "../types.ts";

/** A tool of the domain that is not needed, none with a needed one's name. */
export interface Candidate {
  readonly tool: ToolSpec;
  /** Of the same toolset as the needed tools. */
  readonly sibling: boolean;
}

/** Picks at most `count` of the candidates. */
export type ChooseDistractors = (
  candidates: readonly Candidate[],
  needed: readonly ToolSpec[],
  count: number,
  random: Draws,
) => ToolSpec[];

/** Any tools of the domain, as published. */
export const anyTools: ChooseDistractors = (candidates, _needed, count, random) =>
  random.shuffle(candidates.map(({ tool }) => tool)).slice(0, count);

/**
 * Tools near the needed ones, drawn from the nearest twice as many, so that a tool does not always stand in the same company.
 * @param vectors of the tools' descriptions, at length 1; a tool without one is as far as can be
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

/** One job in two services' words comes down to 0.46 (test/embed/nearness.test.ts): a stranger nearer than this is kept out. */
const sameJobElsewhere = 0.45;
/** Tools of one toolset are made to differ; nearer than this, and callable with the same arguments, one may stand in. */
const sameJobBeside = 0.8;

/**
 * Whether a tool might do what the needed one does. Tools of another toolset may well (two services, one job) and are kept
 * out by nearness alone; siblings only where their descriptions are nearly one and all they require is what the needed tool
 * takes. A tool that does the same job under other words passes: nobody but the user can know that.
 */
export function mayServe(needed: ToolSpec, { tool, sibling }: Candidate, near: number): boolean {
  if (!sibling) return near > sameJobElsewhere;
  const taken = new Set(Object.keys((needed.parameters.properties ?? {}) as JsonObject)); // checked by the catalogue's loader
  const required = Array.isArray(tool.parameters.required) ? tool.parameters.required.map(String) : [];
  return near > sameJobBeside && required.every((name) => taken.has(name));
}
