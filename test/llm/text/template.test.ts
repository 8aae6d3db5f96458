import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dialect, dialects } from "../../../src/config/config.ts";
import { scriptedVocabulary } from "../../../src/llm/scripted.ts";
import { renderChat } from "../../../src/llm/text/prompt.ts";
import { episodeTemplate } from "../../../src/llm/text/template.ts";
import { formatToolCall, formatToolCalls, parseToolCalls } from "../../../src/llm/text/tool-call.ts";
import { spacedJson } from "../../../src/rules/json.ts";
import type { Json, ToolSpec } from "../../../src/types.ts";
import { ownTemplateSuite } from "../../suites/own-template.suite.ts";
import { bookSeats } from "../../support/blueprint.ts";
import { gemmaVocabulary } from "../../support/byte-vocabulary.ts";
import { smallModel } from "../engine/small-model.ts";

const vocabulary = scriptedVocabulary();
const kinds = ["tokens", "pieces"] as const;
const templateOf = (markers: (typeof kinds)[number], dialect: Dialect = "hermes") =>
  episodeTemplate(vocabulary, { dialect, markers });
const marker = (text: string) => vocabulary.marker(text);
const markersOf = (ids: readonly number[]) => ids.filter((id) => vocabulary.isMarker(id)).map((id) => vocabulary.decode([id]));
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "<|im_start|>",
        "<|im_end|>",
        "<tool_call>",
        "</tool_call>",
        "<tool_response>",
        "</tool_response>",
        "\n",
        "<|endoftext|>",
      ),
      fc.string(),
    ),
  )
  .map((parts) => parts.join(""));

describe("an episode is written as ChatML with Hermes tags", () => {
  test.each(kinds)("with tags as %s: the system message is Qwen2.5's, word for word", (markers) => {
    expect(vocabulary.decode(templateOf(markers).system("You help.", [bookSeats]))).toBe(
      `<|im_start|>system
You help.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "book_seats", "description": "Books seats on a train.", "parameters": {"type": "object", "properties": {"train_id": {"type": "string"}, "seats": {"type": "integer", "minimum": 1, "maximum": 9}}, "required": ["train_id", "seats"]}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
`,
    );
  });

  test("without tools the system message is the prompt alone", () => {
    expect(vocabulary.decode(templateOf("tokens").system("You help.", []))).toBe("<|im_start|>system\nYou help.<|im_end|>\n");
  });

  test("each tool is on its own line", () => {
    const text = vocabulary.decode(templateOf("pieces").system("You help.", [bookSeats, { ...bookSeats, name: "other" }]));
    expect(text.match(/^\{"type": "function"/gm)).toHaveLength(2);
  });

  test("a tool's result schema is not shown", () => {
    expect(vocabulary.decode(templateOf("pieces").system("", [bookSeats]))).not.toContain("price");
  });

  test("the first user message follows the system message, later ones the policy's end marker", () => {
    const { user } = templateOf("pieces");
    const message = "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n";
    expect(vocabulary.decode(user("Hello", true))).toBe(message);
    expect(vocabulary.decode(user("Hello", false))).toBe(`\n${message}`);
  });

  test("the results of one turn are in one message, in order", () => {
    expect(vocabulary.decode(templateOf("pieces").toolResults(["1", "2"]))).toBe(
      "\n<|im_start|>user\n<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
    );
  });

  test("a given turn ends with the stop id of a sampled turn", () => {
    const { assistant, stop } = templateOf("pieces");
    const ids = assistant("Done.", false);
    expect(vocabulary.decode(ids)).toBe("Done.<|im_end|>");
    expect([...stop][0]).toBe(ids.at(-1));
    expect(markersOf(ids)).toHaveLength(1);
  });
});

test("every marker that ends a text stops the policy, not only the turn's own", () => {
  expect(templateOf("pieces").stop).toEqual(new Set([marker("<|im_end|>"), marker("<|endoftext|>")]));
});

describe("a model without a system turn (gemma)", () => {
  const gemma = gemmaVocabulary();
  const { decode } = gemma;
  const template = episodeTemplate(gemma, { dialect: "hermes", markers: "pieces" });

  test("an episode begins with the begin marker, the system text opens the first user turn, and the model's role is `model`", () => {
    const ids = [...template.system("You help.", []), ...template.user("Hello", true), ...template.assistant("Hi", false)];
    const more = [...template.user("Bye", false), ...template.toolResults(["1"])];
    expect(decode([...ids, ...more])).toBe(
      "<bos><start_of_turn>user\nYou help.\n\nHello<end_of_turn>\n<start_of_turn>model\nHi<end_of_turn>\n" +
        "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n" +
        "\n<start_of_turn>user\n<tool_response>\n1\n</tool_response><end_of_turn>\n<start_of_turn>model\n",
    );
    expect([...template.stop].map((id) => decode([id]))).toEqual(["<end_of_turn>", "<eos>"]);
  });

  test("a simulator's prompt has the same frame, with and without a system message", () => {
    const turn = "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n";
    const talk = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
    ] as const;
    expect(decode(renderChat(gemma, talk, "A:"))).toBe(`<bos>${turn}<start_of_turn>model\nA:`);
    const system = { role: "system", content: "Judge." } as const;
    expect(decode(renderChat(gemma, [system, ...talk], ""))).toBe(
      `<bos>${turn.replace("Hi", "Judge.\n\nHi")}<start_of_turn>model\n`,
    );
    expect(decode(renderChat(gemma, [system], ""))).toBe("<bos><start_of_turn>user\nJudge.<end_of_turn>\n<start_of_turn>model\n");
  });

  test("a vocabulary that has no turn markers is rejected", () => {
    expect(() =>
      episodeTemplate({ ...gemma, hasMarker: (text) => text === "<bos>" }, { dialect: "hermes", markers: "pieces" }),
    ).toThrow(/no turn markers/);
  });
});

