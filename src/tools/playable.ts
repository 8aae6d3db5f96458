// Whether a tool can be played, found out by playing it: its schemas are lowered, the grammar goes through llama.cpp's own
// parser where one is at hand, and calls and results drawn under it must validate. What passes here cannot fail in a run for
// the tool's own sake. Departs from the paper, which meets a tool for the first time in the middle of a run.
import { PlayactError } from "../errors.ts";
import { draws } from "../rng.ts";
import { alternatives } from "../rules/schema/alternatives.ts";
import { type GrammarParser, ruleOf, toGrammar } from "../rules/schema/grammar.ts";
import { drawn, shortest } from "../rules/schema/rule.ts";
import { argumentErrors, matchesSchema } from "../rules/validate.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { argumentsSchema, drawArguments, object, propertiesOf, requiredParameters } from "./tool-arguments.ts";

/** Draws of which one must be right: uniqueness and conditions are left to chance, or to the simulator's sense. */
const tries = 24;
/** Characters of the shortest call or result: a reply is cut at some 160 tokens. */
const roomForReply = 400;

/** Why no call of the tool, or no result, can be written; null when it can be played. */
export function unplayable(tool: ToolSpec, parser: GrammarParser | null): string | null {
  try {
    return unplayableCall(tool, parser) ?? (tool.returns === undefined ? null : unplayableResult(tool.returns, parser));
  } catch (thrown) {
    if (thrown instanceof PlayactError && thrown.boundary === "tools") return thrown.message;
    if (thrown instanceof RangeError) return `the schema cannot be lowered: ${thrown.message}`;
    throw thrown;
  }
}

function unplayableCall(tool: ToolSpec, parser: GrammarParser | null): string | null {
  const errors = (value: Json) => argumentErrors(tool, value as JsonObject); // drawn from an object's rule
  for (const way of alternatives(tool.parameters)) {
    const known = propertiesOf(way);
    const missing = requiredParameters({ parameters: way }).find((name) => !Object.hasOwn(known, name));
    if (missing !== undefined) return `'${missing}' is required, but no property`;
    // any parameter may be asked for: all of them together, and by themselves where that fails, to name the one at fault
    if (unwritable(object(known), parser, "call", errors) === null) continue;
    for (const [name, schema] of Object.entries(known)) {
      const parameters = object({ [name]: schema });
      const fault = unwritable(
        parameters,
        parser,
        `argument '${name}'`,
        (value) => argumentErrors({ ...tool, parameters }, value as JsonObject), // as above
      );
      if (fault !== null) return fault;
    }
  }
  // each can be written; now calls as tasks have them
  let fault: string | null = null;
  for (let index = 0; index < tries; index++) {
    const schema = argumentsSchema(tool, drawArguments(tool, draws("playable", tool.name, index)));
    fault = unwritable(schema, parser, "call", errors);
    if (fault === null) return null;
  }
  return fault;
}

function unplayableResult(returns: JsonSchema, parser: GrammarParser | null): string | null {
  return unwritable(returns, parser, "result", (value) => matchesSchema(returns, value));
}

/** Why nothing valid comes of the schema in a few draws; null where something does. */
function unwritable(
  schema: JsonSchema,
  parser: GrammarParser | null,
  what: string,
  errors: (value: Json) => readonly string[],
): string | null {
  const grammar = toGrammar(schema);
  const refusal = parser?.(grammar) ?? null;
  if (refusal !== null) return `llama.cpp refuses the grammar of the ${what}: ${refusal}`;
  const rule = ruleOf(schema);
  if (shortest(rule) > roomForReply)
    return `the shortest ${what} has ${shortest(rule)} characters; replies have room for about ${roomForReply}`;
  let said: readonly string[] = [];
  for (let index = 0; index < tries; index++) {
    const text = drawn(rule, draws("playable", grammar, index));
    said = errors(JSON.parse(text) as Json);
    if (said.length === 0) return null;
  }
  return `no ${what} that can be written is valid: ${said.join("; ")}`;
}
