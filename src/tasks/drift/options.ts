// A page that lists words for a parameter where the tool itself takes codes. Pure.
import type { Draws } from "../../rng.ts";
import { worldCall } from "../../rules/drift.ts";
import { isObject, propertiesOf } from "../../rules/json.ts";
import type { Drift, Json, JsonObject, JsonSchema, Task, ToolSpec } from "../../types.ts";
import { neededTools, plainParameters, saidArguments, withParameter } from "./needed.ts";

/** Without I and O, which look like digits. */
const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const code = /^[A-Z]\d$/;
const plainKeys = ["type", "enum", "default", "title", "description"];

/** The words of a parameter that lists some, by its schema; null of any other one. */
function wordsOf(schema: Json | undefined): readonly string[] | null {
  if (!isObject(schema) || !Object.keys(schema).every((key) => plainKeys.includes(key))) return null;
  const { enum: listed } = schema;
  const words = Array.isArray(listed) ? listed.filter((word: Json): word is string => typeof word === "string") : [];
  const isPlain = Array.isArray(listed) && words.length === listed.length && !words.some((word) => code.test(word));
  return isPlain && words.length > 1 && words.length <= letters.length ? words : null;
}

/** The parameters that may take codes. One that the result repeats may not: the two would seem to contradict each other. */
function listingParameters(
  tool: ToolSpec,
): readonly { readonly name: string; readonly schema: JsonSchema; readonly words: readonly string[] }[] {
  const parameters: JsonObject = plainParameters(tool);
  return Object.entries(parameters).flatMap(([name, schema]) => {
    const words = wordsOf(schema);
    const isRepeated = Object.hasOwn(propertiesOf(tool.returns ?? {}), name);
    return words === null || isRepeated || !isObject(schema) ? [] : [{ name, schema, words }];
  });
}

export function mayCode(tool: ToolSpec): boolean {
  return listingParameters(tool).length > 0;
}

/** The task with codes for the options of a parameter of a needed tool; null if no expected call says one. */
export function withCodes(task: Task, random: Draws): Task | null {
  const places = neededTools(task).flatMap((needed) => {
    const said = saidArguments(task, needed);
    return listingParameters(needed.tool)
      .filter(({ name }) => said.includes(name))
      .map((one) => ({ tool: needed.tool, ...one }));
  });
  if (places.length === 0) return null;
  const { tool, name, schema, words } = random.pick(places);
  const drawn = random.shuffle([...letters]);
  const codes = Object.fromEntries(words.map((word, at) => [word, `${drawn[at]}${random.integer(1, 9)}`]));
  const drift: Drift = { kind: "options", tool: tool.name, argument: name, codes };
  return {
    ...task,
    world: task.tools.map((one) => (one === tool ? withParameter(tool, name, [name, coded(schema, codes)]) : one)),
    drift,
    expected: task.expected.map((call) => worldCall(drift, call)),
  };
}

/** The schema of the codes; it says what each means, for the simulator. */
function coded({ description, ...schema }: JsonSchema, codes: Readonly<Record<string, string>>): JsonSchema {
  const legend = Object.entries(codes).map(([word, one]) => `${one}: ${word}`);
  const said = [...(typeof description === "string" ? [description.replace(/\.$/, "")] : []), `Codes: ${legend.join(", ")}`].join(
    ". ",
  );
  const unsaid = typeof schema.default === "string" ? codes[schema.default] : undefined;
  return { ...schema, enum: Object.values(codes), ...(unsaid === undefined ? {} : { default: unsaid }), description: said };
}
