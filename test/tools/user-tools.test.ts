// Formats of the user's tools other than OpenAI's (toolset.test.ts): BFCL's function docs, trees of tools, ToolBench's tool
// files, folders. The samples are invented, in the original formats.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { toGrammar } from "../../src/rules/schema/grammar.ts";
import { argumentErrors } from "../../src/rules/validate.ts";
import { chains, splitHeldOut } from "../../src/tools/toolset.ts";
import { userTools } from "../../src/tools/user-tools.ts";
import type { Toolset } from "../../src/types.ts";

const root = mkdtempSync(join(tmpdir(), "playact-shapes-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "one-"));
});
const file = (name: string, content: unknown) => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
const load = (content: unknown) => userTools(file("tools.json", content));
const named = (toolsets: readonly Toolset[]) =>
  toolsets.map(({ domain, name, tools }) => `${domain}/${name}: ${tools.map((tool) => tool.name).join(" ")}`);
const bare = (name: string, description = name) => ({ name, description, parameters: { type: "object", properties: {} } });

describe("BFCL's function docs", () => {
  const openSafe = {
    name: "open_safe",
    description: "Opens a safe.",
    parameters: {
      type: "dict",
      properties: { safe_id: { type: "string" }, weight: { type: "float", default: "light", optional: true } },
      required: ["safe_id"],
    },
    response: { type: "dict", properties: { coins: { type: "array", items: { type: "integer" } } } },
  };
  const findSafe = {
    name: "vault.find",
    description: "Finds a safe.",
    parameters: {
      type: "dict",
      properties: { at: { type: "tuple", items: [{ type: "float" }, { type: "float" }] } },
      required: ["at"],
    },
    response: { type: "dict", properties: { safe_id: { type: "string" }, extra: { type: "any" } } },
  };

  it.each([
    ["a list", [openSafe, findSafe]],
    ["one per line", `${JSON.stringify(openSafe)}\n${JSON.stringify(findSafe)}\n`],
  ])("are read as %s and converted to JSON Schema", (_, content) => {
    const [toolset, ...others] = load(content);
    expect(others).toEqual([]);
    expect(toolset?.tools).toEqual([
      {
        name: "open_safe",
        description: "Opens a safe.",
        parameters: {
          type: "object",
          properties: { safe_id: { type: "string" }, weight: { type: "number" } },
          required: ["safe_id"],
        },
        returns: { type: "object", properties: { coins: { type: "array", items: { type: "integer" } } } },
      },
      {
        name: "vault.find",
        description: "Finds a safe.",
        parameters: {
          type: "object",
          properties: { at: { type: "array", items: { anyOf: [{ type: "number" }] } } },
          required: ["at"],
        },
        returns: { type: "object", properties: { safe_id: { type: "string" }, extra: {} } },
      },
    ]);
    for (const tool of toolset?.tools ?? []) expect(toGrammar(tool.returns ?? {})).toContain("root");
    expect(toolset && chains(toolset).map(({ links }) => links)).toEqual([["safe_id"]]);
  });

  it("get enum values of the right type, and require only existing parameters", () => {
    const properties = {
      rooms: { type: "integer", enum: ["1", "2", "dontcare"] },
      quiet: { type: "boolean", enum: ["True", "False", "dontcare"] },
      days: { type: "array", items: { type: "string" }, enum: ["mo", "tu"] },
      people: { type: "dict", required: ["adults"] },
    };
    const [toolset] = load([{ name: "f", description: "", parameters: { type: "dict", properties, required: ["rooms"] } }]);
    expect(toolset?.tools[0]?.parameters.properties).toEqual({
      rooms: { type: "integer", enum: [1, 2] },
      quiet: { type: "boolean" },
      days: { type: "array", items: { type: "string", enum: ["mo", "tu"] } },
      people: { type: "object" },
    });
  });

  it("may use Java's and JavaScript's type names", () => {
    const types = { a: "HashMap", b: "ArrayList", c: "long", d: "double", e: "char", f: "Boolean", g: "String" };
    const properties = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
    const [toolset] = load([{ name: "f", description: "", parameters: { type: "dict", properties } }]);
    expect(Object.values(toolset?.tools[0]?.parameters.properties ?? {}).map((one) => (one as { type: string }).type)).toEqual([
      "object",
      "array",
      "integer",
      "number",
      "string",
      "boolean",
      "string",
    ]);
  });

  it("with an unknown type are rejected with the tool's name", () => {
    const parameters = { type: "dict", properties: { a: { type: "quaternion" } } };
    expect(() => load([{ name: "turn", description: "", parameters }])).toThrow(
      /tools\.json: the parameters of the tool "turn" needs valid JSON Schema, but has .*; correct it\.$/,
    );
  });

  it("in test rows become one toolset per row, without repeated functions", () => {
    const row = (id: string, ...functions: unknown[]) =>
      JSON.stringify({ id, question: [[{ role: "user", content: "?" }]], function: functions });
    const rows = [
      row("multiple_0", openSafe, findSafe),
      row("multiple_1", openSafe),
      row("multiple_2", { ...openSafe, description: "Another." }),
    ];
    expect(named(load(rows.join("\n")))).toEqual([
      "bfcl/multiple_0: open_safe vault.find",
      "bfcl/multiple_2: open_safe_for_multiple_2",
    ]);
  });
});

