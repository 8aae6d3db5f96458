// What a right episode says at its end: the true report of the results (where no tool serves: refusal.ts). Built by rule, not
// by a model: it must be right, for it is the good end of the judge's scale and the demonstrations' last turn.
import type { Draws } from "../rng.ts";
import { spoken, spokenValue } from "../rules/values.ts";
import type { ExpectedCall, Json } from "../types.ts";

function resultPhrases(result: Json): string[] {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return [spokenValue(result)];
  return Object.entries(result).map(([name, value]) => `${spoken(name)} ${spokenValue(value)}`);
}

const openings = ["It is done:", "Here is what I found:", "All set:", "Done, here are the details:"] as const;

/** A plain true report of every result. */
export function trueReport(calls: readonly ExpectedCall[], random: Draws): string {
  return `${random.pick(openings)} ${calls.flatMap((call) => resultPhrases(call.result)).join(", ")}.`;
}
