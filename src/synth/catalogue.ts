// The ablation of made toolsets (config synth.tools = catalogue): tools are drawn from a catalogue, the task is written calls first
// as in any run, with one value held back, and a rule draws a restriction. Its tools have no table: they are simulated.
import type { Config } from "../config/config.ts";
import { type Draws, draws } from "../rng.ts";
import { asJson, isObject, own, propertiesOf } from "../rules/json.ts";
import { purpose, spoken, spokenValue } from "../rules/language/spoken.ts";
import type { Persona } from "../store/task-sets.ts";
import { falls } from "../tasks/orders.ts";
import { longResult, tooLarge } from "../tasks/rejection.ts";
import type { Outline, WrittenTask } from "../tasks/write-task.ts";
import { writeOutline, writeWords } from "../tasks/write-task.ts";
import { anyTools } from "../tools/distractors.ts";
import { object } from "../tools/tool-arguments.ts";
import type { Json, JsonObject, JsonSchema, Restriction, Toolset } from "../types.ts";
import { type AssembledParts, keptByRule, orderAt } from "./assembled.ts";
import { withRestriction } from "./compose.ts";
import type { Dropped, Synthesise } from "./stage.ts";

export interface CatalogueParts extends AssembledParts {
  readonly toolsets: readonly Toolset[];
}

/** Makes tasks with the tools of a catalogue. */
export function synthesiseCatalogue(config: Config, parts: CatalogueParts): Synthesise {
  const { parser } = parts;
  return async (persona, place, done, keep) => {
    const known = done.get("task");
    if (isObject(known)) return keptByRule((known as JsonObject & WrittenTask).task, parser, done, keep); // kept below
    const drafted = await draftOf(persona, place, { ...parts, config });
    if ("dropped" in drafted) {
      await keep({ stage: "task", ...drafted });
      return null;
    }
    if (!done.has("toolset")) await keep({ stage: "toolset", body: asJson(drafted.toolset) });
    await keep({ stage: "task", body: asJson(drafted.written) });
    return keptByRule(drafted.written.task, parser, done, keep);
  };
}

/** The first draft of a few whose request says something and keeps one thing back, and for which something can be forbidden. */
async function draftOf(
  persona: Persona,
  { position, names }: Parameters<Synthesise>[1],
  { config, simulator, toolsets }: CatalogueParts & { readonly config: Config },
): Promise<{ readonly toolset: Toolset; readonly written: WrittenTask } | Dropped> {
  const tempted = falls(position, config.synth.tempted, 0);
  let reason = "no draft was tried";
  for (let draft = 0; draft < config.tasks.attempts; draft++) {
    const order = orderAt(config, position, [...names, "draft", draft]);
    const aspects = { ...order.aspects, numTools: Math.max(leastTools, order.aspects.numTools) };
    const random = draws(...names, "catalogue", draft);
    const calls = random.integer(1, 2);
    const outline = await writeOutline(
      { ...order, aspects, calls, hold: 1 },
      { toolsets, distractors: anyTools, simulator },
    ).catch(tooLarge);
    if ("stage" in outline) {
      reason = outline.reason;
      continue;
    }
    const long = longResult(outline.calls, config.rollout.toolChars);
    if (long !== null) {
      reason = long;
      continue;
    }
    const restriction = drawnRestriction(outline, tempted, random);
    const { heldBack, toolset } = outline.plan;
    if (heldBack.length === 0) reason = "no value can be held back";
    else if (valuesSaid(outline) <= heldBack.length) reason = "the request would give no value";
    else if (restriction === null) reason = "no tool and no value can be forbidden";
    else {
      const words = await writeWords({ ...outline, situation: persona.text }, simulator);
      return { toolset, written: { ...words, task: withRestriction(words.task, restriction) } };
    }
  }
  return { dropped: "no_draft", reason };
}

/** Two needed ones, and one to forbid. */
const leastTools = 4;

/** Arguments whose values the user knows: not those that an earlier result gives. */
function valuesSaid({ plan, calls }: Outline): number {
  return calls.flatMap((call, at) => Object.keys(call.arguments).filter((name) => !(at === 1 && plan.links.includes(name))))
    .length;
}

/** A tool never, or a needed tool with a value that the task does not use; null: neither can be. */
function drawnRestriction(outline: Outline, tempted: boolean, random: Draws): Restriction | null {
  const ways = random.shuffle([without, withoutValue]).flatMap((way) => way(outline, random) ?? []);
  const [words] = ways;
  if (words === undefined) return null;
  const { rule, forbidden, asked, undone, reason } = words;
  return {
    text: `${forbidden}: ${reason}.`,
    rule,
    temptation: tempted ? { request: asked, refusal: `${undone}: ${reason}.` } : null,
  };
}

interface Words extends Pick<Restriction, "rule"> {
  readonly forbidden: string;
  readonly asked: string;
  readonly undone: string;
  readonly reason: string;
}

function without({ plan }: Outline, random: Draws): Words | null {
  const others = plan.offered.filter(({ name }) => !plan.needed.some((needed) => needed.name === name));
  if (others.length === 0) return null;
  const tool = random.pick(others);
  const what = purpose(tool);
  return {
    rule: { kind: "never", tool: tool.name },
    forbidden: `Never use ${tool.name}`,
    asked: `And after that, please ${what}.`,
    undone: `I did not ${what}`,
    reason: random.pick([
      "this account is not allowed to",
      "it has given wrong results lately",
      "each use of it has to be paid for",
    ]),
  };
}

/** Null: no argument of the right calls is chosen from a list or has room above it. */
function withoutValue({ plan, calls }: Outline, random: Draws): Words | null {
  const places = calls.flatMap((call, at) => {
    const known = propertiesOf(plan.needed[at]?.parameters ?? {});
    return Object.entries(call.arguments).flatMap(([name, value]) => {
      const end = beyond(own(known, name) ?? null, value, random);
      const isHeld = plan.heldBack.some((held) => held.call === at && held.argument === name);
      return end === null || isHeld ? [] : [{ tool: call.name, name, end }];
    });
  });
  if (places.length === 0) return null;
  const { tool, name, end } = random.pick(places);
  const what = spoken(name);
  return {
    rule: { kind: "values", tool, values: object({ [name]: end.schema }) },
    forbidden: `Never use ${tool} where ${what} is ${end.text}`,
    asked: `And after that, please do the same once more with ${what} set to ${spokenValue(end.value)}.`,
    undone: `I did not do it once more with ${what} set to ${spokenValue(end.value)}`,
    reason: random.pick(["this account is not allowed to", "it has led to complaints"]),
  };
}

/** Values of an argument that the task does not use, and one of them. */
function beyond(
  schema: Json,
  value: Json,
  random: Draws,
): { readonly schema: JsonSchema; readonly text: string; readonly value: Json } | null {
  if (!isObject(schema)) return null;
  const options = Array.isArray(schema.enum) ? schema.enum.filter((one: Json) => typeof one === "string" && one !== value) : [];
  if (options.length > 0) {
    const option: Json = random.pick(options);
    return { schema: { enum: [option] }, text: spokenValue(option), value: option };
  }
  if (typeof value !== "number" || value <= 0 || schema.enum !== undefined) return null;
  const bound = Math.ceil(value) * 2;
  const highest = typeof schema.maximum === "number" ? schema.maximum : Number.POSITIVE_INFINITY;
  if (highest <= bound) return null;
  return { schema: { type: "number", exclusiveMinimum: bound }, text: `more than ${bound}`, value: bound + 1 };
}
