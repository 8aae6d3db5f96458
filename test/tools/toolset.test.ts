import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlayactError } from "../../src/errors.ts";
import { chains, splitHeldOut, userTools } from "../../src/tools/toolset.ts";
import type { JsonSchema, ToolSpec, Toolset } from "../../src/types.ts";

const object = (properties: Record<string, JsonSchema>, required: readonly string[] = Object.keys(properties)): JsonSchema => ({
  type: "object",
  properties,
  required,
});
const text: JsonSchema = { type: "string" };
const tool = (name: string, parameters = object({}), returns?: JsonSchema): ToolSpec => ({
  name,
  description: `${name}.`,
  parameters,
  ...(returns === undefined ? {} : { returns }),
});

describe("splitHeldOut", () => {
  const toolsets: Toolset[] = ["a", "b"].flatMap((domain) =>
    ["one", "two", "three", "four"].map((name) => ({ domain, name, tools: [] })),
  );
  const names = (chosen: readonly Toolset[]) => chosen.map((toolset) => `${toolset.domain}/${toolset.name}`);

  it("holds out the share of each domain and loses no toolset", () => {
    const { train, heldOut } = splitHeldOut(toolsets, 0.25, [1]);
    expect(heldOut.map((toolset) => toolset.domain).sort()).toEqual(["a", "b"]);
    expect([...names(train), ...names(heldOut)].sort()).toEqual(names(toolsets).sort());
  });

  it.each([
    [0, 0],
    [0.1, 0],
    [0.5, 4],
    [1, 6],
  ])("at share %d holds out %i toolsets of two domains of four, and always leaves one to train on", (share, count) => {
    expect(splitHeldOut(toolsets, share, [1]).heldOut).toHaveLength(count);
  });

  it("depends only on the names, not on the order of the files", () => {
    const forward = splitHeldOut(toolsets, 0.5, ["run", 3]);
    const backward = splitHeldOut(toolsets.toReversed(), 0.5, ["run", 3]);
    expect(names(backward.heldOut).sort()).toEqual(names(forward.heldOut).sort());
  });

  it("differs between seeds", () => {
    const splits = Array.from({ length: 8 }, (_, seed) => names(splitHeldOut(toolsets, 0.25, [seed]).heldOut).join());
    expect(new Set(splits).size).toBeGreaterThan(1);
  });

  it("keeps the only toolset of a domain for training", () => {
    const single: Toolset = { domain: "c", name: "only", tools: [] };
    expect(splitHeldOut([single], 1, [1])).toEqual({ train: [single], heldOut: [] });
  });
});

describe("chains", () => {
  const search = tool("search", object({ city: text }), object({ id: text, price: { type: "integer" }, city: text }));
  const pairs = (...tools: ToolSpec[]) =>
    chains({ domain: "d", name: "n", tools }).map(({ first, second, links }) => `${first.name} ${second.name} ${links.join()}`);

  it("finds a property that one result returns and another tool requires", () => {
    expect(pairs(search, tool("book", object({ id: text, seats: { type: "integer" } })))).toEqual(["search book id"]);
  });

  it("passes on all that is required of what a result gives", () => {
    const whole = { type: "integer" };
    expect(pairs(search, tool("book", object({ id: text, price: whole })))).toEqual(["search book id,price"]);
    expect(pairs(search, tool("book", object({ id: text, price: whole }, ["id"])))).toEqual(["search book id"]);
  });

  it.each([
    ["the argument is optional", tool("book", object({ id: text }, []))],
    ["the types differ", tool("book", object({ price: text }))],
    ["the first call takes it as an argument", tool("book", object({ city: text }))],
    ["the name differs", tool("book", object({ flight_id: text }))],
  ])("finds nothing if %s", (_, second) => {
    expect(pairs(search, second)).toEqual([]);
  });

  it("finds nothing if results have no schema", () => {
    expect(pairs(tool("search", object({ city: text })), tool("book", object({ id: text })))).toEqual([]);
  });
});

