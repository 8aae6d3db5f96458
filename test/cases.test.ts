// Inputs from public reports of people who train on their own tools, one test a kind: what a tools file, a call, a report or a
// reward must be taken for. The two kinds of the learner are native/trainer/tests/test_cases.py's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Dialect } from "../src/config/config.ts";
import { withGrammarParser } from "../src/llm/engine/llama-grammar.ts";
import { scriptedVocabulary } from "../src/llm/scripted.ts";
import { chooseTemplate } from "../src/llm/text/choose-template.ts";
import { parseToolCalls } from "../src/llm/text/tool-call.ts";
import { advantages, isDead } from "../src/reward/advantage.ts";
import { draws } from "../src/rng.ts";
import { refuses } from "../src/rules/language/refusal.ts";
import { carries } from "../src/rules/language/said.ts";
import { ruleOf, toGrammar } from "../src/rules/schema/grammar.ts";
import { drawn } from "../src/rules/schema/rule.ts";
import { argumentErrors, matchesSchema } from "../src/rules/validate.ts";
import { isSameCall, sameValue } from "../src/rules/values.ts";
import { expectedCalls } from "../src/tasks/expected-calls.ts";
import { userTools } from "../src/tools/user-tools.ts";
import type { JsonObject, ToolSpec } from "../src/types.ts";

const file = (name: string) => join(import.meta.dirname, "fixtures", "cases", name);
const read = (name: string) => JSON.parse(readFileSync(file(name), "utf8"));
const load = (name: string): ToolSpec[] => userTools(file(name)).flatMap(({ tools }) => tools);
const parameters = (name: string) =>
  Object.fromEntries(load(name).map((tool) => [tool.name, Object.keys((tool.parameters.properties ?? {}) as JsonObject)]));
const only = (name: string): ToolSpec => {
  const [tool] = load(name);
  if (tool === undefined) throw new Error(`${name} holds no tool`);
  return tool;
};

/** Every call and result that can be drawn under a tool's grammars is valid, and llama.cpp takes the grammars. */
async function plays(name: string): Promise<void> {
  const refusals = await withGrammarParser((parser) =>
    load(name).flatMap((tool) => [parser(toGrammar(tool.parameters)), parser(toGrammar(tool.returns ?? {}))]),
  );
  expect(refusals.filter((refusal) => refusal !== null)).toEqual([]);
  for (const tool of load(name))
    for (let index = 0; index < 20; index++) {
      expect(argumentErrors(tool, JSON.parse(drawn(ruleOf(tool.parameters), draws(name, index))))).toEqual([]);
      if (tool.returns !== undefined)
        expect(matchesSchema(tool.returns, JSON.parse(drawn(ruleOf(tool.returns), draws(name, index))))).toEqual([]);
    }
}

describe("tools files of the world", () => {
  test("$schema names a dialect and is accepted", () => {
    expect(parameters("schema-draft07.json")).toEqual({ find_notes: ["word"] });
  });

  test("parameters are read from MCP's and Anthropic's keys as from OpenAI's", () => {
    expect(parameters("mcp-input-schema.json")).toEqual({ search_orders: ["customer", "limit"] });
    expect(Object.keys(only("mcp-input-schema.json").returns?.properties ?? {})).toEqual(["order_id"]);
    expect(parameters("anthropic-input-schema.json")).toEqual({ search_orders: ["customer"] });
  });

  test.each(["list-of-20-strings", "list-of-addresses", "list-of-long-strings", "result-map-of-objects"])(
    "lists and maps of texts stay within what llama.cpp repeats: %s",
    async (name) => plays(`${name}.json`),
  );

  test.each([
    ["min-items-40", "'stops' asks for at least 40 items"],
    ["min-length-2000", "'body' asks for at least 2000 characters"],
    ["crossed-bounds", "'level' asks for at least 50 and at most 5"],
  ])("bounds that no reply can keep are refused when the file is loaded: %s", (name, sentence) => {
    expect(() => load(`${name}.json`)).toThrow(sentence);
  });

  test.each([
    [
      "enum-numbers-typed-string",
      /"set_priority" cannot be played: 'priority' has an enum .* without a value of its type, string/,
    ],
    ["enum-texts-typed-integer", /"set_floor" cannot be played: 'floor' has an enum .* without a value of its type, integer/],
    ["required-without-property", /"open_account" cannot be played: 'branch' is required, but is not a property/],
  ])("a schema that no value satisfies is refused by tool and parameter: %s", (name, sentence) => {
    expect(() => load(`${name}.json`)).toThrow(sentence);
  });

  test.each(["one-of-beside-type-object", "any-of-beside-type-object", "string-one-of-const"])(
    "a union next to a type is generated branch by branch: %s",
    async (name) => plays(`${name}.json`),
  );

  test.each([
    ["enum-units-c-f", { room: "hall", unit: "C" }],
    ["enum-blood-groups", { group: "O+" }],
    ["enum-sizes", { size: "M" }],
    ["enum-operators", { op: "<" }],
  ])("what a schema lists is not cut short, whatever it ends in: %s", (name, args) => {
    const tool = only(`${name}.json`);
    const plan = {
      toolset: { domain: "", name: "", tools: [tool] },
      needed: [tool],
      offered: [tool],
      used: [Object.keys(args)],
      links: [],
      heldBack: [],
    };
    const made = expectedCalls({ arguments_1: args, result_1: { status: "done" } }, plan, false, draws("case"));
    expect(made).toMatchObject({ value: [{ arguments: args }] });
  });

  test("null is allowed if `nullable` is next to a reference or a union", () => {
    for (const kind of ["day", null]) expect(argumentErrors(only("nullable-beside-ref.json"), { kind })).toEqual([]);
    for (const note of ["ab", 3, null]) expect(argumentErrors(only("nullable-beside-any-of.json"), { note })).toEqual([]);
    expect(argumentErrors(only("nullable-beside-ref.json"), { kind: "noon" })).not.toEqual([]);
  });

  test("null means an absent key, and there are several ways to declare no parameters", () => {
    expect(parameters("null-filled-keys.json")).toEqual({ book_room: ["room", "hours"] });
    expect(parameters("no-arguments-null.json")).toEqual({ list_rooms: [] });
    expect(parameters("no-arguments-empty-schema.json")).toEqual({ list_rooms: [], list_keys: [] });
    expect(argumentErrors(only("no-arguments-empty-schema.json"), {})).toEqual([]);
  });

  test("a byte order mark is accepted, and JSON Lines may have one line", () => {
    expect(parameters("utf8-bom.json")).toEqual({ find_notes: ["word"] });
    expect(parameters("one-row.jsonl.json")).toEqual({ "geometry.square": ["side"] });
    expect(parameters("one-function-doc.jsonl.json")).toEqual({ "geometry.square": ["side"] });
  });

  test("references may point anywhere in the same schema", () => {
    const tool = only("ref-into-properties.json");
    expect(parameters("ref-into-properties.json")).toEqual({ ship: ["from", "to"] });
    expect(argumentErrors(tool, { from: { city: "Oslo" }, to: {} })).toEqual(["missing argument 'to.city'"]);
  });
});