it("rows of a data set may have no tools", () => {
  const row = (tools: unknown) => JSON.stringify({ messages: [{ role: "user", content: "?" }], tools });
  expect(named(load([row([bare("ping")]), row(null), row([])].join("\n")))).toEqual(["rows/row-1: ping"]);
});

describe("a tree of tools", () => {
  const tree = {
    Travel: {
      "Flight Search": [bare("Search / Flights"), { type: "function", function: bare("status") }],
      Hotels: { name: "Hotels", tools: [bare("status", "of a room")] },
    },
    Finance: { Empty: [], Rates: [bare("rates"), bare("rates"), { ...bare("Börse"), category: "Finance" }] },
  };

  it("keeps domains and toolsets, makes names valid and unique", () => {
    expect(named(load(tree))).toEqual([
      "Travel/Flight Search: Search_Flights status",
      "Travel/Hotels: status_for_Hotels",
      "Finance/Rates: rates B_rse",
    ]);
  });

  it("holds out whole toolsets of a domain, as the embedded catalogue does", () => {
    const { train, heldOut } = splitHeldOut(load(tree), 0.5, ["seed"]);
    expect(heldOut.map(({ domain }) => domain)).toEqual(["Travel"]);
    expect(train).toHaveLength(2);
  });

  it("gives tools with the same long name unique names of at most 64 characters", () => {
    const sets = Object.fromEntries(
      Array.from({ length: 4 }, (_, index) => [`set`.repeat(30) + index, [bare("x".repeat(64), `${index}`)]]),
    );
    const names = load({ d: sets }).flatMap(({ tools }) => tools.map(({ name }) => name));
    expect(new Set(names).size).toBe(4);
    expect(names.every((name) => name.length <= 64)).toBe(true);
  });

  it.each<[string, unknown, string]>([
    [
      "a toolset that is no list",
      { Travel: { Flights: 3 } },
      "but has an object with Travel; export the tools in one of these shapes.",
    ],
    ["no tool in any toolset", { Travel: { Flights: [] } }, "needs at least one tool, but has none in any toolset; add a tool."],
    ["a name without letters or digits", { Travel: { Flights: [bare("///")] } }, 'the tool "" needs a function'],
    ["a tool without a name", { Travel: { Flights: [{ description: "" }] } }, "tool number 1 needs a function"],
    [
      "a tool that cannot be played",
      { Travel: { Flights: [{ ...bare("fly"), parameters: { type: "object", not: {} } }] } },
      'the tool "fly" cannot be played: no call that can be written is valid',
    ],
  ])("rejects %s", (_, content, sentence) => {
    expect(() => load(content)).toThrow(sentence);
  });
});

it("a result's schema that was added is read in every format: without it the tool would answer a bare status", () => {
  const returns = { type: "object", properties: { id: { type: "string" } } };
  const doc = { name: "open", description: "", parameters: { type: "dict", properties: {} } };
  const api = { name: "open", description: "", required_parameters: [], optional_parameters: [], returns };
  const results = [
    [{ ...doc, returns }],
    [{ ...doc, response: { type: "dict", properties: { other: { type: "any" } } }, outputSchema: returns }],
    { tool_name: "safe", api_list: [api] },
  ].map((content) => load(content)[0]?.tools[0]?.returns);
  expect(results).toEqual([returns, returns, returns]);
});

