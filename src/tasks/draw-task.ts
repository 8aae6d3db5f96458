// Which tools, which calls, which values are held back: the draws of one task, before any model is asked. Pure: the same names
// give the same plan. Departs from the paper, whose simulator picks the calls: here they are drawn first, because a small
// simulator cannot write free tasks, and so the right calls are known with their values.
import type { Draws } from "../rng.ts";
import { anyTools, type ChooseDistractors } from "../tools/distractors.ts";
import { drawArguments, propertiesOf, requiredParameters } from "../tools/tool-arguments.ts";
import { type Chain, chains } from "../tools/toolset.ts";
import type { JsonObject, ToolSpec, Toolset } from "../types.ts";
import { foreignTools } from "./irrelevance.ts";

export interface PlanRequest {
  readonly numTools: number;
  readonly calls: number;
  /** Values to hold back from the first message, at most. */
  readonly hold: number;
  readonly decline: boolean;
}

export interface Plan {
  readonly toolset: Toolset;
  /** The tools of the right calls, in order. */
  readonly needed: readonly ToolSpec[];
  /** The argument of the second call that comes from the first result; null without one. */
  readonly dependent: string | null;
  /** Parameters of each needed call that the task uses: all required ones and some optional ones. */
  readonly used: readonly (readonly string[])[];
  readonly heldBack: readonly { readonly call: number; readonly argument: string }[];
  /** Tools shown to the policy. */
  readonly offered: readonly ToolSpec[];
}

/** Draws one plan. A second call is drawn as a dependent chain if the domain has one; otherwise the task has one call. */
export function drawPlan(
  toolsets: readonly Toolset[],
  request: PlanRequest,
  random: Draws,
  distractors: ChooseDistractors = anyTools,
): Plan {
  const domains = [...new Set(toolsets.map((toolset) => toolset.domain))];
  const domain = random.pick(domains);
  const pool = toolsets.filter((toolset) => toolset.domain === domain);
  const wantsChain = request.calls > 1;
  const chained = wantsChain ? pool.filter((toolset) => chains(toolset).length > 0) : [];
  const anywhere = wantsChain && chained.length === 0 ? toolsets.filter((toolset) => chains(toolset).length > 0) : [];
  const toolset = random.pick(chained.length > 0 ? chained : anywhere.length > 0 ? anywhere : pool);
  const chain: Chain | null = wantsChain && chains(toolset).length > 0 ? random.pick(chains(toolset)) : null;
  const needed = chain ? [chain.first, chain.second] : [random.pick(toolset.tools)];
  const used = needed.map((tool) => drawArguments(tool, random));
  if (chain && !used[1]?.includes(chain.argument)) used[1] = [...(used[1] ?? []), chain.argument];
  const heldBack = drawHeldBack(needed, chain, request, random);
  return {
    toolset,
    needed,
    dependent: chain?.argument ?? null,
    used,
    heldBack,
    offered: drawOffered({ toolsets, own: toolset, needed, request, random, distractors }),
  };
}

/** Draws from the required, scalar, non-boolean arguments that no earlier result gives. */
function drawHeldBack(needed: readonly ToolSpec[], chain: Chain | null, request: PlanRequest, random: Draws): Plan["heldBack"] {
  if (request.hold === 0 || request.decline) return [];
  const candidates = needed.flatMap((tool, call) =>
    requiredParameters(tool)
      .filter((argument) => !(call === 1 && argument === chain?.argument))
      .filter((argument) =>
        ["string", "integer", "number"].includes(
          String((propertiesOf(tool.parameters)[argument] as JsonObject | undefined)?.type),
        ),
      )
      .map((argument) => ({ call, argument })),
  );
  return random.shuffle(candidates).slice(0, Math.min(request.hold, candidates.length));
}

/** The needed tools and others of the domain, shuffled; in a decline task only tools of other toolsets. */
function drawOffered(drawn: {
  readonly toolsets: readonly Toolset[];
  readonly own: Toolset;
  readonly needed: readonly ToolSpec[];
  readonly request: PlanRequest;
  readonly random: Draws;
  readonly distractors: ChooseDistractors;
}): ToolSpec[] {
  const { toolsets, own, needed, request, random, distractors } = drawn;
  // any of them, never near ones: a near one might do what must be impossible. With a single toolset there are none
  if (request.decline)
    return foreignTools(toolsets, { domain: own.domain, toolset: own.name }, random).slice(0, Math.max(1, request.numTools));
  const others = toolsets.filter((toolset) => toolset.domain === own.domain && toolset.name !== own.name);
  const names = new Set(needed.map((tool) => tool.name));
  const candidates = [own, ...others].flatMap((toolset) =>
    toolset.tools.flatMap((tool) => {
      if (names.has(tool.name)) return [];
      names.add(tool.name); // trees of tools repeat names; a policy could not distinguish the two
      return [{ tool, sibling: toolset === own }];
    }),
  );
  return random.shuffle([...needed, ...distractors(candidates, needed, Math.max(0, request.numTools - needed.length), random)]);
}