/** Cases of one function: arguments and what it returns. */
function each(name: string, call: (...input: never[]) => unknown): void {
  const { cases } = read(name) as { cases: { input: never[]; expected: unknown }[] };
  for (const { input, expected } of cases) expect({ input, gave: call(...input) }).toEqual({ input, gave: expected });
}

describe("values as their schemas mean them", () => {
  test("whole cents are multiples of 0.01, half a cent is not", () => each("multiple-of-cents.json", argumentErrors));
  test("two texts of digits are compared as texts", () => each("same-value-leading-zero.json", sameValue));

  test("an integer beyond 2^53 keeps its digits or is rejected with a message", () => {
    each("call-big-integer.json", (text: string, digits: string, other: string) => {
      const calls = (json: string) => parseToolCalls(`<tool_call>\n${json}\n</tool_call>`, "hermes");
      const [{ calls: [call] = [], errors }, { calls: [neighbour] = [] }] = [calls(text), calls(text.replace(digits, other))];
      if (call === undefined || neighbour === undefined) return errors.length > 0;
      return JSON.stringify(call).includes(digits) && !isSameCall(call, neighbour);
    });
  });
});

describe("reports as people write them", () => {
  test("thousands and cents", () => each("report-thousands-and-cents.json", carries));
  test("scripts without blanks", () => each("report-chinese.json", carries));
  test("dates with their times", () => each("report-date-time.json", carries));
  test("an assistant that won't be able to refuses", () => each("refusal-wont-be-able.json", refuses));
});

describe("calls as models write them", () => {
  const parses = (name: string) => {
    const { text, dialect, expected } = read(name) as {
      text: string;
      dialect: Dialect;
      expected: { calls: unknown[]; errors: number; rest?: string };
    };
    const { calls, errors, rest } = parseToolCalls(text, dialect);
    expect({ calls, errors: errors.length, rest }).toEqual({ rest, ...expected });
  };

  test.each(["call-unclosed-then-call", "call-missing-brace-then-prose", "call-unclosed-in-the-middle"])(
    "one malformed call does not affect its neighbours: %s",
    (name) => parses(`${name}.json`),
  );
  test("an answer may name the thinking tag", () => parses("answer-names-think-tag.json"));
  test.each(["fence-person-record", "fence-list-of-records"])("data in a fence that has a name is an answer: %s", (name) =>
    parses(`${name}.json`),
  );

  test("a template with a call format that the parser does not read is not used, and this is reported", () => {
    const source = readFileSync(file("xml-call-template.jinja"), "utf8");
    const model = { vocabulary: scriptedVocabulary(), chatTemplate: { source, begin: "", end: "<|im_end|>" } };
    expect(chooseTemplate(model, "tokens", "hermes").text).toMatch(/^Playact's own, append-only\. .*call/);
  });
});

test("rewards that differ by rounding make a dead group", () => {
  each("near-equal-rewards.json", (rewards: number[]) =>
    isDead(
      advantages(
        rewards.map((reward) => ({ reward, turnRewards: [0], aborted: false })),
        { mode: "uniform", normalizeStd: true },
      ),
    ),
  );
});
