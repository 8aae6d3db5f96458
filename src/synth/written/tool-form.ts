// The form in which a model writes a tool, and the tool that rules make of it: both schemas by rule, accepted like a user's own
// (tools/tool-spec.ts). A returned field more than two cannot be written: long results are what a simulator gets wrong.
import { describe } from "../../errors.ts";
import type { GrammarParser } from "../../rules/schema/grammar.ts";
import { object, text } from "../../tools/tool-arguments.ts";
import { toolOf } from "../../tools/tool-spec.ts";
import type { JsonObject, JsonSchema, ToolSpec } from "../../types.ts";

const kinds = ["text", "option", "id", "date", "time", "count", "amount", "yes_or_no"] as const;
type Kind = (typeof kinds)[number];

const snakeCase = (parts: string): JsonSchema => ({ type: "string", pattern: `^[a-z]+(_[a-z]+)${parts}$`, maxLength: 40 });

/** A tool as it is asked for. In process the grammar has room for fewer characters in the parts of lists. */
export const toolForm: JsonSchema = object({
  name: snakeCase("{1,3}"),
  description: text(15, 160),
  arguments: {
    type: "array",
    minItems: 1,
    maxItems: 4,
    items: object({
      name: snakeCase("{0,3}"),
      kind: { enum: [...kinds] },
      options: text(0, 120),
      description: text(3, 80),
      required: { type: "boolean" },
    }),
  },
  returns: {
    type: "array",
    minItems: 1,
    maxItems: 2,
    items: object({ name: snakeCase("{0,3}"), kind: { enum: kinds.filter((kind) => kind !== "option") } }),
  },
});

export interface FilledToolForm extends JsonObject {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly (JsonObject & FilledArgument)[];
  readonly returns: readonly (JsonObject & { readonly name: string; readonly kind: Kind })[];
}

interface FilledArgument {
  readonly name: string;
  readonly kind: Kind;
  readonly options: string;
  readonly description: string;
  readonly required: boolean;
}

/** The tool of a form, or why it cannot be one. */
export function toolFrom(form: FilledToolForm, parser: GrammarParser | null): ToolSpec | string {
  const names = form.arguments.map(({ name }) => name);
  const twice = [...names.filter((name, at) => names.indexOf(name) !== at)];
  if (twice.length > 0) return `${form.name} has the argument ${twice[0]} twice`;
  if (form.returns[0]?.name === form.returns[1]?.name) return `${form.name} returns the field ${form.returns[0]?.name} twice`;
  const unread = form.arguments.find((given) => given.kind === "option" && optionsOf(given.options).length < 2);
  if (unread !== undefined) return `${form.name}: the options of ${unread.name} are not two to six choices separated by commas`;
  const required = form.arguments.filter((given) => given.required).map(({ name }) => name);
  const item = {
    name: form.name,
    description: form.description.trim(),
    parameters: {
      type: "object",
      properties: Object.fromEntries(form.arguments.map((given) => [given.name, argumentSchema(given)])),
      required: required.length > 0 ? required : names.slice(0, 1), // a call of nothing says nothing
    },
    returns: object(Object.fromEntries(form.returns.map(({ name, kind }) => [name, schemaOfKind(kind)]))),
  };
  try {
    return toolOf(item, form.name, "the written toolset", parser);
  } catch (thrown) {
    return describe(thrown);
  }
}

function argumentSchema({ kind, options, description }: FilledArgument): JsonSchema {
  const schema = kind === "option" ? { type: "string", enum: optionsOf(options) } : schemaOfKind(kind);
  return { ...schema, description: description.trim() };
}

function schemaOfKind(kind: Kind): JsonSchema {
  if (kind === "id") return { type: "string", minLength: 3, maxLength: 16 };
  if (kind === "date") return { type: "string", format: "date" };
  if (kind === "time") return { type: "string", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$" };
  if (kind === "count") return { type: "integer", minimum: 0, maximum: 9999 };
  if (kind === "amount") return { type: "number", minimum: 0, maximum: 99_999 };
  if (kind === "yes_or_no") return { type: "boolean" };
  return { type: "string", minLength: 1, maxLength: 80 };
}

/** At most six choices, each once. */
function optionsOf(listed: string): string[] {
  const options = listed.split(",").map((option) => option.trim().toLowerCase());
  return [...new Set(options)].filter((option) => option !== "").slice(0, 6);
}
