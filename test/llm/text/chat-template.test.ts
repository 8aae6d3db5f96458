// A model's own chat template as the writer of episodes: test templates over the scripted vocabulary.
import { Template } from "@huggingface/jinja";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dialect } from "../../../src/config/config.ts";
import { scriptedVocabulary } from "../../../src/llm/scripted.ts";
import { openChatTemplate } from "../../../src/llm/text/chat-template.ts";
import { chooseTemplate } from "../../../src/llm/text/choose-template.ts";
import type { EpisodeTemplate, EpisodeText } from "../../../src/llm/text/template.ts";
import type { ToolSpec } from "../../../src/types.ts";
import { bookSeats } from "../../support/blueprint.ts";
import { chatTemplate, type Ways } from "../../support/chat-template.ts";

const vocabulary = scriptedVocabulary();
const close = vocabulary.marker("<|im_end|>");
const { decode } = vocabulary;
const opened = new Map<string, EpisodeTemplate>();
const begin = (ways: Ways = {}): EpisodeText => {
  const template = opened.get(JSON.stringify(ways)) ?? openChatTemplate(vocabulary, chatTemplate(ways), "hermes");
  opened.set(JSON.stringify(ways), template);
  return template.begin();
};
const says = (episode: EpisodeText, text: string) => episode.sampled([...vocabulary.encode(text), close]);
const markersOf = (ids: readonly number[]) => ids.filter(vocabulary.isMarker).map((id) => decode([id]));
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...vocabulary.markers, "\n", '"', "\\", " ", "</think>", "\ue000\uf8ff"), fc.string()))
  .map((parts) => parts.join(""));

describe("an episode written by a model's own template", () => {
  test("is the template's text of the whole conversation, with the policy's sampled ids in place", () => {
    const { source } = chatTemplate();
    const episode = begin();
    const signature = (tool: ToolSpec) => ({
      type: "function",
      function: { name: tool.name, description: tool.description, parameters: tool.parameters },
    });
    const call = '<tool_call>\n{"name":"book_seats"}\n</tool_call>';
    const said = [
      vocabulary.marker("<tool_call>"),
      ...vocabulary.encode('\n{"name":"book_seats"}\n'),
      vocabulary.marker("</tool_call>"),
      close,
    ];
    const turns = [episode.system("You help.", [bookSeats]), episode.user("Two seats.")];
    episode.sampled(said);
    turns.push(episode.toolResults(["1", "2"]));
    const messages = [
      { role: "system", content: "You help." },
      { role: "user", content: "Two seats." },
      { role: "assistant", content: call },
      { role: "tool", content: "1" },
      { role: "tool", content: "2" },
    ];
    const [system = [], user = [], results = []] = turns.map(({ ids }) => ids);
    expect(turns.map(({ newSample }) => newSample)).toEqual([false, false, false]);
    expect(decode([...system, ...user, ...said, ...results])).toBe(
      new Template(source).render({ messages, tools: [bookSeats].map(signature), add_generation_prompt: true }),
    );
    expect(markersOf(results)).toEqual(["<|im_start|>", "<|im_end|>", "<|im_start|>", "<|im_end|>", "<|im_start|>"]);
  });

  test("a given turn ends like a sampled one, and its tags are markers only in calls", () => {
    const episode = begin();
    episode.system("You help.", []);
    episode.user("Hi");
    expect(markersOf(episode.given("<tool_call>\n{}\n</tool_call>", false))).toEqual(["<|im_end|>"]);
    episode.user("Hi");
    expect(markersOf(episode.given("<tool_call>\n{}\n</tool_call>", true))).toEqual([
      "<tool_call>",
      "</tool_call>",
      "<|im_end|>",
    ]);
  });

  test("every marker that ends a text stops the policy", () => {
    expect(openChatTemplate(vocabulary, chatTemplate(), "hermes").stop).toEqual(
      new Set([close, vocabulary.marker("<|endoftext|>")]),
    );
  });

  test("a template that trims or escapes its input still writes every byte", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const [result, shown] of [
          ["message.content | trim", text],
          ["message.content | tojson", JSON.stringify(text)],
          ["{'output': message.content | tojson} | tojson", JSON.stringify({ output: JSON.stringify(text) }).replace(":", ": ")],
        ] as const) {
          const episode = begin({ result });
          episode.system("You help.", [bookSeats]);
          episode.user("Hi");
          says(episode, "Yes?");
          expect(decode(episode.toolResults([text]).ids)).toBe(`\n<|im_start|>tool\n${shown}<|im_end|>\n<|im_start|>assistant\n`);
        }
      }),
      { seed: 6, numRuns: 100 },
    );
  });

  test("the date in a prompt is the same in every run", () => {
    const dated = chatTemplate();
    const source = `{{ strftime_now('%d %b %Y') }}${dated.source}`;
    const episode = openChatTemplate(vocabulary, { ...dated, source }, "hermes").begin();
    expect(decode(episode.system("You help.", []).ids)).toMatch(/^26 Jul 2024<\|im_start\|>/);
  });
});

