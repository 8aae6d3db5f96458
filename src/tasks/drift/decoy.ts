// Two tools with pages that say no more than the service: the needed one, and a decoy that takes the same arguments and does
// something else, a change. Nothing tells but what each gives. No catalogue has such a pair, so the decoy takes what it does from a
// sibling of the needed tool. Pure.
import type { Draws } from "../../rng.ts";
import { isReading } from "../../rules/journal.ts";
import { isObject, propertiesOf } from "../../rules/json.ts";
import { spoken } from "../../rules/language/spoken.ts";
import type { Task, ToolSpec, Toolset } from "../../types.ts";
import { neededTools } from "./needed.ts";
import { drawnResult } from "./result.ts";

/** Where a tool is at home. */
export type Home = Pick<Task, "domain" | "toolset">;

/** What a decoy stands beside. */
interface Beside {
  /** Names of the needed tools: none of them is done by a decoy. */
  readonly needed: readonly string[];
  /** Names of the tools that are offered under their own pages. */
  readonly offered: readonly string[];
  /** Fields of what the needed tool gives. */
  readonly gives: readonly string[];
}

/**
 * The tools that a decoy may do the work of: they change something and give something else. Those of the same toolset, of its domain
 * where that has none; one that is offered itself only where there is no other.
 */
function siblingsOf({ domain, toolset }: Home, toolsets: readonly Toolset[], beside: Beside): readonly ToolSpec[] {
  const inDomain = toolsets.filter((one) => one.domain === domain);
  const changing = (sets: readonly Toolset[]) =>
    sets
      .flatMap(({ tools }) => tools)
      .filter((tool) => {
        const fields = givenBy(tool);
        const isElse = fields.length > 0 && !fields.some((field) => beside.gives.includes(field));
        return isElse && !isReading(tool.name) && !beside.needed.includes(tool.name);
      });
  const [own, all] = [changing(inDomain.filter(({ name }) => name === toolset)), changing(inDomain)];
  const isHidden = ({ name }: ToolSpec) => !beside.offered.includes(name);
  return [own.filter(isHidden), all.filter(isHidden), own].find((tools) => tools.length > 0) ?? all;
}

function givenBy({ returns = {} }: ToolSpec): readonly string[] {
  return Object.keys(propertiesOf(returns));
}

export function mayHaveDecoy(tool: ToolSpec, home: Home, toolsets: readonly Toolset[]): boolean {
  return siblingsOf(home, toolsets, { needed: [tool.name], offered: [], gives: givenBy(tool) }).length > 0;
}

/** How a pair is drawn. */
export interface DecoyDraw {
  /** Decoys take what they do from tools of these. */
  readonly toolsets: readonly Toolset[];
  readonly random: Draws;
  /** Whether the needed tool comes first; absent: drawn. */
  readonly rightFirst?: boolean;
}

/** The task with a decoy beside a needed tool; null if none can be drawn. */
export function withDecoy(task: Task, { toolsets, random, rightFirst }: DecoyDraw): Task | null {
  const needed = task.expected.map(({ name }) => name);
  const offered = task.tools.map(({ name }) => name);
  const places = neededTools(task).flatMap(({ tool, calls }) => {
    const [call] = calls.map((index) => task.expected[index]);
    // one result is drawn, for one call
    if (call === undefined || calls.length > 1) return [];
    const gives = [...givenBy(tool), ...(isObject(call.result) ? Object.keys(call.result) : [])];
    const siblings = siblingsOf(task, toolsets, { needed, offered, gives });
    return siblings.length === 0 ? [] : [{ tool, call, siblings }];
  });
  const names = opaqueNames(task);
  if (places.length === 0 || names === null) return null;
  const { tool, call, siblings } = random.pick(places);
  const sibling = random.pick(siblings);
  const result = drawnResult(sibling.returns ?? {}, call.arguments, random);
  if (result === null) return null;
  const isFirst = rightFirst ?? random.uniform() < 0.5;
  const [name, decoy] = isFirst ? names : ([names[1], names[0]] as const);
  const beside = { ...sibling, name: decoy, parameters: tool.parameters };
  const pair = isFirst ? [{ ...tool, name }, beside] : [beside, { ...tool, name }];
  const description = `Service of ${spoken(task.toolset)}.`;
  const pages = pair.map((one): ToolSpec => ({ name: one.name, description, parameters: tool.parameters }));
  const inPlace = (two: readonly ToolSpec[]) => task.tools.flatMap((one) => (one === tool ? two : [one]));
  return {
    ...task,
    tools: inPlace(pages),
    world: inPlace(pair),
    drift: { kind: "decoy", tool: name, was: tool.name, decoy, result },
    expected: task.expected.map((one) => (one.name === tool.name ? { ...one, name } : one)),
  };
}

/** Names that say the service alone; null if they would say more, or are taken. */
function opaqueNames({ toolset, tools }: Task): readonly [string, string] | null {
  const service = toolset
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 60);
  const [one, other] = [`${service}_1`, `${service}_2`];
  const isTaken = tools.some(({ name }) => name === one || name === other);
  return service === "" || isTaken || isReading(one) ? null : [one, other];
}
