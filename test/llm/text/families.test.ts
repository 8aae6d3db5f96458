// Families by their own vocabularies and chat templates (no weights): what Playact writes, id for id, against the template as
// another Jinja run renders it and llama.cpp tokenizes it. And the families that must not be mistaken for others.
import { Template } from "@huggingface/jinja";
import { getLlama, type Llama, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dialect } from "../../../src/config/config.ts";
import { nativeModelOf } from "../../../src/llm/engine/addon.ts";
import { openVocabulary, type TokenTable } from "../../../src/llm/engine/vocabulary.ts";
import type { ChatMessage, ChatTemplate, Vocabulary } from "../../../src/llm/llm.ts";
import { knownFormat } from "../../../src/llm/text/chat-format.ts";
import { chooseTemplate } from "../../../src/llm/text/choose-template.ts";
import { promptWriter } from "../../../src/llm/text/prompt.ts";
import { thinkingOf } from "../../../src/llm/text/thinking.ts";
import { formatToolCalls } from "../../../src/llm/text/tool-call.ts";
import type { ToolSpec } from "../../../src/types.ts";
import { bookSeats, findTrain, found } from "../../support/blueprint.ts";
import { byteVocabulary, llamaVocabulary } from "../../support/byte-vocabulary.ts";
import { type LlamaCppFiles, openLlamaCppFiles } from "../../support/llama-cpp.ts";

let files: LlamaCppFiles;
let llama: Llama;
/** Opened once each. */
const models = new Map<string, LlamaModel>();
const opened = new Map<string, Family>();
beforeAll(async () => {
  files = openLlamaCppFiles();
  llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.disabled });
});
afterAll(async () => {
  for (const model of models.values()) await model.dispose();
  await llama.dispose();
  files[Symbol.dispose]();
});

interface Family {
  readonly vocabulary: Vocabulary;
  readonly chatTemplate: ChatTemplate;
  /** Ids of a rendered text: its markers, and llama.cpp's tokens of the text between them. */
  readonly tokenize: (text: string) => number[];
}

/** llama_token_attr of a user-defined token. */
const userDefined = 8 << 1;

/** A vocabulary of the bundle with a template; `added`: tokens that the family has in place of unused ones. */
async function familyOf(vocabularyName: string, source: string, added: Readonly<Record<number, string>> = {}): Promise<Family> {
  const known = opened.get(source);
  if (known !== undefined) return known;
  const loaded = models.get(vocabularyName);
  const model = loaded ?? (await llama.loadModel({ modelPath: files.vocabulary(vocabularyName), vocabOnly: true }));
  models.set(vocabularyName, model);
  const native = nativeModelOf(model);
  const table: TokenTable = {
    tokenize: (text, special) => native.tokenize(text, special),
    getTokenString: (id) => added[id] ?? native.getTokenString(id),
    getTokenAttributes: (id) => (added[id] === undefined ? native.getTokenAttributes(id) : userDefined),
    getVocabularyType: () => native.getVocabularyType(),
  };
  const { ggml } = model.fileInfo.metadata.tokenizer;
  const vocabulary = openVocabulary(table, ggml.tokens.length);
  const text = (id: number | undefined) => (id === undefined ? "" : (native.getTokenString(id) ?? ""));
  const split = new RegExp(`(${vocabulary.markers.map((one) => one.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")})`);
  const family: Family = {
    vocabulary,
    chatTemplate: { source, begin: text(ggml.bos_token_id), end: text(ggml.eos_token_id) },
    tokenize: (rendered) =>
      rendered
        .split(split)
        .flatMap((part, at) =>
          at % 2 === 1 ? [vocabulary.marker(part)] : part === "" ? [] : Array.from(native.tokenize(part, false)),
        ),
  };
  opened.set(source, family);
  return family;
}

