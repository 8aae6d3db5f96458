import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dialects } from "../../../src/config/config.ts";
import { formatToolCall, parseToolCalls } from "../../../src/llm/text/tool-call.ts";
import type { JsonObject, ToolCall } from "../../../src/types.ts";

const weather: ToolCall = { name: "get_weather", arguments: { city: "Oslo", days: 2 } };
const reasons = (text: string, dialect: Parameters<typeof parseToolCalls>[1]) =>
  parseToolCalls(text, dialect).errors.map((error) => error.reason);

const tagsInWords = [
  "Put it inside the <think> tag. Your code is 4217.",
  "Close it with </think>.",
  "Write <think> before and </think> behind it. Your code is 4217.",
];

describe("every dialect", () => {
  // What JSON can express: objects whose strings contain brackets, quotes, tags and fences.
  const hostile = fc.constantFrom(
    "</tool_call>",
    "<tool_call>",
    "```",
    "<think>",
    "</think>",
    "}]",
    '\\"{',
    "<|python_tag|>",
    "\n",
  );
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), hostile, fc.array(hostile), fc.string({ unit: "binary" }));
  const call = fc
    .record({ name: fc.string({ minLength: 1 }), arguments: fc.dictionary(fc.oneof(fc.string(), hostile), value) })
    .map((made) => JSON.parse(JSON.stringify(made)) as ToolCall);

  it.each(dialects)("%s reads back every call that it writes", (dialect) => {
    fc.assert(
      fc.property(call, (written) => {
        expect(parseToolCalls(formatToolCall(written, dialect), dialect)).toEqual({ calls: [written], errors: [], rest: "" });
      }),
      { numRuns: 300 },
    );
  });

  it.each(dialects)("%s reads back several calls joined by newlines, in order", (dialect) => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 3 }), (written) => {
        const text = written.map((one) => formatToolCall(one, dialect)).join("\n");
        expect(parseToolCalls(text, dialect)).toEqual({ calls: written, errors: [], rest: "" });
      }),
      { numRuns: 100 },
    );
  });

  it.each(dialects)("%s leaves plain text alone", (dialect) => {
    const talk = 'It is 4 degrees {or so} in Oslo [1]. He said "hi".';
    expect(parseToolCalls(`  ${talk}\n`, dialect)).toEqual({ calls: [], errors: [], rest: talk });
    expect(parseToolCalls("", dialect)).toEqual({ calls: [], errors: [], rest: "" });
  });

  it.each(dialects)("%s finds no call inside thinking and shows no thinking", (dialect) => {
    const inside = formatToolCall({ name: "wrong", arguments: {} }, dialect);
    const outside = formatToolCall(weather, dialect);
    const text = `<think>Maybe\n${inside}\n?</think>${outside}`;
    expect(parseToolCalls(text, dialect)).toEqual({ calls: [weather], errors: [], rest: "" });
    expect(parseToolCalls(` <think>a</think>\n${text}`, dialect)).toEqual({ calls: [weather], errors: [], rest: "" });
    expect(parseToolCalls(`<think>Let me see.\n${outside}`, dialect)).toEqual({ calls: [], errors: [], rest: "" });
  });

  it.each(dialects.flatMap((dialect) => tagsInWords.map((text) => [dialect, text] as const)))(
    "%s takes a tag of thinking that does not open the turn for a word: %s",
    (dialect, text) => {
      expect(parseToolCalls(text, dialect)).toEqual({ calls: [], errors: [], rest: text });
    },
  );

  it.each(dialects)(
    "%s names a number that is too large to be exact, at any depth, and keeps its digits in a text",
    (dialect) => {
      const id = "1917043659912705297";
      const written = (value: string) =>
        formatToolCall({ name: "a", arguments: { ids: [{ id: "ID" }] } }, dialect).replace('"ID"', value);
      const reason = `the number ${id} is too large to be exact; if the tool takes text, write it in quotes`;
      const good = formatToolCall(weather, dialect);
      expect(parseToolCalls(`${written(id)}\n${good}`, dialect)).toEqual({
        calls: [weather],
        errors: [{ text: written(id), reason }],
        rest: "",
      });
      expect(reasons(written("-1e400"), dialect)).toEqual([reason.replace(id, "-1e400")]);
      expect(parseToolCalls(written(`"${id}"`), dialect).calls).toEqual([{ name: "a", arguments: { ids: [{ id }] } }]);
    },
  );

  it.each([
    ["hermes", '<tool_call>\n{"name":'],
    ["json-fence", '```json\n{"arguments":'],
    ["json-fence", '{"name":'],
    ["llama-3.1", '{"name":'],
    ["llama-3.1", "<|python_tag|>{"],
  ] as const)("%s reads 200,000 blank lines behind %s, as models that loop write them, like a few", (dialect, open) => {
    const read = (lines: number) => {
      const text = `${open}${" \n".repeat(lines)}true\n${formatToolCall(weather, dialect)}\nI wait.`;
      const { calls, errors } = parseToolCalls(text, dialect);
      return { calls, reasons: errors.map(({ reason }) => reason) };
    };
    expect(read(200_000)).toEqual(read(2));
  });

  it.each(dialects)("%s never throws and accounts for every turn, whatever was sampled", (dialect) => {
    const piece = fc.oneof(
      hostile,
      fc.constantFrom(
        '{"name":',
        '{"name": "a", "arguments": {}}',
        '{"name": "a", "parameters": {}}',
        "json\n",
        "[",
        ";",
        " ",
        "text",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { calls, errors, rest } = parseToolCalls(pieces.join(""), dialect);
        for (const found of calls) expect(typeof found.name).toBe("string");
        for (const error of errors) expect(pieces.join("")).toContain(error.text);
        expect(rest).toBe(rest.trim());
      }),
      { numRuns: 500 },
    );
  });

  it("writes calls on one line with the spaces of the chat templates", () => {
    const nested: ToolCall = { name: "f", arguments: { a: [1, { b: "x, y:\n{ " }], c: {}, d: [] } };
    const json = '{"name": "f", "arguments": {"a": [1, {"b": "x, y:\\n{ "}], "c": {}, "d": []}}';
    expect(formatToolCall(nested, "hermes")).toBe(`<tool_call>\n${json}\n</tool_call>`);
    expect(formatToolCall(nested, "json-fence")).toBe(`\`\`\`json\n${json}\n\`\`\``);
    expect(formatToolCall(nested, "llama-3.1")).toBe(json.replace('"arguments"', '"parameters"'));
  });
});