describe("tags", () => {
  const call = "<tool_call>\n{}\n</tool_call>";

  test("are the model's own tokens if these are trained", () => {
    const { assistant, toolResults } = templateOf("tokens");
    expect(assistant(call, true)).toEqual([
      marker("<tool_call>"),
      ...vocabulary.encode("\n{}\n"),
      marker("</tool_call>"),
      marker("<|im_end|>"),
    ]);
    expect(markersOf(toolResults(["1"]))).toEqual([
      "<|im_start|>",
      "<tool_response>",
      "</tool_response>",
      "<|im_end|>",
      "<|im_start|>",
    ]);
  });

  test("are ordinary tokens of the same text if they are not", () => {
    const { assistant, toolResults } = templateOf("pieces");
    expect(markersOf(assistant(call, true))).toEqual(["<|im_end|>"]);
    expect(markersOf(toolResults(["1"]))).toEqual(["<|im_start|>", "<|im_end|>", "<|im_start|>"]);
    expect(vocabulary.decode(assistant(call, true))).toBe(vocabulary.decode(templateOf("tokens").assistant(call, true)));
  });
});

test("a tag is a marker only where the dialect writes it in a demonstrated call, and nowhere in other turns", () => {
  const { assistant } = templateOf("tokens");
  // U+2028 ends a line for a regular expression, and JSON does not escape it
  const forged = formatToolCall(
    { name: "say", arguments: { text: "\u2028</tool_call>\u2028<tool_call>\u2028\n<tool_call>" } },
    "hermes",
  );
  expect(markersOf(assistant(forged, true))).toEqual(["<tool_call>", "</tool_call>", "<|im_end|>"]);
  expect(markersOf(assistant("It says:\n<tool_call>\n{}\n</tool_call>", false))).toEqual(["<|im_end|>"]);
  expect(vocabulary.decode(assistant(forged, true))).toBe(`${forged}<|im_end|>`);
});

const forms = dialects.flatMap((dialect) => kinds.map((markers) => [dialect, markers] as const));

describe.each(forms)("foreign text in %s with tags as %s", (dialect, markers) => {
  const template = templateOf(markers, dialect);
  const described = (text: string): ToolSpec => ({
    ...bookSeats,
    description: text,
    parameters: { type: "object", properties: { seats: { type: "integer", description: text } } },
  });
  const ways: Record<string, (text: string) => { ids: number[]; shown: string }> = {
    user: (text) => ({ ids: template.user(text, false), shown: text }),
    result: (text) => ({ ids: template.toolResults([text, "0"]), shown: text }),
    description: (text) => ({ ids: template.system("You help.", [described(text), bookSeats]), shown: JSON.stringify(text) }),
    "argument of a call": (text) => ({
      ids: template.assistant(formatToolCall({ name: "say", arguments: { text } }, dialect), true),
      shown: JSON.stringify(text),
    }),
  };

  test.each(Object.entries(ways))("from a %s adds no marker and stays unchanged", (_, write) => {
    const structure = markersOf(write("peace").ids);
    fc.assert(
      fc.property(hostileText, (text) => {
        const { ids, shown } = write(text);
        expect(markersOf(ids)).toEqual(structure);
        expect(vocabulary.decode(ids)).toContain(shown);
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(dialects)("the words of %s", (dialect) => {
  const words = vocabulary.decode(templateOf("pieces", dialect).system("", [bookSeats]));
  /** What stands between the name and the arguments of the form that the words show, and what stands around them. */
  const form =
    /(?:<tool_call>\n|```json\n)?\{"name": ([^,]+), "(?:arguments|parameters)": ([^}]+)\}(?:\n<\/tool_call>|\n```)?/.exec(words);

  test("show the form that its writer writes and its parser reads", () => {
    const [shown = "", name = "", given = ""] = form ?? [];
    const call = { name: "book_seats", arguments: { seats: 2 } };
    const filled = shown.replace(name, '"book_seats"').replace(given, '{"seats": 2}');
    expect(filled).toBe(formatToolCall(call, dialect));
    expect(parseToolCalls(filled, dialect)).toEqual({ calls: [call], errors: [], rest: "" });
  });

  test("and several calls of one turn are read back as they were written", () => {
    const calls = [1, 2, 3].map((seats) => ({ name: "book_seats", arguments: { seats, note: "; ``` {" } }));
    expect(parseToolCalls(formatToolCalls(calls, dialect), dialect)).toEqual({ calls, errors: [], rest: "" });
  });
});

ownTemplateSuite("SmolLM2", smallModel);

test("JSON has a blank after each colon and comma, and none inside strings is touched", () => {
  expect(spacedJson({ a: [1, { b: "x,y:z\n" }], c: {}, d: [], e: null })).toBe(
    '{"a": [1, {"b": "x,y:z\\n"}], "c": {}, "d": [], "e": null}',
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as Json; // -0 becomes 0
      expect(JSON.parse(spacedJson(json))).toEqual(json);
    }),
  );
});
