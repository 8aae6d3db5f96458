// How many tokens a reply under a schema may take. A tool of a user may return thirty fields: cut at a number that suits most
// tools its result would never be complete, and no task of it could be written.
import type { JsonSchema } from "../../types.ts";
import { ruleOf } from "./grammar.ts";
import { longest } from "./rule.ts";

/** JSON with names, dates and ids; prose has more. */
const charactersPerToken = 3;
/** No reply gets more: a small model that runs on in every text would take minutes. */
const most = 1200;
/** Characters of the longest reply. */
export const longestReply = most * charactersPerToken;

/** Room for the longest reply that the schema's grammar allows, at least `least`. Throws like `toGrammar`. */
export function replyTokens(schema: JsonSchema, least: number): number {
  return Math.max(least, Math.min(most, Math.ceil(longest(ruleOf(schema)) / charactersPerToken)));
}
