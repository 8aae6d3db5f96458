// The pure parts of a simulator on a server: log-probs read from the tokens of an answer, and the schema as it is sent.
import { describe, expect, test } from "vitest";
import { optionWeights, readAnswer, type WeighedToken } from "../../src/llm/remote/answer.ts";
import { sentSchema } from "../../src/llm/remote/schema.ts";
import { matchesSchema } from "../../src/rules/validate.ts";
import type { JsonObject, JsonSchema } from "../../src/types.ts";

/** Tokens of an answer; the place of the options has these alternatives. */
function tokens(pieces: readonly string[], at: number, top: Readonly<Record<string, number>>): WeighedToken[] {
  const likeliest = Object.entries(top).map(([token, share]) => ({ token, logprob: Math.log(share) }));
  return pieces.map((token, index) => ({ token, top: index === at ? likeliest : [{ token, logprob: 0 }] }));
}

describe("log-probs of the options", () => {
  const shares = (weights: readonly number[] | null) => weights?.map((weight) => Number(Math.exp(weight).toFixed(6)));
  test.each<[string, WeighedToken[], readonly string[], readonly number[] | undefined]>([
    [
      "are those of their first tokens",
      tokens(['{"', "answer", '":"', "A", '"}'], 3, { A: 0.7, B: 0.2, C: 0.1 }),
      ["B", "A"],
      [0.2, 0.7],
    ],
    [
      "count every token that begins an option",
      tokens(['{"answer": "', "Yes", '"}'], 1, { Yes: 0.5, Y: 0.2, No: 0.3 }),
      ["Yes", "No"],
      [0.7, 0.3],
    ],
    [
      "may share a token with the quotes",
      tokens(['{"answer":', ' "A"', "}"], 1, { ' "A"': 0.6, ' "B"': 0.3, A: 0.1 }),
      ["A", "B"],
      [0.6, 0.3],
    ],
    [
      "are at most the least listed one of an option that is not listed",
      tokens(['{"answer":"', "A"], 1, { A: 0.9, B: 0.06, x: 0.04 }),
      ["A", "C"],
      [0.9, 0.04],
    ],
    [
      "are read after the thinking",
      tokens(['{"answer":"?"} or', '{"answer":"', "B"], 2, { A: 0.1, B: 0.9 }),
      ["A", "B"],
      [0.1, 0.9],
    ],
    ["are missing if no option is likely", tokens(['{"answer":"', "x"], 1, { x: 0.9, y: 0.1 }), ["A", "B"], undefined],
    ["are missing if the answer has another form", tokens(["A"], 0, { A: 0.9, B: 0.1 }), ["A", "B"], undefined],
  ])("%s", (_, given, options, wanted) => {
    expect(shares(optionWeights(given, options))).toEqual(wanted);
  });
});

test("an answer with nothing but its text counts no tokens; one that is filtered is a refusal", () => {
  const message = { content: "{}" };
  expect(readAnswer({ choices: [{ message }] })).toEqual({
    ...{ text: "{}", refusal: null, cut: false, model: null, tokens: null },
    ...{ read: 0, reused: 0, written: 0 },
  });
  expect(readAnswer({ choices: [{ message, finish_reason: "content_filter" }] })?.refusal).toMatch(/content filter/);
});

test.each([
  ['Okay, the user wants X.\n</think>\n\n{"answer":"yes"}', '{"answer":"yes"}'],
  ["Hm.</think><think>Hm.</think>At 08:25.", "At 08:25."],
  ['{"answer":"</think>"}', '{"answer":"</think>"}'],
  ["Write <think> before and </think> behind it.", "Write <think> before and </think> behind it."],
])("a thought that the server's template opened is not part of the answer, a tag in the answer is: %s", (content, text) => {
  expect(readAnswer({ choices: [{ message: { content } }] })?.text).toBe(text);
});

test("a schema is sent with every property required, no other allowed, and a bound for what has none", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string" },
      code: { type: "string", pattern: "^[A-Z]$" },
      hidden: { type: "string", "x-omit": true },
      seats: { type: "array", items: { type: "object", properties: { row: { type: "integer", nullable: true } } } },
    },
  } as const;
  expect(sentSchema(schema)).toEqual({
    type: "object",
    properties: {
      name: { type: "string", maxLength: 120 },
      code: { type: "string", pattern: "^[A-Z]$" },
      seats: {
        type: "array",
        maxItems: 4,
        items: {
          type: "object",
          properties: { row: { anyOf: [{ type: "integer" }, { type: "null" }] } },
          required: ["row"],
          additionalProperties: false,
        },
      },
    },
    required: ["name", "code", "seats"],
    additionalProperties: false,
  });
  expect(sentSchema({ type: ["string", "null"] })).toEqual({ anyOf: [{ type: "string", maxLength: 120 }, { type: "null" }] });
  const map = { type: "object", properties: {}, additionalProperties: { type: "integer" } };
  expect(sentSchema(map)).toEqual(map); // its keys are its own choice
  const parts = { allOf: [{ type: "object", properties: { a: { type: "boolean" } } }] };
  const closed = { required: ["a"], additionalProperties: false };
  expect(sentSchema(parts)).toEqual({ type: "object", properties: { a: { type: "boolean" } }, ...closed });
});

test.each<[string, JsonSchema, JsonObject, JsonObject]>([
  [
    "one of two keys",
    {
      properties: { id: { type: "string" }, error: { type: "string" } },
      oneOf: [{ required: ["id"] }, { required: ["error"] }],
    },
    { id: "A1" },
    { id: "A1", error: "none" },
  ],
  [
    "a key of each branch",
    {
      properties: { kind: { type: "string" } },
      oneOf: [
        { properties: { x: { type: "integer" } }, required: ["x"] },
        { properties: { y: { type: "integer" } }, required: ["y"] },
      ],
    },
    { kind: "a", x: 1 },
    { kind: "a" },
  ],
])("a union beside properties (%s) is sent so that a reply can satisfy it", (_, schema, right, wrong) => {
  const sent = sentSchema({ type: "object", ...schema });
  expect(matchesSchema(sent, right)).toEqual([]);
  expect(matchesSchema(sent, wrong)).not.toEqual([]);
});
