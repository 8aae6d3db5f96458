// Whether a tool can be played is decided by trying: a tool that passes is always valid in a run, one that fails is named first.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { ruleOf } from "../../src/rules/schema/grammar.ts";
import { drawn } from "../../src/rules/schema/rule.ts";
import { argumentErrors } from "../../src/rules/validate.ts";
import { unplayable } from "../../src/tools/playable.ts";
import { argumentsSchema, drawArguments } from "../../src/tools/tool-arguments.ts";
import { userTools } from "../../src/tools/user-tools.ts";
import type { JsonSchema, ToolSpec } from "../../src/types.ts";

const text = { type: "string", maxLength: 20 };
const tool = (properties: Record<string, JsonSchema>, more: JsonSchema = {}, returns?: JsonSchema): ToolSpec => ({
  name: "f",
  description: "",
  parameters: { type: "object", properties, required: Object.keys(properties), ...more },
  ...(returns === undefined ? {} : { returns }),
});
const folder = mkdtempSync(join(tmpdir(), "playact-playable-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("whether a tool can be played", () => {
  test.each<[string, ToolSpec]>([
    [
      "patterns and formats",
      tool({ code: { type: "string", pattern: "^[A-Z]{3}\\d{2}$" }, mail: { type: "string", format: "email" } }),
    ],
    [
      "ten tight ranges together",
      tool(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`n${at}`, { type: "integer", minimum: 7, maximum: 11 }]))),
    ],
    ["a small number", tool({ rate: { type: "number", minimum: 0.0001, maximum: 0.005 } })],
    ["sevens", tool({ n: { type: "integer", multipleOf: 7, minimum: 50 } })],
    [
      "one of two keys at the top",
      tool({ a: text, b: text, c: text }, { required: ["c"], oneOf: [{ required: ["a"] }, { required: ["b"] }] }),
    ],
    ["a tuple", tool({ at: { type: "array", prefixItems: [{ type: "number" }, text], items: false } })],
    ["a map with named keys", tool({ m: { type: "object", propertyNames: { enum: ["x", "y"] }, additionalProperties: text } })],
    ["a condition", tool({ a: text, b: { type: "integer" } }, { required: ["a"], dependentRequired: { b: ["a"] } })],
    [
      "different items",
      tool({
        days: { type: "array", items: { enum: ["mo", "tu", "we", "th", "fr", "sa", "su"] }, uniqueItems: true, minItems: 2 },
      }),
    ],
    ["every type at once", tool({ x: {}, y: { type: ["integer", "null"] }, z: { type: "boolean" } }, {}, { type: "object" })],
  ])("is tried out, and granted for %s", (_, playable) => {
    expect(unplayable(playable, null)).toBeNull();
    const right = Array.from({ length: 40 }, (_, index) => {
      const schema = argumentsSchema(playable, drawArguments(playable, draws("test", index)));
      return argumentErrors(playable, JSON.parse(drawn(ruleOf(schema), draws("test", index)))).length === 0;
    }).filter(Boolean);
    expect(right.length).toBeGreaterThan(20);
  });

  test.each<[string, ToolSpec, RegExp]>([
    ["a required text is always empty", tool({ a: text, n: { type: "string", maxLength: 0 } }), /argument 'n' .*'n' is empty/],
    ["nothing is even and odd", tool({ a: text, n: { allOf: [{ const: 1 }, { const: 2 }] } }), /argument 'n'|'n'/],
    ["a condition that nothing keeps", tool({ a: text, n: { type: "integer", not: {} } }), /argument 'n'/],
    ["texts that are too long", tool({ a: { type: "string", minLength: 450 } }), /'a'.* 452 characters|shortest argument 'a'/],
    [
      "a result that nothing keeps",
      tool({ a: text }, {}, { type: "object", properties: { n: { type: "integer", enum: ["x"] } } }),
      /'n'/,
    ],
    ["a pattern that looks back", tool({ code: { type: "string", pattern: "^(a|b)\\1$" } }), /'code' has a pattern/],
  ])("is denied with the name of the cause: %s", (_, broken, sentence) => {
    expect(unplayable(broken, null)).toMatch(sentence);
  });

  test("is denied if llama.cpp rejects the grammar", () => {
    expect(unplayable(tool({ a: text }), () => "too much")).toBe("llama.cpp rejects the grammar of the argument 'a': too much");
  });
});