const thinkTags = { 151657: "<tool_call>", 151658: "</tool_call>", 151667: "<think>", 151668: "</think>" };
interface Kind {
  readonly dialect: Dialect;
  readonly open: () => Promise<Family>;
}
const families: Readonly<Record<"Qwen2.5" | "Qwen3" | "Llama 3.1" | "Llama 3.2", Kind>> = {
  "Qwen2.5": { dialect: "hermes", open: () => familyOf("qwen2", files.template("Qwen-Qwen2.5-7B-Instruct"), thinkTags) },
  Qwen3: { dialect: "hermes", open: () => familyOf("qwen2", files.template("Qwen-Qwen3-0.6B"), thinkTags) },
  "Llama 3.1": {
    dialect: "llama-3.1",
    open: () => familyOf("llama-bpe", files.template("meta-llama-Llama-3.1-8B-Instruct")),
  },
  "Llama 3.2": {
    dialect: "llama-3.1",
    open: () => familyOf("llama-bpe", files.template("meta-llama-Llama-3.2-3B-Instruct")),
  },
};

const tools = [findTrain, bookSeats];
const shown = ({ name, description, parameters }: ToolSpec) => ({
  type: "function",
  function: { name, description, parameters },
});
const result = '{"train_id": "NT418", "departs": "08:25"}';
const said = (role: ChatMessage["role"] | "tool", content: string) => ({ role, content });

/** The family's own template over whole conversations, with the globals that transformers gives it. */
function renderedBy({ chatTemplate: { source, begin, end } }: Family, thinking: boolean) {
  return (messages: readonly object[], withTools = true) =>
    new Template(source).render({
      messages: [...messages],
      ...(withTools ? { tools: tools.map(shown) } : {}),
      add_generation_prompt: true,
      enable_thinking: thinking,
      bos_token: begin,
      eos_token: end,
      date_string: "26 Jul 2024",
    });
}

