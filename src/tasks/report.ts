// The last turn of a right episode: a true report of the results (decline tasks: refusal.ts). It is the good end of the judge's
// scale and the last turn of the demonstrations, so it must be right: the simulator writes its words, but under a grammar in
// which every value of the results has its place. The list built by rule stands in when it cannot.
import type { Draws } from "../rng.ts";
import { refuses } from "../rules/language/refusal.ts";
import { carries } from "../rules/language/said.ts";
import type { Checked } from "../simulator/simulator.ts";
import { object } from "../tools/tool-arguments.ts";
import type { ExpectedCall, Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { type Field, stated } from "./phrases.ts";
import { type SentenceFrame, sentencePattern } from "./sentence.ts";
import { agrees, type Slot, slotsOfAll } from "./slots.ts";

/** How an assistant begins to tell what came of it. */
const reporting: SentenceFrame = {
  openings: [
    "The",
    "Your",
    "I found",
    "I have",
    "I've",
    "It",
    "It's",
    "There is",
    "There are",
    "Here is",
    "Here are",
    "Done.",
    "All set.",
    "You have",
    "You can",
  ],
  starters: ["The", "Your", "It", "It's", "You", "There", "This", "I", "I've"],
  ends: [".", "!"],
  mayPause: true,
};

/** More values than this in one text read as a list, and are written as one. */
const mostSlots = 8;

/** The values of the results as slots, in their order. */
export function resultSlots(calls: readonly ExpectedCall[], tools: readonly ToolSpec[]): readonly Slot[] {
  return calls.flatMap(({ result }, index) => slotsOfAll(Object.fromEntries(fieldsOf(result)), tools[index]?.returns));
}

/**
 * The schema of the reply, or null if the results have nothing to say, or more than a sentence holds. The values of the calls
 * can be named as well: without them a small simulator gives the numbers of the result their names ("order 300").
 */
export function reportSchema(slots: readonly Slot[], calls: readonly ExpectedCall[]): JsonSchema | null {
  if (slots.length === 0 || slots.length > mostSlots) return null;
  const known = calls.flatMap((call) => slotsOfAll(call.arguments)).flatMap(({ forms }) => forms);
  return object({ report: { type: "string", pattern: sentencePattern({ ...reporting, known }, slots) } });
}

/** What the grammar cannot rule out: words that turn a value round, or decline. */
export function checkedReport(reply: JsonObject, calls: readonly ExpectedCall[]): Checked<string> {
  const report = String(reply.report ?? "").trim();
  const fields = calls.flatMap(({ result }) => fieldsOf(result));
  const turned = fields.find(([name, value]) => !carries(report, value) || !agrees(report, name, value));
  if (turned) return { reason: `the report does not say ${turned[0]} as it is` };
  return refuses(report) ? { reason: "the report declines" } : { value: report };
}

const openings = ["Done.", "Here is what I found.", "That is done.", "Here are the details."] as const;

/** A plain true report of every result. */
export function trueReport(calls: readonly ExpectedCall[], random: Draws): string {
  const fields = calls.flatMap((call) => fieldsOf(call.result));
  return [random.pick(openings), ...(fields.length > 0 ? [stated(fields)] : [])].join(" ");
}

function fieldsOf(result: Json): Field[] {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return [["result", result]];
  return Object.entries(result);
}