describe("tools that cannot be played", () => {
  const good = { name: "good", parameters: { type: "object", properties: { a: text } } };
  const bad = { name: "bad", parameters: { type: "object", properties: { a: { type: "integer", minimum: 9, maximum: 1 } } } };
  const file = (tools: readonly unknown[]) => {
    const path = join(folder, "tools.json");
    writeFileSync(path, JSON.stringify(tools));
    return path;
  };

  test("stop the import with a hint how to leave them out", () => {
    expect(() => userTools(file([good, bad]))).toThrow(/the tool "bad" cannot be played: 'a' asks for .*--skip-bad-tools/);
  });

  test("are left out and reported on request", () => {
    const left: string[] = [];
    const sets = userTools(file([good, bad]), { leftOut: (sentence) => left.push(sentence) });
    expect(sets.flatMap(({ tools }) => tools.map(({ name }) => name))).toEqual(["good"]);
    expect(left).toEqual([expect.stringContaining('the tool "bad" cannot be played')]);
  });

  test("are left out of a folder too, whatever their file has beside them", () => {
    const place = mkdtempSync(join(folder, "many-"));
    const write = (name: string, content: unknown) => writeFileSync(join(place, name), JSON.stringify(content));
    write("a.json", [good]);
    write("b.json", [bad]);
    write("c.json", { tool_name: "Empty", api_list: [] });
    write("d.json", { no: "tools" });
    const left: string[] = [];
    expect(userTools(place, { leftOut: (sentence) => left.push(sentence) }).map(({ name }) => name)).toEqual(["a"]);
    expect(left.map((sentence) => /([a-d])\.json/.exec(sentence)?.[1])).toEqual(["d", "b"]);
    expect(() => userTools(place)).toThrow(/d\.json/);
  });

  test("are an error if there is no other tool", () => {
    expect(() => userTools(file([bad]), { leftOut: () => undefined })).toThrow('the tool "bad" cannot be played');
    expect(() => userTools(file([bad, { ...bad, name: "worse" }]), { leftOut: () => undefined })).toThrow(
      "needs at least one tool that can be played, but has none",
    );
  });
});

describe("wrapped lists of tools", () => {
  const weather = { name: "get_weather", description: "", inputSchema: { type: "object", properties: { city: text } } };
  test.each<[string, unknown]>([
    ["MCP's answer to tools/list", { jsonrpc: "2.0", id: 1, result: { tools: [weather], nextCursor: "x" } }],
    [
      "MCP's tool with a title and annotations",
      [{ ...weather, title: "Weather", annotations: { readOnlyHint: true }, _meta: {} }],
    ],
    [
      "Anthropic's",
      [{ name: "get_weather", description: "", input_schema: weather.inputSchema, cache_control: { type: "ephemeral" } }],
    ],
    [
      "Google's",
      [
        {
          functionDeclarations: [
            {
              name: "get_weather",
              description: "",
              parameters: { type: "OBJECT", properties: { city: { type: "STRING", maxLength: 20 } } },
            },
          ],
        },
      ],
    ],
    [
      "OpenAI's of the responses",
      [{ type: "function", name: "get_weather", description: "", strict: true, parameters: weather.inputSchema }],
    ],
    ["OpenAI's of old", { functions: [{ name: "get_weather", description: "", parameters: weather.inputSchema }] }],
    [
      "a row of a data set",
      {
        messages: [],
        tools: [{ type: "function", function: { name: "get_weather", description: "", parameters: weather.inputSchema } }],
      },
    ],
    ["a row that keeps them as text", [{ query: "?", tools: JSON.stringify([weather]) }]],
    ["a single tool", weather],
    ["a tool of a data set that fills every key", [{ ...weather, parameters: null, returns: null, strict: null }]],
  ])("are unwrapped: %s", (_, content) => {
    const path = join(folder, "envelope.json");
    writeFileSync(path, JSON.stringify(content));
    const tools = userTools(path).flatMap(({ tools }) => tools);
    expect(tools).toEqual([{ name: "get_weather", description: "", parameters: { type: "object", properties: { city: text } } }]);
  });
});