it("a default is dropped from BFCL's docs, where it is a note, and kept in Google's declarations, which have a response too", () => {
  const days = { type: "INTEGER", default: 3 };
  const response = { type: "OBJECT", properties: { done: { type: "BOOLEAN" } } };
  const declared = { name: "forecast", description: "", parameters: { type: "OBJECT", properties: { days } }, response };
  const of = (content: unknown) => load(content)[0]?.tools[0]?.parameters.properties;
  expect(of([declared])).toEqual({ days: { type: "integer", default: 3 } });
  expect(of([{ ...declared, parameters: { type: "dict", properties: { days } } }])).toEqual({ days: { type: "integer" } });
});

describe("formats inside OpenAI's wrapper", () => {
  const wrapped = (inner: object) =>
    load([{ type: "function", function: { name: "open", description: "", ...inner } }])[0]?.tools[0];
  const parameters = { type: "object", properties: { safe: { type: "string" } }, required: ["safe"] };

  it("are read as without it: BFCL's docs and xLAM's maps of parameters", () => {
    const doc = { parameters: { ...parameters, type: "dict" }, response: { type: "dict", properties: { ok: { type: "any" } } } };
    const returns = { type: "object", properties: { ok: {} } };
    expect(wrapped(doc)).toEqual({ name: "open", description: "", parameters, returns });
    expect(wrapped({ parameters: { safe: { type: "str" } } })?.parameters).toEqual(parameters);
  });
});

it("Google's declarations with a response may have no parameters, or have them as JSON Schema", () => {
  const declared = { name: "list_safes", description: "", response: { type: "OBJECT", properties: { ids: { type: "STRING" } } } };
  const parametersJsonSchema = { type: "object", properties: { floor: { type: "integer" } } };
  const parametersOf = (more: object) => load([{ ...declared, ...more }])[0]?.tools[0]?.parameters;
  expect(parametersOf({})).toEqual({ type: "object", properties: {} });
  expect(parametersOf({ parametersJsonSchema })).toEqual(parametersJsonSchema);
});

describe("ToolBench's files", () => {
  const tool = {
    tool_name: "Moon Almanac",
    tool_description: "…",
    api_list: [
      {
        name: "Get phase/day",
        url: "https://example.org",
        description: "Phase of the moon.",
        method: "GET",
        required_parameters: [
          { name: "day", type: "STRING", description: "the date ", default: "2027-01-01" },
          { name: "hours", type: "NUMBER", description: "", default: "12" },
        ],
        optional_parameters: [
          { name: "brief", type: "BOOLEAN", description: "", default: true },
          { name: "tags", type: "ARRAY", description: "", default: "" },
          { name: "mode", type: "ENUM", description: "" },
        ],
      },
    ],
  };

  it("become functions with required parameters first and defaults of the right type", () => {
    const [toolset] = load(tool);
    expect(toolset).toEqual({
      domain: "user",
      name: "Moon Almanac",
      tools: [
        {
          name: "Get_phase_day",
          description: "Phase of the moon.",
          parameters: {
            type: "object",
            properties: {
              day: { type: "string", description: "the date", default: "2027-01-01" },
              hours: { type: "number" },
              brief: { type: "boolean", default: true },
              tags: { type: "array" },
              mode: { type: "string" },
            },
            required: ["day", "hours"],
          },
        },
      ],
    });
    const [phase] = toolset?.tools ?? [];
    expect(phase && argumentErrors(phase, { day: "2027-02-03", hours: 3, mode: "x" })).toEqual([]);
    expect(phase && argumentErrors(phase, { hours: "3" })).toHaveLength(2);
  });

  it("in a folder have their category as domain, and repeated names are made unique", () => {
    file("Science/moon_almanac.json", tool);
    file("Science/sun_almanac.json", {
      ...tool,
      tool_name: "Sun",
      api_list: [{ ...tool.api_list[0], description: "Of the sun." }],
    });
    file("Travel/flights.json", [bare("fly")]);
    file("Travel/trains.jsonl", `${JSON.stringify(bare("ride"))}\n${JSON.stringify(bare("walk"))}\n`);
    file("Travel/notes.txt", "no tools");
    expect(named(userTools(folder))).toEqual([
      "Science/Moon Almanac: Get_phase_day",
      "Science/Sun: Get_phase_day_for_Sun",
      "Travel/flights: fly",
      "Travel/trains: ride walk",
    ]);
  });

  it("a folder without JSON files is rejected", () => {
    file("notes.txt", "");
    expect(() => userTools(folder)).toThrow(
      /the folder needs JSON files of tools, in it or in a direct subfolder, but has none; check the path/,
    );
  });
});