describe("foreign text adds no marker and stays unchanged", () => {
  const places: Record<string, (text: string) => readonly number[]> = {
    system: (text) => begin().system(text, [bookSeats]).ids,
    "tool name": (text) => begin().system("You help.", [{ ...bookSeats, name: text }]).ids,
    description: (text) => begin().system("You help.", [{ ...bookSeats, description: text }]).ids,
    "parameter name": (text) =>
      begin().system("", [{ ...bookSeats, parameters: { type: "object", properties: { [text]: {} }, required: [text] } }]).ids,
    user: (text) => {
      const episode = begin();
      episode.system("You help.", []);
      return episode.user(text).ids;
    },
    result: (text) => {
      const episode = begin();
      episode.system("You help.", []);
      episode.user("Hi");
      says(episode, "Yes?");
      return episode.toolResults([text, "0"]).ids;
    },
  };
  test.each(Object.entries(places))("from a %s", (place, write) => {
    const structure = markersOf(write("peace"));
    const inJson = !["system", "user", "result"].includes(place);
    fc.assert(
      fc.property(hostile, (text) => {
        const ids = write(text);
        expect(markersOf(ids)).toEqual(structure);
        expect(decode(ids)).toContain(inJson ? JSON.stringify(text) : text);
      }),
      { seed: 7, numRuns: 100 },
    );
  });
});