describe("hermes", () => {
  const tagged = (inside: string) => `<tool_call>\n${inside}\n</tool_call>`;

  it("keeps the text before, between and after calls", () => {
    const text = `First. ${tagged('{"name": "a", "arguments": {}}')} Then. ${tagged('{"arguments": {"x": {"y": [1]}}, "name": "b"}')} Done. `;
    expect(parseToolCalls(text, "hermes")).toEqual({
      calls: [
        { name: "a", arguments: {} },
        { name: "b", arguments: { x: { y: [1] } } },
      ],
      errors: [],
      rest: "First.  Then.  Done.",
    });
  });

  it("does not end a call at a closing tag inside a string", () => {
    const args: JsonObject = { text: 'say </tool_call> and \\" }' };
    const text = tagged(JSON.stringify({ name: "say", arguments: args }));
    expect(parseToolCalls(text, "hermes").calls).toEqual([{ name: "say", arguments: args }]);
  });

  it("reads unicode escapes as the characters they stand for", () => {
    const text = tagged('{"name": "say", "arguments": {"text": "\\u00e9 \\ud83d\\ude00"}}');
    expect(parseToolCalls(text, "hermes").calls).toEqual([{ name: "say", arguments: { text: "é 😀" } }]);
  });

  it.each([
    ['{"name": "a", "arguments": {}', "the call is not valid JSON"],
    ["{'name': 'a', 'arguments': {}}", "the call is not valid JSON"],
    ['{"name": "a", "arguments": {},}', "the call is not valid JSON"],
    ['{"name": "a", "arguments": {}} please', "the call is not valid JSON"],
    ['{"name": "a", "arguments": {}}{"name": "b", "arguments": {}}', "the call is not valid JSON"],
    ["", "the call is not valid JSON"],
    ['"a"', 'a call must be one JSON object with "name" and "arguments"'],
    ['[{"name": "a", "arguments": {}}]', 'a call must be one JSON object with "name" and "arguments"'],
    ['{"arguments": {}}', 'the call has no "name"'],
    ['{"name": 3, "arguments": {}}', '"name" must be the name of a tool'],
    ['{"name": "", "arguments": {}}', '"name" must be the name of a tool'],
    ['{"name": "a"}', 'the call has no "arguments"'],
    ['{"name": "a", "parameters": {}}', 'the call has no "arguments"'],
    ['{"name": "a", "arguments": "{}"}', '"arguments" must be a JSON object'],
    ['{"name": "a", "arguments": [1]}', '"arguments" must be a JSON object'],
    ['{"name": "a", "arguments": null}', '"arguments" must be a JSON object'],
    ['{"name": "a", "arguments": {}, "id": 1}', 'unknown key "id" beside "name" and "arguments"'],
  ])("rejects %s without repairing it", (inside, reason) => {
    const text = tagged(inside);
    expect(parseToolCalls(`Well. ${text}`, "hermes")).toEqual({ calls: [], errors: [{ text, reason }], rest: "Well." });
  });

  it("reports an opening tag that is never closed as an error with the remaining text", () => {
    const text = '<tool_call>\n{"name": "a", "arguments": {';
    expect(parseToolCalls(`Hm. ${text}`, "hermes")).toEqual({
      calls: [],
      errors: [{ text, reason: "the call is never closed" }],
      rest: "Hm.",
    });
  });

  it.each(['{"name": "a", "arguments": {}}', '{"name": "a", "arguments": {}', '{"name": "a", "arguments": {"x": "oops}}'])(
    "shows the words behind %s, which is never closed",
    (json) => {
      const text = `<tool_call>\n${json}`;
      expect(parseToolCalls(`${text}\nI wait.`, "hermes")).toEqual({
        calls: [],
        errors: [{ text, reason: "the call is never closed" }],
        rest: "I wait.",
      });
    },
  );

  it("reports a lone closing tag as an error", () => {
    expect(reasons('{"name": "a", "arguments": {}}\n</tool_call>', "hermes")).toEqual(["a call is closed but was never opened"]);
  });

  it("keeps the good calls beside a bad one and reports the bad one", () => {
    const text = `${tagged("{oops}")}${tagged('{"name": "a", "arguments": {}}')}`;
    const parsed = parseToolCalls(text, "hermes");
    expect(parsed.calls).toEqual([{ name: "a", arguments: {} }]);
    expect(parsed.errors).toEqual([{ text: tagged("{oops}"), reason: "the call is not valid JSON" }]);
  });

  it("treats JSON without tags and JSON in a fence as plain text", () => {
    const text = '```json\n{"name": "a", "arguments": {}}\n```';
    expect(parseToolCalls(text, "hermes")).toEqual({ calls: [], errors: [], rest: text });
  });
});

