// The person's first message of a calls-first task: the grammar in which the simulator writes it, what it must not say, and the
// message built by rule when the simulator cannot write one. What it must say is in told-values.ts; write-task.ts asks the simulator.
import { isObject, own, propertiesOf } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { purpose, spoken, spokenValue } from "../rules/language/spoken.ts";
import { listedIn } from "../rules/listed.ts";
import { defaultOf } from "../rules/values.ts";
import type { Joint } from "../simulator/prompts/task.ts";
import type { Checked } from "../simulator/simulator.ts";
import { object } from "../tools/tool-arguments.ts";
import type { ExpectedCall, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { isParallel, type Plan } from "./draw-task.ts";
import { type Field, stated } from "./phrases.ts";
import { type SentenceFrame, sentencePattern } from "./sentence.ts";
import { agrees, type Slot, slotsOfAll, stemOf } from "./slots.ts";
import { heldValues, type ToldValue, toldValues } from "./told-values.ts";
import { speaksAsAssistant } from "./voice.ts";

/** How a person asks for something. Without these a small simulator tells a story, or speaks as the assistant. */
const asking: Omit<SentenceFrame, "joints"> = {
  openings: [
    "Can you",
    "Could you",
    "Can you please",
    "Could you please",
    "Please",
    "I need",
    "I'd like",
    "I want",
    "I'm looking for",
    "I'm planning",
    "We need",
    "We'd like",
    "We're planning",
    "Help me",
    "Tell me",
    "Show me",
    "What is",
    "What are",
    "Which",
    "When",
    "Where",
    "How",
    "Is there",
    "Are there",
  ],
  starters: [
    "I",
    "I'm",
    "I'd",
    "It",
    "It's",
    "My",
    "We",
    "We're",
    "Our",
    "This",
    "That",
    "The",
    "There",
    "Please",
    "Can",
    "Could",
    "If",
    "Also",
    "Thanks",
  ],
  ends: [".", "?", "!"],
};

/** How a person goes on to a second request. */
const joints: Readonly<Record<Joint, readonly string[]>> = {
  Then: [", and", " and", ", then", ", and then", " and then", ". Then", "? Then", ". After that", "? After that"],
  Also: [
    ", and",
    " and",
    ", and also",
    " and also",
    ". Also",
    "? Also",
    ". Please also",
    "? Please also",
    ". I also need",
    "? I also need",
  ],
};

/** How a plan's second call is asked for. */
export const jointOf = (plan: Plan): Joint => (isParallel(plan) ? "Also" : "Then");

/** With more values than these a small simulator that is asked again often puts one in a wrong place (docs/results.md). */
export const mostValuesAskedAgain = 3;

/** How requests begin and go on. */
export interface Wording {
  /** Beginnings that say what is wanted; absent: those of any request. */
  readonly openings?: readonly string[] | undefined;
  readonly joint?: Joint;
}

/** The schema of the reply: requests in which every slot is filled once. @param told // [request][slot] */
export function messageSchema(
  told: readonly (readonly Slot[])[],
  { openings = asking.openings, joint = "Then" }: Wording = {},
): JsonSchema {
  return object({ message: { type: "string", pattern: sentencePattern({ ...asking, openings, joints: joints[joint] }, told) } });
}

/**
 * What the grammar cannot rule out: words in lower case can give away a value that is held back, say another option in its
 * place or where nothing is wanted, turn a value round ("minus", "not"), speak of something else than the tools do, or end in the
 * assistant's voice.
 */
export function checkedMessage(reply: JsonObject, plan: Plan, calls: readonly ExpectedCall[]): Checked<string> {
  const message = String(reply.message ?? "").trim();
  const turned = toldValues(plan, calls).find(({ name, value }) => !carries(message, value) || !agrees(message, name, value));
  if (turned) return { reason: `the message does not say ${turned.name} as it is` };
  const betrayed = heldValues(plan, calls).find(({ value }) => carries(message, value));
  if (betrayed) return { reason: `the message gives away ${betrayed.argument}` };
  const other = plan.heldBack
    .flatMap(({ call, argument }) => optionsOf(plan.needed[call], argument))
    .find((option) => carries(message, option));
  if (other !== undefined) return { reason: `the message says ${other} in place of what is held back` };
  const beside = unusedChoices(plan, calls).find((choice) => carries(message, choice));
  if (beside !== undefined) return { reason: `the message says ${beside}, which the right call leaves out` };
  if (speaksAsAssistant(message)) return { reason: "the message speaks as or of the assistant" };
  const silent = plan.needed.find((tool) => !namesMatter(message, tool, plan.needed));
  if (silent) return { reason: `the message does not ask for what ${silent.name} does` };
  return { value: message };
}

/** The texts that an argument is chosen from; none for a free argument. */
function optionsOf(tool: ToolSpec | undefined, argument: string): readonly string[] {
  return listedIn(own(propertiesOf(tool?.parameters ?? {}), argument)).filter((option) => typeof option === "string");
}

/**
 * What a person would say for an optional argument that the right call leaves out: "gluten free" asks for it. Not what the value
 * of another argument or the tool's own page says anyway, nor what is so by default.
 */
function unusedChoices(plan: Plan, calls: readonly ExpectedCall[]): readonly string[] {
  const pages = plan.needed.map(({ name, description }) => `${spoken(name)} ${description}`);
  const said = [...pages, ...toldValues(plan, calls).map(({ name, value }) => `${spoken(name)} ${spokenValue(value)}`)].join(" ");
  return plan.needed.flatMap((tool, index) => {
    const unused = Object.keys(propertiesOf(tool.parameters)).filter(
      (name) => !Object.hasOwn(calls[index]?.arguments ?? {}, name),
    );
    return unused
      .flatMap((name) => {
        const isYesOrNo = listedIn(own(propertiesOf(tool.parameters), name)).includes(true);
        const choices = isYesOrNo ? [stemOf(name)] : optionsOf(tool, name);
        const byDefault = defaultOf(tool.parameters, name);
        return choices.filter((choice) => choice !== byDefault && byDefault !== true);
      })
      .filter((choice) => !carries(said, choice));
  });
}

/** Words of four letters and more that say nothing of what a tool does. */
const fillers =
  /^(?:with|from|that|this|which|whether|have|been|will|when|where|what|your|their|them|then|than|into|each|some|more)$/;

/** What a tool is about: the nouns of its name (its verb, if it has no other word) and the words of its description, cut to stems. */
function stemsOf({ name, description }: ToolSpec): readonly string[] {
  const [verb = "", ...nouns] = spoken(name).toLowerCase().split(" ");
  const words = description.toLowerCase().split(/[^a-z]+/);
  const about = [...(nouns.length > 0 ? nouns : [verb]), ...words].filter((word) => word.length > 3 && !fillers.test(word));
  return about.map((word) => word.slice(0, 5));
}

/**
 * Whether a text mentions what a tool is about, and of two needed tools what this one alone is about: who asks for a flight has not
 * asked whether it is on time. With every value held back, a small simulator writes about the situation alone ("We've been on this
 * road for quite some time").
 */
function namesMatter(text: string, tool: ToolSpec, needed: readonly ToolSpec[]): boolean {
  const others = new Set(needed.filter(({ name }) => name !== tool.name).flatMap(stemsOf));
  const all = stemsOf(tool);
  const own = all.filter((stem) => !others.has(stem));
  const stems = own.length > 0 ? own : all;
  return stems.length === 0 || stems.some((stem) => text.toLowerCase().includes(stem));
}

/** A told value as a field; none for what has no words (null, an empty list). Keys that no schema names stay as they are. */
function fieldOf({ name, value, parameters }: ToldValue): Field[] {
  if (slotsOfAll({ [name]: value }, parameters).length === 0) return [];
  const schema = own(propertiesOf(parameters), name);
  if (!isObject(value) || (isObject(schema) && isObject(schema.properties))) return [[name, value]];
  return [
    [
      name,
      Object.entries(value)
        .map(([key, one]) => `${key}: ${spokenValue(one)}`)
        .join(", "),
    ],
  ];
}

/**
 * The message built by rule, for simulators that drop values from every sentence they write.
 * @param begun its opening, and the arguments that the opening already says
 */
export function plainMessage(
  plan: Plan,
  calls: readonly ExpectedCall[],
  begun: { readonly opening: string; readonly opened: readonly string[] } | null = null,
): string {
  const told = toldValues(plan, calls).filter(({ name }) => !begun?.opened.includes(name));
  const requests = plan.needed.map((tool, index) => {
    const fields = told.filter(({ call }) => call === index).flatMap(fieldOf);
    const lead = index === 0 ? "Please" : jointOf(plan);
    return [`${begun?.opening ?? `${lead} ${purpose(tool)}`}.`, ...(fields.length > 0 ? [stated(fields)] : [])];
  });
  return requests.flat().join(" ");
}