describe.each(Object.entries(families))("%s", (name, { dialect, open }) => {
  test("an episode is written id for id as the family's own template writes it", async () => {
    const family = await open();
    const { vocabulary, tokenize } = family;
    const { template, text } = chooseTemplate(family, "tokens", dialect);
    expect(text).toMatch(/^the model's own chat template/);
    expect(template.dialect).toBe(dialect);
    const render = renderedBy(family, false);
    const episode = template.begin();
    let ids: readonly number[] = [];
    const add = ({ ids: added, newSample }: { readonly ids: readonly number[]; readonly newSample: boolean }) => {
      ids = newSample ? added : [...ids, ...added];
    };
    const messages: object[] = [said("system", "You help."), said("user", "From Oslo to Bergen on 1 May?")];
    add(episode.system("You help.", tools));
    add(episode.user("From Oslo to Bergen on 1 May?"));
    expect(ids).toEqual(tokenize(render(messages)));

    const call = formatToolCalls([{ name: found.name, arguments: found.arguments }], dialect);
    ids = [...ids, ...episode.given(call, true)];
    add(episode.toolResults([result]));
    messages.push(said("assistant", call), said("tool", result));
    expect(vocabulary.decode(ids)).toBe(render(messages));
    expect(ids.filter(vocabulary.isMarker)).toEqual(tokenize(render(messages)).filter(vocabulary.isMarker));

    ids = [...ids, ...episode.given("At 08:25.", false)];
    add(episode.user("Thanks!"));
    messages.push(said("assistant", "At 08:25."), said("user", "Thanks!"));
    expect(vocabulary.decode(ids)).toBe(render(messages));
    expect(template.appendOnly).toBe(name !== "Qwen3"); // it drops the empty thought of earlier turns
  });

  test("a server writes a turn with two calls as the policy was taught it, whatever day it is", async () => {
    const family = await open();
    const { template } = chooseTemplate(family, "tokens", dialect);
    const calls = [found, { ...found, arguments: { ...found.arguments, to: "Narvik" } }].map((one) => ({
      ...{ name: one.name, arguments: one.arguments },
    }));
    const episode = template.begin();
    const asked = [...episode.system("You help.", tools).ids, ...episode.user("Both trains?").ids];
    const called = [...asked, ...episode.given(formatToolCalls(calls, dialect), true)];
    const { ids, newSample } = episode.toolResults([result, result]);
    const taught = newSample ? ids : [...called, ...ids];
    const messages = [
      ...[said("system", "You help."), said("user", "Both trains?")],
      { ...said("assistant", ""), tool_calls: calls.map((call) => ({ type: "function", function: call })) },
      ...[said("tool", result), said("tool", result)],
    ];
    const served = new Template(template.jinja).render({
      ...{ messages, tools: tools.map(shown), add_generation_prompt: true },
      ...{ bos_token: family.chatTemplate.begin, eos_token: family.chatTemplate.end },
    });
    expect(served).toBe(family.vocabulary.decode(taught));
  });

  test("a simulator's prompt too, with the start of an answer", async () => {
    const family = await open();
    const { vocabulary, chatTemplate, tokenize } = family;
    const talk = [said("system", "Judge."), said("user", "Was it right?")] as ChatMessage[];
    const { write } = promptWriter(vocabulary, chatTemplate);
    const asked = renderedBy(family, false)(talk, false);
    expect(write(talk, "", false)).toEqual(tokenize(asked));
    expect(write(talk, "Answer:", false)).toEqual(tokenize(`${asked}Answer:`));
  });

  test("the policy stops at every marker that ends a turn or a text", async () => {
    const family = await open();
    const { template } = chooseTemplate(family, "tokens", dialect);
    const ends = /^Llama/.test(name) ? ["<|end_of_text|>", "<|eot_id|>"] : ["<|endoftext|>", "<|im_end|>"];
    expect([...template.stop].map((id) => family.vocabulary.decode([id])).sort()).toEqual(ends);
  });
});

describe("thinking", () => {
  test("where none is asked of Qwen3, its turn opens with an empty thought; where it is, the turn opens plainly", async () => {
    const family = await families.Qwen3.open();
    const opening = (thinking: boolean, dialect: Dialect) => {
      const { template, text } = chooseTemplate(family, "tokens", dialect, thinking);
      const episode = template.begin();
      const written = [...episode.system("You help.", tools).ids, ...episode.user("Hi").ids];
      return { text, thinks: template.thinks, end: family.vocabulary.decode(written).split("<|im_start|>assistant\n").at(-1) };
    };
    for (const dialect of ["hermes", "json-fence"] as const) {
      expect(opening(false, dialect)).toMatchObject({ end: "<think>\n\n</think>\n\n", thinks: false });
      expect(opening(true, dialect)).toMatchObject({ end: "", thinks: true });
    }
    const { vocabulary } = family;
    const simulator = promptWriter(vocabulary, family.chatTemplate);
    const asked = (thinking: boolean) => vocabulary.decode(simulator.write([{ role: "user", content: "Hi" }], "", thinking));
    expect(simulator.canThink).toBe(true);
    expect(asked(false)).toMatch(/assistant\n<think>\n\n<\/think>\n\n$/);
    expect(asked(true)).toMatch(/assistant\n<think>\n$/);
  });

  test.each([false, true])(
    "Qwen3's exported template asks for a turn as it was trained (thinking: %s), whatever a server says",
    async (thinking) => {
      const family = await families.Qwen3.open();
      const { template } = chooseTemplate(family, "tokens", "hermes", thinking);
      const episode = template.begin();
      const trained = family.vocabulary.decode([...episode.system("You help.", tools).ids, ...episode.user("Hi").ids]);
      const messages = [said("system", "You help."), said("user", "Hi")];
      for (const told of [{}, { enable_thinking: !thinking }])
        expect(
          new Template(template.jinja).render({ messages, tools: tools.map(shown), add_generation_prompt: true, ...told }),
        ).toBe(trained);
    },
  );

  test("in Playact's own template the empty thought stays, in the ids and in the exported template", async () => {
    const family = await families.Qwen3.open();
    const { template } = chooseTemplate(family, "tokens", "json-fence");
    const episode = template.begin();
    const ids = [...episode.system("You help.", tools).ids, ...episode.user("Hi").ids];
    ids.push(...episode.given("Hello.", false), ...episode.user("Bye").ids);
    const messages = [said("system", "You help."), said("user", "Hi"), said("assistant", "Hello."), said("user", "Bye")];
    const exported = new Template(template.jinja).render({ messages, tools: tools.map(shown), add_generation_prompt: true });
    expect(family.vocabulary.decode(ids)).toBe(exported);
    expect(exported.split("assistant\n<think>\n\n</think>\n\n")).toHaveLength(3);
  });

  test("a model that has the tags and never thinks is not made to", async () => {
    const { vocabulary, chatTemplate } = await families["Qwen2.5"].open();
    expect(thinkingOf(vocabulary, chatTemplate)).toBe("never");
    const simulator = promptWriter(vocabulary, chatTemplate);
    const talk = [{ role: "system", content: "Judge." }] as const;
    expect(simulator.canThink).toBe(false);
    expect(simulator.write(talk, "", true)).toEqual(simulator.write(talk, "", false));
    const { template, text } = chooseTemplate({ vocabulary, chatTemplate }, "tokens", "hermes", true);
    expect(template.thinks).toBe(false);
    expect(text).toContain("policy.thinking has no effect");
  });

  test("a model whose template opens every thought always thinks as a policy, and as a simulator where it is asked", async () => {
    const { vocabulary } = await families.Qwen3.open();
    const source =
      "{%- for message in messages %}{{ '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' }}{%- endfor %}{{ '<|im_start|>assistant\\n<think>\\n' }}";
    const chatTemplate = { source, begin: "", end: "<|im_end|>" };
    expect(thinkingOf(vocabulary, chatTemplate)).toBe("always");
    expect(chooseTemplate({ vocabulary, chatTemplate }, "tokens", "hermes").text).toContain("always thinks");
    const { write } = promptWriter(vocabulary, chatTemplate);
    expect(vocabulary.decode(write([{ role: "user", content: "Hi" }], "A:", false))).toMatch(
      /assistant\n<think>\n\n<\/think>\n\nA:$/,
    );
  });
});

describe("other families", () => {
  const phi = byteVocabulary(["<|im_start|>", "<|im_sep|>", "<|im_end|>", "<|endoftext|>"]);
  const phiTemplate = {
    source:
      "{%- for message in messages %}{{ '<|im_start|>' ~ message.role ~ '<|im_sep|>' ~ message.content ~ '<|im_end|>' }}{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{%- endif %}",
    begin: "",
    end: "<|im_end|>",
  };

  test("Phi-4 is not taken for ChatML: it simulates with its own template, and without one it is refused", () => {
    expect(knownFormat(phi)).toBeNull();
    const talk = [said("system", "Judge."), said("user", "Was it right?")] as ChatMessage[];
    expect(phi.decode(promptWriter(phi, phiTemplate).write(talk, "", false))).toBe(
      "<|im_start|>system<|im_sep|>Judge.<|im_end|><|im_start|>user<|im_sep|>Was it right?<|im_end|><|im_start|>assistant<|im_sep|>",
    );
    expect(() => promptWriter(phi, null)).toThrow(/no turn markers that Playact supports/);
    expect(() => chooseTemplate({ vocabulary: phi, chatTemplate: phiTemplate }, "pieces", "hermes")).toThrow(/no turn markers/);
  });

  test("Mistral simulates with its own template", () => {
    const mistral = byteVocabulary(["<s>", "</s>", "[INST]", "[/INST]"]);
    const source = files.template("mistralai-Mistral-Nemo-Instruct-2407");
    const talk = [said("system", "Judge."), said("user", "[INST] Was it right?")] as ChatMessage[];
    const ids = promptWriter(mistral, { source, begin: "<s>", end: "</s>" }).write(talk, "", false);
    expect(mistral.decode(ids)).toBe("<s>[INST]Judge.\n\n[INST] Was it right?[/INST]");
    expect(ids.filter(mistral.isMarker)).toHaveLength(3); // the user's own [INST] is none
    expect(knownFormat(mistral)).toBeNull();
  });

  test("a template that does not write a system message whole leaves the frame of the markers", () => {
    const source = "{%- for message in messages %}{%- if message.role == 'user' %}{{ message.content }}{%- endif %}{%- endfor %}";
    const talk = [said("system", "Judge."), said("user", "Hi")] as ChatMessage[];
    const vocabulary = llamaVocabulary();
    expect(vocabulary.decode(promptWriter(vocabulary, { source, begin: "", end: "" }).write(talk, "", false))).toBe(
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nJudge.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    );
  });
});