describe("json-fence", () => {
  const fenced = (inside: string, language = "json") => `\`\`\`${language}\n${inside}\n\`\`\``;
  const one = '{"name": "a", "arguments": {"x": 1}}';

  it.each([
    ["an object", fenced(one), 1],
    ["an object over several lines", fenced(JSON.stringify(JSON.parse(one), null, 2)), 1],
    ["a list", fenced(`[${one}, ${one}]`), 2],
    ["several objects", fenced(`${one}\n${one}`), 2],
    ["several fences", `${fenced(one)}\n${fenced(one)}`, 2],
    ["a fence without a language", fenced(one, ""), 1],
    ["a fence on one line", `\`\`\`json ${one} \`\`\``, 1],
    ["a bare object", one, 1],
    ["a bare object after a sentence", `I look it up.\n${one}`, 1],
    ["bare objects", `${one}\n${one}`, 2],
    ["a bare list", `[${one}, ${one}]`, 2],
  ])("reads %s", (_, text, count) => {
    const parsed = parseToolCalls(text, "json-fence");
    expect(parsed.calls).toEqual(Array(count).fill({ name: "a", arguments: { x: 1 } }));
    expect(parsed.errors).toEqual([]);
  });

  it.each([
    ["data in a fence", fenced('{"temperature": 3}')],
    ["a list of data in a fence", fenced("[1, 2]")],
    ["an empty list", fenced("[]")],
    ["a program", fenced('call = {"name": "a", "arguments": {}}', "python")],
    ["a fence without a language that holds no JSON", fenced("hello {", "")],
    ["a bare object of data", '{"name": "Bob", "age": 3}'],
    ["a record with a name", `Here is the contact:\n${fenced('{"name": "Ann Berg", "phone": "555-0100"}')}`],
    ["a list of records with names", `${fenced('[{"name": "Ann", "age": 30}, {"name": "Bo"}]')}\nThat is all.`],
    ["only a name, even a tool's", fenced('{"name": "get_weather"}')],
    ["data in single quotes", fenced("{'name': 'Ann', 'age': 30}")],
    ["words about a key in single quotes", fenced("call('a', {'arguments': 1})", "")],
    ["data with a remark", fenced('{"name": "Ann", // a friend\n"age": 30}')],
    ["data with an id too large for JSON", fenced('{"name": "Ann", "id": 1917043659912705297}')],
    ["data in a fence that is not closed", '```json\n{"name": "Ann"}\nThat is all.'],
    ["an object inside a sentence", `like ${one}`],
  ])("treats %s as plain text", (_, text) => {
    expect(parseToolCalls(text, "json-fence")).toEqual({ calls: [], errors: [], rest: text });
  });

  it.each([
    [fenced('{"name": "a", "arguments": {}'), "the code fence does not hold valid JSON"],
    [fenced(`${one} as asked`), "the code fence does not hold valid JSON"],
    [fenced('{"arguments": {}}'), 'the call has no "name"'],
    [fenced('{"name": "a", "arguments": {}, "why": ""}'), 'unknown key "why" beside "name" and "arguments"'],
    [`\`\`\`json\n${one}`, "the code fence is not closed"],
    [fenced("{'name': 'a', 'arguments': {'x': 1}}"), "the code fence does not hold valid JSON"],
    ["{'name': 'a', 'arguments': {'x': 1}}", "the call is not valid JSON"],
    ['{"name": "a", "arguments": {"x": ', "the call is not valid JSON"],
    ['{"name": "a", "arguments": {x: 1}}', "the call is not valid JSON"],
    ['{"name": "a", "arguments": []}', '"arguments" must be a JSON object'],
  ])("rejects %s without repairing it", (text, reason) => {
    expect(parseToolCalls(`${text}`, "json-fence")).toEqual({ calls: [], errors: [{ text, reason }], rest: "" });
  });

  it("names the bad element of a list and keeps the others", () => {
    const parsed = parseToolCalls(fenced(`[${one}, {"name": "b"}]`), "json-fence");
    expect(parsed.calls).toEqual([{ name: "a", arguments: { x: 1 } }]);
    expect(parsed.errors).toEqual([{ text: '{"name": "b"}', reason: 'the call has no "arguments"' }]);
  });

  it("continues after a fence of another language", () => {
    expect(parseToolCalls(`${fenced("x", "sh")}\n${fenced(one)}`, "json-fence").calls).toHaveLength(1);
  });
});

