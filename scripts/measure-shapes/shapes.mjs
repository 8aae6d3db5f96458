// The shape of tool lists: how many parameters are optional, of which types, and how they are described. Pure.

/**
 * @typedef {{ name: string, description?: string, parameters: Schema }} Tool
 * @typedef {{ [keyword: string]: any }} Schema
 * @typedef {ReturnType<typeof shapesOf>} Shapes
 */

/** Type names of other languages, as BFCL writes them. @type {Readonly<Record<string, string>>} */
const types = { dict: "object", float: "number", double: "number", long: "integer", tuple: "array", any: "string" };

/**
 * Shares are of all top-level parameters, 0..1; `perTool` and the numbers of words are means.
 * @param {readonly Tool[]} tools
 */
export function shapesOf(tools) {
  const parameters = tools.flatMap(({ parameters: { properties = {}, required = [] } }) =>
    Object.entries(properties).map(([name, schema]) => ({ schema, isOptional: !required.includes(name) })),
  );
  /** @param {(parameter: (typeof parameters)[number]) => boolean} having */
  const share = (having) => parameters.filter(having).length / Math.max(1, parameters.length);
  /** @param {string} type */
  const ofType = (type) => share(({ schema }) => typeOf(schema) === type);
  /** @param {readonly string[]} texts */
  const words = (texts) => texts.reduce((sum, text) => sum + wordsIn(text), 0) / Math.max(1, texts.length);
  return {
    tools: tools.length,
    parameters: parameters.length,
    perTool: parameters.length / Math.max(1, tools.length),
    optional: share(({ isOptional }) => isOptional),
    string: ofType("string"),
    integer: ofType("integer"),
    number: ofType("number"),
    boolean: ofType("boolean"),
    array: ofType("array"),
    object: ofType("object"),
    enum: share(({ schema }) => schema.enum !== undefined || schema.items?.enum !== undefined),
    /** A default is named, by keyword or in words. */
    default: share(({ schema }) => schema.default !== undefined || /\bdefaults?\b/i.test(String(schema.description ?? ""))),
    /** Objects with fields of their own, and lists of such. */
    nested: share(({ schema }) => schema.properties !== undefined || schema.items?.properties !== undefined),
    described: share(({ schema }) => wordsIn(schema.description ?? "") > 0),
    wordsOfTool: words(tools.map(({ description = "" }) => description)),
    wordsOfParameter: words(parameters.map(({ schema }) => String(schema.description ?? ""))),
  };
}

/**
 * The functions in a parsed file: a list of tools, an envelope, rows of a data set, a file of the catalogue.
 * @param {any} content
 * @returns {Tool[]}
 */
export function toolsIn(content) {
  if (Array.isArray(content)) return content.flatMap(toolsIn);
  if (typeof content !== "object" || content === null) return [];
  const parameters = content.parameters ?? content.inputSchema ?? content.input_schema;
  if (typeof content.name === "string" && typeof parameters === "object" && parameters !== null)
    return [{ name: content.name, description: content.description, parameters }];
  const inner = content.toolsets ?? content.tools ?? content.function ?? content.functions ?? content.result;
  return inner === undefined ? [] : toolsIn(inner);
}

/** @param {Schema} schema @returns {string} */
function typeOf(schema) {
  const [type = "object"] = [schema.type].flat().filter((one) => one !== "null");
  return types[String(type).toLowerCase()] ?? type;
}

/** @param {string} text */
function wordsIn(text) {
  return text.split(/\s+/).filter((word) => word !== "").length;
}
