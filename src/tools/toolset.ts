// The tools of a world: the embedded catalogue (catalogue/*.json, all written for Playact), the held-out split, and the pairs
// of calls that depend on each other. user-tools.ts reads the user's own tools.
import { z } from "zod";
import { seedFrom } from "../rng.ts";
import { isObject, propertiesOf } from "../rules/json.ts";
import type { JsonSchema, ToolSpec, Toolset } from "../types.ts";
import careers from "./catalogue/careers.json" with { type: "json" };
import city from "./catalogue/city.json" with { type: "json" };
import education from "./catalogue/education.json" with { type: "json" };
import finance from "./catalogue/finance.json" with { type: "json" };
import food from "./catalogue/food.json" with { type: "json" };
import government from "./catalogue/government.json" with { type: "json" };
import health from "./catalogue/health.json" with { type: "json" };
import home from "./catalogue/home.json" with { type: "json" };
import leisure from "./catalogue/leisure.json" with { type: "json" };
import logistics from "./catalogue/logistics.json" with { type: "json" };
import nature from "./catalogue/nature.json" with { type: "json" };
import office from "./catalogue/office.json" with { type: "json" };
import shopping from "./catalogue/shopping.json" with { type: "json" };
import travel from "./catalogue/travel.json" with { type: "json" };
import vehicles from "./catalogue/vehicles.json" with { type: "json" };
import { requiredParameters } from "./tool-arguments.ts";

export { userTools } from "./user-tools.ts";

const schema: z.ZodType<JsonSchema> = z.record(z.string(), z.json());

const catalogueFile = z.strictObject({
  domain: z.string(),
  toolsets: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      tools: z.array(z.strictObject({ name: z.string(), description: z.string(), parameters: schema, returns: schema })),
    }),
  ),
});

const files = [
  careers,
  city,
  education,
  finance,
  food,
  government,
  health,
  home,
  leisure,
  logistics,
  nature,
  office,
  shopping,
  travel,
  vehicles,
];

/** The embedded catalogue: every tool has a bounded `returns`, and tool names are unique. */
export function embeddedCatalogue(): Toolset[] {
  return files.flatMap((file) => {
    const { domain, toolsets } = catalogueFile.parse(file);
    return toolsets.map(({ name, tools }) => ({ domain, name, tools }));
  });
}

/**
 * Holds out whole toolsets for evaluation: `share` of each domain, rounded, but at least one stays for training.
 * The choice depends on the seed and the names alone, so it is the same at every start of a run.
 */
export function splitHeldOut(
  toolsets: readonly Toolset[],
  share: number,
  seedNames: readonly (string | number)[],
): { train: Toolset[]; heldOut: Toolset[] } {
  const heldOut = new Set<Toolset>();
  for (const domain of new Set(toolsets.map((toolset) => toolset.domain))) {
    const members = toolsets.filter((toolset) => toolset.domain === domain);
    const rank = new Map(members.map((member) => [member, seedFrom(...seedNames, domain, member.name)]));
    const ordered = members.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
    const count = Math.min(members.length - 1, Math.round(share * members.length));
    for (const member of ordered.slice(0, count)) heldOut.add(member);
  }
  return {
    train: toolsets.filter((toolset) => !heldOut.has(toolset)),
    heldOut: toolsets.filter((toolset) => heldOut.has(toolset)),
  };
}

/** Two calls of one toolset where the second needs what the first returns. */
export interface Chain {
  readonly first: ToolSpec;
  readonly second: ToolSpec;
  /** All that `second` takes and `first` returns under the same name, unknown before the first call. */
  readonly given: readonly string[];
  /** Those that `second` requires, one or more: they are passed on. A task says and uses none of the others. */
  readonly links: readonly string[];
}

/** All dependent pairs of a toolset, found by name: a property of one tool's result is a required parameter of another. */
export function chains(toolset: Toolset): Chain[] {
  return toolset.tools.flatMap((first) =>
    toolset.tools.flatMap((second) => {
      const given = Object.keys(propertiesOf(second.parameters)).filter((name) => gives(first, name, second));
      const links = requiredParameters(second).filter((name) => given.includes(name));
      return second !== first && links.length > 0 ? [{ first, second, given, links }] : [];
    }),
  );
}

/** Whether `first` returns it with the type that `second` takes, and does not take it itself. */
function gives(first: ToolSpec, name: string, second: ToolSpec): boolean {
  const returned = propertiesOf(first.returns ?? {})[name];
  const taken = propertiesOf(second.parameters)[name];
  const asked = Object.hasOwn(propertiesOf(first.parameters), name);
  return !asked && isObject(returned) && isObject(taken) && returned.type !== undefined && returned.type === taken.type;
}