describe("llama-3.1", () => {
  const one = '{"name": "a", "parameters": {"x": 1}}';

  it.each([
    ["alone", `\n${one}\n`, 1, ""],
    ["after the marker", `<|python_tag|>${one}`, 1, ""],
    ["after a sentence and the marker", `Wait. <|python_tag|>${one}`, 1, "Wait."],
    ["several by semicolons", `${one}; ${one}`, 2, ""],
    ["several after the marker", `<|python_tag|>${one};${one}`, 2, ""],
    ["several in a list", `[${one}, ${one}]`, 2, ""],
    ["with text behind", `${one}\nI wait.`, 1, "I wait."],
  ])("reads a call %s", (_, text, count, rest) => {
    const parsed = parseToolCalls(text, "llama-3.1");
    expect(parsed).toEqual({ calls: Array(count).fill({ name: "a", arguments: { x: 1 } }), errors: [], rest });
  });

  it.each([
    ["a call that does not stand alone", `I call ${one}`],
    ["a call on the second line", `I call\n${one}`],
    ["a call after text and a thinking tag", `I call<think>so</think>${one}`],
    ["data", '{"name": "Bob", "age": 3}'],
    ["a list of data", '[{"name": "Bob", "age": 3}]'],
  ])("treats %s as plain text", (_, text) => {
    expect(parseToolCalls(text, "llama-3.1")).toEqual({ calls: [], errors: [], rest: text });
  });

  it.each([
    ['{"name": "a", "parameters": {', "the call is not valid JSON"],
    ['{"name": "a", "parameters": {}, "arguments": {}}', 'unknown key "arguments" beside "name" and "parameters"'],
    ['{"type": "function", "name": "a", "parameters": {}}', 'unknown key "type" beside "name" and "parameters"'],
    ['{"name": "a", "parameters": "x"}', '"parameters" must be a JSON object'],
    [`[${one}, {"name": "a", "parameters": {]`, "the call is not valid JSON"],
    ["{'name': 'a', 'parameters': {'x': 1}}", "the call is not valid JSON"],
    [`<|python_tag|>[${one}]`, 'a call must be one JSON object with "name" and "parameters"'],
    ["<|python_tag|>print(1)", "no valid JSON object follows"],
    ["<|python_tag|>", "no valid JSON object follows"],
    ['<|python_tag|>{"parameters": {}}', 'the call has no "name"'],
  ])("rejects %s without repairing it", (text, reason) => {
    expect(parseToolCalls(text, "llama-3.1")).toEqual({ calls: [], errors: [{ text, reason }], rest: "" });
  });
});