describe("userTools", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "playact-tools-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: unknown) => {
    const path = join(folder, "tools.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const load = (content: unknown) => userTools(file(content));
  const refusal = (content: unknown) => {
    try {
      load(content);
    } catch (thrown) {
      if (thrown instanceof PlayactError) return `${thrown.boundary}: ${thrown.message.replace(`${folder}/`, "")}`;
      throw thrown;
    }
    return "accepted";
  };
  const weather = { name: "get_weather", description: "Weather.", parameters: object({ city: text }) };

  it.each([
    ["a list of wrapped functions", [{ type: "function", function: weather }]],
    ["a list of bare functions", [weather]],
    [
      "a server with a name of its own",
      {
        name: "weather",
        version: "1.0",
        tools: [{ name: "get_weather", ...{ description: "Weather.", inputSchema: object({ city: text }) } }],
      },
    ],
    [
      "the messages of a server, of which one lists tools",
      [
        { jsonrpc: "2.0", id: 1, result: { protocolVersion: "2025-06-18", serverInfo: { name: "weather" } } },
        { jsonrpc: "2.0", method: "notifications/initialized" },
        { jsonrpc: "2.0", id: 2, result: { tools: [weather] } },
      ],
    ],
    ["the messages of a server that was asked twice", [1, 2].map((id) => ({ jsonrpc: "2.0", id, result: { tools: [weather] } }))],
    ["requests that each carry the same tools", ["One?", "Two?"].map((input) => ({ input, tools: [weather] }))],
    ["an object with tools", { tools: [{ type: "function", function: { ...weather, strict: true } }] }],
  ])("reads %s", (_, content) => {
    expect(load(content)).toEqual([{ domain: "user", name: "tools-1", tools: [weather] }]);
  });

  it("groups tools that share a prefix, and cuts the others into toolsets of eight", () => {
    const named = (names: readonly string[]) => names.map((name) => ({ ...weather, name }));
    const alone = Array.from({ length: 9 }, (_, at) => `show_${String.fromCharCode(97 + at)}`);
    const toolsets = load(named([...alone, "github_open", "github_close"]));
    expect(toolsets.map(({ tools }) => tools.length)).toEqual([2, 8, 1]);
  });

  it("reads the rows of xLAM, whose parameters are named without a schema around them", () => {
    const parameters = {
      type: { description: "Kind of giveaway.", type: "str", default: "game" },
      ids: { description: "Ids.", type: "List[int]" },
      page: { description: "Page.", type: "int, optional", default: "" },
    };
    const tools = JSON.stringify([{ name: "giveaways", description: "Lists giveaways.", parameters }]);
    const [toolset] = load([{ id: 0, query: "Which giveaways are there?", answers: "[]", tools }]);
    expect(toolset?.tools[0]?.parameters).toEqual({
      type: "object",
      properties: {
        type: { type: "string", description: "Kind of giveaway.", default: "game" },
        ids: { type: "array", items: { type: "integer" }, description: "Ids." },
        page: { type: "integer", description: "Page." },
      },
      required: ["ids"],
    });
  });

  it("says what is wrong with a parameter of an unknown type also where it has a default", () => {
    const parameters = { day: { description: "Day.", type: "date", default: "today" } };
    expect(refusal([{ name: "open", description: "", parameters }])).toMatch(/^tools: .*the parameters of the tool "open"/);
  });

  it("reads models inside models as pydantic writes them, each reached by a reference that may be null", () => {
    const maybe = (name: string) => ({ anyOf: [{ type: "array", items: { $ref: `#/$defs/${name}` } }, { type: "null" }] });
    const $defs = {
      Order: object({ lines: maybe("Line") }),
      Line: object({ options: maybe("Option") }),
      Option: object({ name: text }),
    };
    expect(load([{ name: "place", parameters: { ...object({ order: { $ref: "#/$defs/Order" } }), $defs } }])).toHaveLength(1);
  });

  it("reads a pattern that is valid only as JavaScript read it before Unicode", () => {
    const email = { type: "string", pattern: "^[\\w-\\.]+@([\\w-]+\\.)+[\\w-]{2,4}$" };
    expect(load([{ name: "mail", parameters: object({ to: email }) }])).toHaveLength(1);
  });

  it("reads a pattern beside a format, whichever says more", () => {
    const properties = {
      id: { type: "string", format: "uuid", pattern: "^[0-9a-fA-F-]{36}$" },
      at: { type: "string", format: "date-time", pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$" },
      to: { type: "string", format: "email", pattern: "^[a-z]+@example\\.com$" },
    };
    expect(load([{ name: "send", parameters: object(properties) }])).toHaveLength(1);
  });

  it("reads a result of thirty fields", () => {
    const returns = object(Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`field_number_${at}`, text])));
    expect(load([{ ...weather, returns }])[0]?.tools[0]?.returns).toEqual(returns);
  });

  it("reads a result's schema under either key, or none", () => {
    const returns = object({ celsius: { type: "number" } });
    const [toolset] = load([
      { ...weather, returns },
      { ...weather, name: "b", "x-returns": returns },
      { ...weather, name: "c" },
      { type: "function", function: { ...weather, name: "d" }, returns },
    ]);
    expect(toolset?.tools.map((one) => one.returns)).toEqual([returns, returns, undefined, returns]);
  });

  it("reads a tool without parameters or description", () => {
    expect(load([{ name: "ping" }])[0]?.tools).toEqual([
      { name: "ping", description: "", parameters: { type: "object", properties: {} } },
    ]);
  });

  it("accepts what schema generators write: references, unions, titles, defaults, closed objects", () => {
    const parameters = {
      $defs: { Place: object({ city: text }) },
      type: "object",
      title: "Arguments",
      properties: {
        place: { $ref: "#/$defs/Place" },
        unit: { anyOf: [text, { type: "null" }], default: null, title: "Unit" },
      },
      required: ["place"],
      additionalProperties: false,
    };
    const [tool] = load([{ ...weather, parameters }])[0]?.tools ?? [];
    const { $defs: _, ...rest } = parameters;
    const inPlace = { place: object({ city: text }), unit: parameters.properties.unit };
    expect(tool?.parameters).toEqual({ ...rest, properties: inPlace });
  });

  it("resolves references, also nested ones and those in lists, unions and results", () => {
    const link = (name: string) => ({ $ref: `#/definitions/${name}` });
    const returns = {
      type: "object",
      properties: {
        stops: { type: "array", items: { ...link("Stop"), description: "in order" } },
        end: { anyOf: [link("Stop"), { type: "null" }] },
        $ref: text, // a property may be called $ref
      },
      definitions: { Stop: object({ place: link("Place") }), Place: object({ city: text }) },
    };
    const stop = object({ place: object({ city: text }) });
    expect(load([{ ...weather, returns }])[0]?.tools[0]?.returns).toEqual({
      type: "object",
      properties: {
        stops: { type: "array", items: { ...stop, description: "in order" } },
        end: { anyOf: [stop, { type: "null" }] },
        $ref: text,
      },
    });
  });

  it("groups tools by prefix, but not by a shared verb, at most 8 per toolset", () => {
    const names = [
      "git_log",
      "search_a",
      "git_diff",
      "search_b",
      "jira.find",
      ...Array.from({ length: 9 }, (_, index) => `db_${index}`),
    ];
    const grouped = load(names.map((name) => ({ name }))).map((toolset) => toolset.tools.map((one) => one.name).join(" "));
    expect(grouped).toEqual([
      "git_log git_diff",
      "db_0 db_1 db_2 db_3 db_4 db_5 db_6 db_7",
      "db_8",
      "search_a search_b jira.find",
    ]);
  });

  const nested = (depth: number): JsonSchema => (depth === 0 ? text : object({ inner: nested(depth - 1) }));
  const withParameters = (parameters: unknown) => [{ ...weather, parameters }];
  const laughs = Object.fromEntries(
    Array.from({ length: 4 }, (_, level) => [
      `l${level}`,
      level === 3 ? text : { anyOf: Array(20).fill({ $ref: `#/$defs/l${level + 1}` }) },
    ]),
  );

  it.each<[string, unknown, string]>([
    ["text that is not JSON", "{", "tools: tools.json: the file needs JSON, but has "],
    [
      "one bad line of JSON Lines",
      `${JSON.stringify(weather)}\n\n${JSON.stringify({ ...weather, name: "b" })}\n{"name": nope}\n`,
      "the file needs JSON in every line, but has in line 4: Unexpected token",
    ],
    ["a number", 3, "but has a number; export the tools in one of these shapes."],
    ["an object without tools", { utilities: [] }, "but has an object with utilities;"],
    ["an empty wrapped list", { functions: [] }, "needs at least one tool, but has an empty list; add a tool."],
    ["an empty list", [], "needs at least one tool, but has an empty list; add a tool."],
    ["a tool that is not an object", ["x"], "tool number 1 needs a function with name, description and parameters"],
    ["a tool without a name", [{ description: "" }], "tool number 1 needs a function"],
    [
      "a tool that the host of a model provides",
      [{ type: "bash_20250124", name: "bash" }],
      'the tool "bash" needs arguments that its own schema describes, but has the type "bash_20250124"',
    ],
    [
      "such a tool without a name",
      [{ type: "mcp", server_label: "docs" }],
      'tool number 1 needs arguments that its own schema describes, but has the type "mcp", which the host of the model provides',
    ],
    ["a tool that takes free text", [{ type: "custom", name: "run" }], 'but has the type "custom"'],
    ["a name with blanks", [{ name: "get weather" }], 'the tool "get weather" needs a function'],
    ["a name of 65 characters", [{ name: "x".repeat(65) }], "must be 1 to 64 of the characters"],
    [
      "a name twice",
      [weather, weather],
      'the tool "get_weather" needs a unique name, but has a name that is used twice; rename one.',
    ],
    ["a description that is too long", [{ name: "x", description: "y".repeat(4097) }], "description"],
    [
      "parameters that are no object schema",
      withParameters({ type: "string" }),
      'needs a schema with "type": "object", but has type "string"',
    ],
    ["parameters that are a list", withParameters([]), "parameters"],
    ["a schema that does not compile", withParameters(object({ a: { type: "txt" } })), "needs valid JSON Schema"],
    ["an unknown keyword", withParameters({ ...object({}), requird: [] }), 'but has the keyword "requird" at the top;'],
    [
      "such a keyword deep inside",
      withParameters(object({ a: { type: "array", items: { maxLen: 3 } } })),
      'the keyword "maxLen" at "items"',
    ],
    [
      "a foreign reference",
      withParameters(object({ a: { $ref: "https://example.org/x" } })),
      'the reference "https://example.org/x"',
    ],
    [
      "such a keyword beside a reference",
      withParameters({ ...object({ a: { $ref: "#/$defs/x", items: { maxLen: 3 } } }), $defs: { x: { type: "array" } } }),
      'the keyword "maxLen" at "items"',
    ],
    ["arguments under an unknown key", [{ name: "x", args: object({ a: text }) }], 'but has the key "args"; rename'],
    [
      "arguments under two keys",
      [{ ...weather, inputSchema: object({}) }],
      'needs one schema for its arguments, but has "parameters" and "inputSchema"; remove one.',
    ],
    [
      "numbers that were rounded when the file was read",
      '[{"name": "x", "parameters": {"properties": {"id": {"enum": [1917043659912705297]}}}}]',
      "which is too large to be exact",
    ],
    ["a reference that cannot be resolved", withParameters(object({ a: { $ref: "#/$defs/x" } })), 'the reference "#/$defs/x"'],
    [
      "a reference to itself",
      withParameters({ ...object({ a: { $ref: "#/$defs/x" } }), $defs: { x: object({ a: { $ref: "#/$defs/x" } }) } }),
      "a reference that contains itself",
    ],
    [
      "references that stand for millions of parts",
      withParameters({ ...object({ a: { $ref: "#/$defs/l0" } }), $defs: laughs }),
      "more than 1000 parts",
    ],
    ["a schema that is nested too deeply", withParameters(nested(11)), "more than 10 levels"],
    [
      "a schema that is too long",
      withParameters(object({ a: { enum: Array(2000).fill("abcdefgh") } })),
      "needs a schema of at most 16000 bytes",
    ],
    [
      "a bad schema of the result",
      [{ ...weather, returns: { type: "string" } }],
      'the result of the tool "get_weather" needs a schema with "type": "object"',
    ],
    [
      "text that reads otherwise than it looks",
      [{ ...weather, description: "Weather\u202e.cod" }],
      "invisible or direction-changing",
    ],
  ])("rejects %s", (_, content, message) => {
    const said = refusal(content);
    expect(said).toContain("tools: tools.json: ");
    expect(said).toContain(message);
    expect(said).toMatch(/; [^;]+\.$/);
  });

  it("rejects a missing file and one that is too large", () => {
    expect(() => userTools(join(folder, "gone.json"))).toThrow(
      /gone\.json: the file needs a readable JSON file, but has ENOENT.*; check the path/,
    );
    truncateSync(file("[]"), 64_000_001);
    expect(() => userTools(join(folder, "tools.json"))).toThrow(
      "needs at most 64000000 bytes, but has 64000001 bytes; split the file.",
    );
  });
});
