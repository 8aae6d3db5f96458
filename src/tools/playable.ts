// Whether a tool can be played, decided by trying: its schemas are turned into grammars, llama.cpp's own parser checks these
// where it is available, and calls and results drawn from them must validate. A tool that passes cannot fail in a run because
// of its schemas. Departs from the paper, which first uses a tool in the middle of a run.
import { PlayactError } from "../errors.ts";
import { draws } from "../rng.ts";
import { propertiesOf } from "../rules/json.ts";
import { branchesOf, isListed } from "../rules/listed.ts";
import { alternatives } from "../rules/schema/alternatives.ts";
import { type GrammarParser, ruleOf, toGrammar } from "../rules/schema/grammar.ts";
import { longestReply } from "../rules/schema/reply-tokens.ts";
import { drawn, shortest } from "../rules/schema/rule.ts";
import { argumentErrors, matchesSchema } from "../rules/validate.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { argumentsSchema, drawArguments, object, requiredParameters } from "./tool-arguments.ts";

/** Draws of which one must be valid: a grammar does not express uniqueness and conditions. */
const tries = 24;
/** Characters of the shortest call: it shares a turn of the policy with other words. */
const roomForCall = 400;

/** Why no call or no result of the tool can be written; null when it can be played. */
export function unplayable(tool: ToolSpec, parser: GrammarParser | null): string | null {
  try {
    return unplayableCall(tool, parser) ?? (tool.returns === undefined ? null : unplayableResult(tool.returns, parser));
  } catch (thrown) {
    if (thrown instanceof PlayactError && thrown.boundary === "tools") return thrown.message;
    if (thrown instanceof RangeError) return `the schema cannot be turned into a grammar: ${thrown.message}`;
    throw thrown;
  }
}

function unplayableCall(tool: ToolSpec, parser: GrammarParser | null): string | null {
  const errors = (value: Json) => argumentErrors(tool, value as JsonObject); // drawn from an object's rule
  for (const way of alternatives(tool.parameters)) {
    const known = propertiesOf(way);
    const required = requiredParameters({ parameters: way });
    const missing = required.find((name) => !Object.hasOwn(known, name));
    if (missing !== undefined) return `'${missing}' is required, but is not a property`;
    // a task may ask for any parameter: try all together and, where that fails, one by one to name the cause
    const whole = (value: Json) => [
      ...errors(value),
      ...required.flatMap((name) => nothingSaid(name, value as JsonObject, known)),
    ];
    if (unwritable(object(known), parser, "call", whole) === null) continue;
    for (const [name, schema] of Object.entries(known)) {
      const parameters = object({ [name]: schema });
      const own = (value: Json) => argumentErrors({ ...tool, parameters }, value as JsonObject); // as above
      const said = (value: Json) => (required.includes(name) ? nothingSaid(name, value as JsonObject, known) : []);
      const fault = unwritable(parameters, parser, `argument '${name}'`, (value) => [...own(value), ...said(value)]);
      if (fault !== null) return fault;
    }
  }
  // each parameter can be written; now try calls as tasks use them
  let fault: string | null = null;
  for (let index = 0; index < tries; index++) {
    const schema = argumentsSchema(tool, drawArguments(tool, draws("playable", tool.name, index)));
    fault = unwritable(schema, parser, "call", errors);
    if (fault === null) return null;
  }
  return fault;
}

/** A required text that can only be empty: no draft of a task takes it. */
function nothingSaid(name: string, made: JsonObject, known: JsonObject): readonly string[] {
  const value = made[name];
  const isFree = typeof value === "string" && !isListed(branchesOf(known[name]), value);
  return isFree && value.trim() === "" ? [`'${name}' is empty`] : [];
}

function unplayableResult(returns: JsonSchema, parser: GrammarParser | null): string | null {
  return unwritable(returns, parser, "result", (value) => matchesSchema(returns, value), longestReply);
}

/** Why a few draws under the schema give nothing valid; null where one is valid. */
function unwritable(
  schema: JsonSchema,
  parser: GrammarParser | null,
  what: string,
  errors: (value: Json) => readonly string[],
  room = roomForCall,
): string | null {
  const grammar = toGrammar(schema);
  const refusal = parser?.(grammar) ?? null;
  if (refusal !== null) return `llama.cpp rejects the grammar of the ${what}: ${refusal}`;
  const rule = ruleOf(schema);
  if (shortest(rule) > room) return `the shortest ${what} has ${shortest(rule)} characters; there is room for about ${room}`;
  let said: readonly string[] = [];
  for (let index = 0; index < tries; index++) {
    const text = drawn(rule, draws("playable", grammar, index));
    said = errors(JSON.parse(text) as Json);
    if (said.length === 0) return null;
  }
  return `no ${what} that can be written is valid: ${said.join("; ")}`;
}