describe("one broken call does not affect the others: it is one error, and the text around it is shown", () => {
  const broken = {
    "a missing brace": '{"name": "a", "KEY": {"x": 1}',
    "an unbalanced string": '{"name": "a", "KEY": {"x": "oops}}',
    "a string that is not begun": '{"name": "a", "KEY": {"x": oops", "y": "z"}}',
    "a cut": '{"name": "a", "KEY": {"x": ',
  };
  const good: ToolCall = { name: "b", arguments: { text: 'say "}" </tool_call> ``` <|python_tag|>', in: [{ name: "b" }] } };
  const closing = { hermes: "\n</tool_call>", "json-fence": "\n```", "llama-3.1": "" } as const;
  const opening = { hermes: "<tool_call>\n", "json-fence": "```json\n", "llama-3.1": "<|python_tag|>" } as const;
  const written = (dialect: keyof typeof opening) =>
    `${dialect === "llama-3.1" ? opening[dialect] : ""}${formatToolCall(good, dialect)}`;
  const each = dialects.flatMap((dialect) =>
    Object.entries(broken).map(([what, json]) => {
      const key = dialect === "llama-3.1" ? "parameters" : "arguments";
      return [dialect, what, json.replace("KEY", key)] as const;
    }),
  );

  it.each(each)("%s: %s, with text after it", (dialect, _, json) => {
    const bad = opening[dialect] + json + closing[dialect];
    const parsed = parseToolCalls(`One. ${bad}\nA } "closes" it. ${written(dialect)} Two.`, dialect);
    expect(parsed).toEqual({ calls: [good], errors: [{ text: bad, reason: expect.any(String) }], rest: expect.any(String) });
    expect(parsed.rest.replace(/\s+/g, " ")).toBe('One. A } "closes" it. Two.');
  });

  it.each(each)("%s: %s, never closed, between two calls", (dialect, _, json) => {
    const text = `${written(dialect)}\n${opening[dialect]}${json}\n${written(dialect)}`;
    const { calls, errors, rest } = parseToolCalls(text, dialect);
    expect({ calls, rest }).toEqual({ calls: [good, good], rest: "" });
    expect(errors.map((error) => error.text.trim())).toEqual([`${opening[dialect]}${json}`.trim()]);
  });

  it("json-fence: a broken call that is never closed ends before the text after it", () => {
    const bad = '```json\n{"name": "a", "arguments": {"x": 1}';
    const { calls, errors, rest } = parseToolCalls(`${bad}\nI wait.\n${written("json-fence")}`, "json-fence");
    expect({ calls, texts: errors.map(({ text }) => text), rest }).toEqual({ calls: [good], texts: [bad], rest: "I wait." });
  });

  it.each(dialects)("%s: a complete call that is never closed, before another", (dialect) => {
    const unclosed = written(dialect).slice(0, closing[dialect] === "" ? undefined : -closing[dialect].length);
    const { calls, errors } = parseToolCalls(`${unclosed}\nThen ${written(dialect)}`, dialect);
    expect(calls).toEqual(dialect === "llama-3.1" ? [good, good] : [good]); // it has no closing marker
    expect(errors.map(({ text }) => text)).toEqual(dialect === "llama-3.1" ? [] : [unclosed]);
  });

  it.each([
    ["json-fence", '{"name": "a", "arguments": {"x": 1}', '{"name": "b", "arguments": {}}', "\n"],
    ["llama-3.1", '{"name": "a", "parameters": {"x": 1}', '{"name": "b", "parameters": {}}', "; "],
    ["llama-3.1", '{"name": "a", "parameters": {"x": "oops}}', '{"name": "b", "parameters": {}}', "\n"],
  ] as const)("%s: bare %s", (dialect, bad, other, between) => {
    const { calls, errors, rest } = parseToolCalls(`${bad}${between}${other}\nI wait.`, dialect);
    expect({ calls, rest }).toEqual({ calls: [{ name: "b", arguments: {} }], rest: "I wait." });
    expect(errors).toHaveLength(1);
  });

  it("all on one line, with quotes in the text between", () => {
    const bad = '<tool_call>{"name": "a", "arguments": {"x": "oops}}</tool_call>';
    const other = '<tool_call>{"name": "b", "arguments": {}}</tool_call>';
    const parsed = parseToolCalls(`${bad} He said "hi" and "bye". ${other}`, "hermes");
    expect(parsed).toMatchObject({ calls: [{ name: "b" }], errors: [{ text: bad }], rest: 'He said "hi" and "bye".' });
  });

  it("a second closing tag is a separate error", () => {
    const text = `${formatToolCall(weather, "hermes")}</tool_call>`;
    expect(parseToolCalls(text, "hermes")).toMatchObject({ calls: [weather], errors: [{ text: "</tool_call>" }] });
  });

  it("a call of hermes inside a fence is a call", () => {
    const text = `\`\`\`json\n${formatToolCall(weather, "hermes")}\n\`\`\`\nDone.`;
    expect(parseToolCalls(text, "hermes")).toMatchObject({ calls: [weather], errors: [] });
  });

  it.each(dialects)("%s reads 20,000 opening markers like a few", (dialect) => {
    for (const piece of ['<tool_call>{"', '```json\n{"arguments":1}\n', '<|python_tag|>\n{"name":"', '{"name":', '[ "']) {
      const read = (times: number) => {
        const { calls, errors } = parseToolCalls(piece.repeat(times), dialect);
        return { calls, reasons: [...new Set(errors.map(({ reason }) => reason))] };
      };
      expect(read(20_000)).toEqual(read(20));
    }
  });
});