describe("a template that rewrites earlier turns", () => {
  /** A conversation in which the policy thinks; what each foreign turn added. */
  function talk(ways: Ways) {
    const episode = begin(ways);
    const turns = [episode.system("You help.", [bookSeats]), episode.user("Hi")];
    const think = ways.leads ? "" : "<think>\n";
    says(episode, `${think}Aha </think>\n\nCalls`);
    turns.push(episode.toolResults(["1"]));
    says(episode, `${think}So\n</think>\n\nDone.`);
    turns.push(episode.user("More?"));
    return turns.map(({ ids, newSample }) => ({ text: decode(ids), newSample }));
  }

  test("by dropping thinking: the sequence continues until the next user message, then restarts without it", () => {
    const [, , results, user] = talk({ forgets: true });
    expect(results).toEqual({ text: "\n<|im_start|>tool\n1<|im_end|>\n<|im_start|>assistant\n", newSample: false });
    expect(user?.newSample).toBe(true);
    expect(user?.text).toMatch(/^<\|im_start\|>system\nYou help\.\nTools:\n\{"type": "function"/);
    expect(user?.text).toContain(
      "assistant\nCalls<|im_end|>\n<|im_start|>tool\n1<|im_end|>\n<|im_start|>assistant\nDone.<|im_end|>\n",
    );
    expect(user?.text).not.toMatch(/think|Aha|So/);
  });

  test("by opening thinking itself: the lead is known, and earlier turns are written without it", () => {
    expect(openChatTemplate(vocabulary, chatTemplate({ leads: true }), "hermes").lead).toBe("<think>\n");
    const [, , results, user] = talk({ leads: true });
    expect(results).toEqual({ text: "\n<|im_start|>tool\n1<|im_end|>\n<|im_start|>assistant\n<think>\n", newSample: false });
    expect(user).toMatchObject({ newSample: true, text: expect.stringContaining("assistant\nCalls<|im_end|>") });
  });

  test("by moving the tools to the last user message: each user message restarts the sequence, a result does not", () => {
    expect(talk({ toolsLast: true }).map(({ newSample }) => newSample)).toEqual([false, false, false, true]);
  });

  test("the restarted sequence contains the policy's turns with the ids that it sampled", () => {
    const episode = begin({ forgets: true });
    episode.system("You help.", []);
    episode.user("Hi");
    // " A" encoded in two bytes, as encode never would
    const odd = [32, 65, vocabulary.marker("<tool_call>"), 33];
    episode.sampled([...vocabulary.encode("<think>\nHm\n</think>\n\nSo"), ...odd, close]);
    expect(episode.user("Bye").ids.join()).toContain([...vocabulary.encode("So"), ...odd, close].join());
  });

  test.each([
    ["only appends", {}, true],
    ["forgets thinking", { forgets: true }, false],
    ["leads", { leads: true }, false],
    ["moves tools", { toolsLast: true }, false],
  ] as const)("is found out before a run: one that %s", (_, ways, appendOnly) => {
    expect(openChatTemplate(vocabulary, chatTemplate(ways), "hermes").appendOnly).toBe(appendOnly);
  });
});

describe("the choice of a template", () => {
  const chosen = (source: string | null, markers: "tokens" | "pieces" = "tokens", dialect: Dialect = "hermes") =>
    chooseTemplate({ vocabulary, chatTemplate: source === null ? null : { source, begin: "", end: "" } }, markers, dialect).text;
  const { source } = chatTemplate();

  test("is the model's own if it works, and says whether it is append-only", () => {
    expect(chosen(source)).toBe("the model's own chat template, append-only.");
    expect(chosen(chatTemplate({ forgets: true }).source)).toMatch(
      /^the model's own chat template, not append-only: .* several training samples/,
    );
  });

  test("is Playact's if tags are written in ordinary tokens, whatever the model has", () => {
    expect(chosen(source, "pieces")).toMatch(/^Playact's own.*untrained or missing/);
  });

  test.each([
    ["there is none", null, /has no chat template/],
    ["it does not support tools", source.replaceAll("tools", "things"), /does not support tools/],
    ["it does not show them", source.replace("(tool | tojson)", "'a tool'"), /does not show the tools/],
    ["it cannot be parsed", `${source}{% if tools %}`, /cannot be rendered/],
    ["it raises", `${source}{{ raise_exception('No tool role!') }}`, /cannot be rendered \(No tool role!\)/],
    ["it loses a message", chatTemplate({ result: "'a result'" }).source, /of the role "tool" 0 times/],
    ["it writes one twice", chatTemplate({ result: "message.content ~ message.content" }).source, /of the role "tool" 2 times/],
    ["it cuts a text", chatTemplate({ result: "message.content[1:]" }).source, /splits the texts/],
    ["it ends no turn", chatTemplate({ close: "" }).source, /with a special token/],
  ])("is Playact's if %s, and says so", (_, broken, why) => {
    expect(chosen(broken)).toMatch(/^Playact's own, append-only\. It asks for hermes\. /);
    expect(chosen(broken)).toMatch(why);
  });

  const tagged = (json: string) => `\nWrite a call as\n<tool_call>\n${json}\n</tool_call>`;

  test.each([
    ["asks for XML", { asks: tagged("<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n</function>") }],
    ["asks for Python", { asks: "\nWrite [name(key=value)]." }],
    ["asks for parameters instead of arguments", { asks: tagged('{"name": <name>, "parameters": <object>}') }],
    ["asks for another tag", { asks: '\n<function_call>{"name": <name>, "arguments": <object>}</function_call>' }],
    ["asks for JSON without tags", { asks: '\nAnswer {"name": <name>, "arguments": <object>}' }],
    ["asks for nothing", { asks: "" }],
  ])("is Playact's if it %s, and says so", (_, ways) => {
    expect(chosen(chatTemplate(ways).source)).toMatch(/^Playact's own.*does not ask for calls in the dialect hermes/);
  });

  test.each([
    ["XML", `'<tool_call><function=' ~ call.name ~ '></function></tool_call>'`],
    ["Python", `'[' ~ call.name ~ '()]'`],
    ["other keys", `'<tool_call>{"name": "' ~ call.name ~ '", "parameters": ' ~ (call.arguments | tojson) ~ '}</tool_call>'`],
    ["something around it", `'<calls>' ~ '<tool_call>' ~ (call | tojson) ~ '</tool_call></calls>'`],
  ])("is Playact's if it writes calls as %s, whatever it asks for, and shows the call", (_, calls) => {
    expect(chosen(chatTemplate({ calls }).source)).toMatch(
      /^Playact's own.*writes a call as ".*find_train.*not a call in the dialect hermes/,
    );
  });

  test("is the model's own if it writes calls in the dialect, asked for or not, in any order of keys", () => {
    const object = `'{"arguments": ' ~ (call.arguments | tojson) ~ ', "name": "' ~ call.name ~ '"}'`;
    const calls = `'<tool_call>' ~ ${object} ~ '</tool_call>'`;
    expect(chosen(chatTemplate({ asks: "", calls }).source)).toMatch(/^the model's own/);
    expect(chosen(chatTemplate({ calls, leads: true }).source)).toMatch(/^the model's own/);
    const marked = chatTemplate({ calls }).source.replace("{{- content }}", "{{- ('<text>' if content else '') ~ content }}");
    expect(chosen(marked)).toMatch(/^the model's own/);
    const bare = `'{"name": "' ~ call.name ~ '", "parameters": ' ~ (call.arguments | tojson) ~ '}'`;
    expect(chosen(chatTemplate({ calls: bare }).source, "tokens", "llama-3.1")).toMatch(/^the model's own/);
    const fenced = '\n```json\n{"name": <name>, "arguments": <object>}\n```';
    expect(chosen(chatTemplate({ asks: fenced }).source, "tokens", "json-fence")).toMatch(/^the model's own/);
  });

  test("is Playact's own in the policy's dialect if the model's asks for another", () => {
    expect(chosen(source, "tokens", "llama-3.1")).toMatch(/^Playact's own.*llama-3\.1.*not ask for calls in the dialect/);
    expect(chosen(null, "pieces", "json-fence")).toMatch(/^Playact's own.*json-fence.*has no chat template/);
    const own = chooseTemplate({ vocabulary, chatTemplate: chatTemplate() }, "tokens", "json-fence").template;
    expect(own.dialect).toBe("json-fence");
    expect(decode(own.begin().system("", [bookSeats]).ids)).toContain("json code block");
  });
});
