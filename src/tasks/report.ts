// The last turn of a right episode: a true report of the results (decline tasks: refusal.ts). It is the good end of the judge's
// scale and the last turn of the demonstrations, so it must be right: a list built by rule. A 1.5B that wrote it in sentences,
// under a grammar that held every value, gave some right numbers a wrong meaning.
import type { Draws } from "../rng.ts";
import type { ExpectedCall, Json } from "../types.ts";
import { type Field, stated } from "./phrases.ts";

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
