// Which tools, which calls, which values are held back: the draws of one task, before any model is asked. Pure: the same names
// give the same plan. Departs from the paper, whose simulator picks the calls: here they are drawn first, because a small
// simulator cannot write free tasks, and so the right calls are known with their values.
import type { Draws } from "../rng.ts";
import { isObject, own, propertiesOf } from "../rules/json.ts";
import { isFixed } from "../rules/listed.ts";
import { alternatives } from "../rules/schema/alternatives.ts";
import { anyTools, type ChooseDistractors } from "../tools/distractors.ts";
import { drawArguments, requiredParameters } from "../tools/tool-arguments.ts";
import { type Chain, chains } from "../tools/toolset.ts";
import type { Json, JsonObject, ToolSpec, Toolset } from "../types.ts";
import { uselessTools } from "./irrelevance.ts";

export interface PlanRequest {
  readonly numTools: number;
  readonly calls: number;
  /** Values to hold back from the first message, at most. */
  readonly hold: number;
  readonly decline: boolean;
  /** Two calls that need nothing from each other, in place of a chain. */
  readonly parallel?: boolean;
}

export interface Plan {
  readonly toolset: Toolset;
  /** The tools of the right calls, in order. */
  readonly needed: readonly ToolSpec[];
  /** The arguments of the second call that come from the first result; none: no call depends on another. */
  readonly links: readonly string[];
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
  if (request.parallel && !request.decline) return drawPair(toolsets, pool, request, { random, distractors });
  const wantsChain = request.calls > 1;
  const chained = wantsChain ? pool.filter((toolset) => chains(toolset).length > 0) : [];
  const anywhere = wantsChain && chained.length === 0 ? toolsets.filter((toolset) => chains(toolset).length > 0) : [];
  const toolset = random.pick(chained.length > 0 ? chained : anywhere.length > 0 ? anywhere : pool);
  const chain: Chain | null = wantsChain && chains(toolset).length > 0 ? random.pick(chains(toolset)) : null;
  const needed = chain ? [chain.first, chain.second] : [random.pick(toolset.tools)];
  const used = needed.map((tool) => drawArguments(tool, random));
  if (chain) {
    const others = (used[1] ?? []).filter((name) => !chain.given.includes(name) || chain.links.includes(name));
    used[1] = [...new Set([...others, ...chain.links])];
    for (const name of sharedIn(chain))
      if (used.some((names) => names.includes(name))) for (const names of used) if (!names.includes(name)) names.push(name);
  }
  const heldBack = drawHeldBack({ needed, used, chain }, request, random);
  return {
    toolset,
    needed,
    links: chain?.links ?? [],
    used,
    heldBack,
    offered: drawOffered({ toolsets, own: toolset, needed, request, random, distractors }),
  };
}

/** What both tools of a chain take in the same form: a person says it once, so both calls have it or neither. */
function sharedIn({ first, second, given }: Chain): readonly string[] {
  const [one, ...ways] = [first, second].flatMap(({ parameters }) => alternatives(parameters)).map(propertiesOf);
  const [other, ...more] = ways; // a tool of several ways may not know a name in all of them
  if (one === undefined || other === undefined || more.length > 0) return [];
  const form = (schema: Json | undefined) =>
    JSON.stringify(isObject(schema) ? { ...schema, description: null, title: null } : schema);
  const isSame = (name: string) => own(one, name) !== undefined && form(one[name]) === form(other[name]);
  return Object.keys(other).filter((name) => isSame(name) && !given.includes(name));
}

/**
 * Two calls side by side: one tool with two sets of values ("the weather in Oslo and in Bergen"), or two tools of the domain of
 * which none gives or shares what the other takes. Where neither can be, the task has one call.
 */
function drawPair(
  toolsets: readonly Toolset[],
  pool: readonly Toolset[],
  request: PlanRequest,
  { random, distractors }: { readonly random: Draws; readonly distractors: ChooseDistractors },
): Plan {
  const toolset = random.pick(pool);
  const first = random.pick(toolset.tools);
  const strangers = pool.flatMap(({ tools }) => tools).filter((tool) => isApart(first, tool) && isApart(tool, first));
  const again = isRepeatable(first) ? [first] : [];
  const seconds = random.uniform() < 0.5 ? again : strangers;
  const others = seconds.length > 0 ? seconds : again.length > 0 ? again : strangers;
  const needed = others.length > 0 ? [first, random.pick(others)] : [first];
  const used = drawArguments(first, random);
  return {
    ...{ toolset, needed, links: [], heldBack: [] },
    used: needed.map((tool) => (tool === first ? used : drawArguments(tool, random))),
    offered: drawOffered({ toolsets, own: toolset, needed: [...new Set(needed)], request, random, distractors }),
  };
}

/** Whether two calls of a tool can differ in a value that a person says. */
function isRepeatable(tool: ToolSpec): boolean {
  return requiredParameters(tool).some((name) => isPlain(tool, name));
}

/** Whether a tool gives nothing that another one takes, and takes nothing under the same name. */
function isApart(one: ToolSpec, other: ToolSpec): boolean {
  const taken = Object.keys(propertiesOf(other.parameters));
  const touched = { ...propertiesOf(one.returns ?? {}), ...propertiesOf(one.parameters) };
  return one.name !== other.name && !taken.some((name) => Object.hasOwn(touched, name));
}

function isPlain(tool: ToolSpec, argument: string): boolean {
  const schema = propertiesOf(tool.parameters)[argument] as JsonObject | undefined; // checked by the catalogue's loader
  return ["string", "integer", "number"].includes(String(schema?.type));
}

/** Whether a schema says what a value is: nobody has to be asked for it. */
function isGiven(schema: Json | undefined): boolean {
  return isFixed(schema) || (isObject(schema) && schema.default !== undefined);
}

/** Several calls of which none needs another's result. */
export function isParallel(plan: Pick<Plan, "needed" | "links">): boolean {
  return plan.needed.length > 1 && plan.links.length === 0;
}

/** Draws from the required, scalar, non-boolean arguments that no earlier result, no earlier call and no schema gives. */
function drawHeldBack(
  { needed, used, chain }: Pick<Plan, "needed" | "used"> & { readonly chain: Chain | null },
  request: PlanRequest,
  random: Draws,
): Plan["heldBack"] {
  if (request.hold === 0 || request.decline) return [];
  const candidates = needed.flatMap((tool, call) =>
    requiredParameters(tool)
      .filter((argument) => !(call === 1 && (chain?.links.includes(argument) || used[0]?.includes(argument))))
      .filter((argument) => isPlain(tool, argument) && !isGiven(propertiesOf(tool.parameters)[argument]))
      .map((argument) => ({ call, argument })),
  );
  return random.shuffle(candidates).slice(0, Math.min(request.hold, candidates.length));
}

/** The needed tools and others of the domain, shuffled; in a decline task only tools that cannot serve. */
function drawOffered(drawn: {
  readonly toolsets: readonly Toolset[];
  readonly own: Toolset;
  readonly needed: readonly ToolSpec[];
  readonly request: PlanRequest;
  readonly random: Draws;
  readonly distractors: ChooseDistractors;
}): ToolSpec[] {
  const { toolsets, own, needed, request, random, distractors } = drawn;
  // never those of a similar meaning elsewhere: one of them might do what must be impossible
  if (request.decline) {
    const useless = uselessTools(toolsets, { domain: own.domain, toolset: own.name }, needed, random);
    return random.shuffle(useless.slice(0, Math.max(1, request.numTools)));
  }
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
