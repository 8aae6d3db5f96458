// Playact's turn-by-turn text against the model's own chat template, rendered by the library that node-llama-cpp uses. A
// template without tool support is compared without tools.
import { Template } from "@huggingface/jinja";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { expect, test } from "vitest";
import { dialects } from "../../src/config/config.ts";
import { chatTemplateOf, vocabularyOf } from "../../src/llm/engine/llama-model.ts";
import type { ChatMessage } from "../../src/llm/llm.ts";
import { openChatTemplate } from "../../src/llm/text/chat-template.ts";
import { chooseTemplate } from "../../src/llm/text/choose-template.ts";
import { renderChat } from "../../src/llm/text/prompt.ts";
import { type EpisodeText, episodeTemplate } from "../../src/llm/text/template.ts";
import { formatToolCall } from "../../src/llm/text/tool-call.ts";
import { spacedJson } from "../../src/rules/json.ts";
import { booked, bookSeats, findTrain, found } from "../support/blueprint.ts";

export function ownTemplateSuite(name: string, path: string): void {
  test(`${name}: an episode and a simulator's prompt are the text of the model's own template, and each turn is a prefix of the next`, async () => {
    const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.disabled });
    const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
    const own = model.fileInfo.metadata.tokenizer.chat_template ?? "";
    const vocabulary = vocabularyOf(model);
    const knowsTools = /\btools\b/.test(own);
    const render = (messages: readonly object[], open: boolean) =>
      new Template(own).render({
        messages: [...messages],
        add_generation_prompt: open,
        // the format of the tools is compared too: Python's tojson writes blanks like ours
        ...(knowsTools ? { tools: [findTrain, bookSeats].map(signature) } : {}),
      });

    const markers = vocabulary.hasMarker("<tool_call>") ? "tokens" : "pieces";
    const template = episodeTemplate(vocabulary, { dialect: "hermes", markers });
    const talk: ChatMessage[] = [
      { role: "system", content: "You help." },
      { role: "user", content: "From Oslo?" },
      { role: "assistant", content: "To where?" },
      { role: "user", content: "To Bergen." },
    ];
    const calls = [found, booked].map((call) => formatToolCall({ name: call.name, arguments: call.arguments }, "hermes"));
    const results = [found, booked].map(({ result }) => spacedJson(result));
    const steps = [
      { ids: template.system("You help.", knowsTools ? [findTrain, bookSeats] : []), messages: talk.slice(0, 1), open: false },
      { ids: template.user("From Oslo?", true), messages: talk.slice(0, 2), open: true },
      { ids: [...template.assistant("To where?", false), ...template.user("To Bergen.", false)], messages: talk, open: true },
      ...(knowsTools
        ? [
            {
              ids: [...template.assistant(calls.join("\n"), true), ...template.toolResults(results)],
              messages: [
                ...talk,
                { role: "assistant", content: calls.join("\n") },
                ...results.map((content) => ({ role: "tool", content })),
              ],
              open: true,
            },
          ]
        : []),
    ];
    // each dialect gets a template in the model's own frame, which is exported as the text that the policy reads
    for (const dialect of dialects) {
      const chosen = chooseTemplate({ vocabulary, chatTemplate: chatTemplateOf(model) }, markers, dialect).template;
      expect(chosen.dialect).toBe(dialect);
      const episode = chosen.begin();
      const ids = [...episode.system("You help.", [findTrain, bookSeats]).ids, ...episode.user("From Oslo?").ids];
      const exported = new Template(chosen.jinja).render({
        messages: talk.slice(0, 2),
        tools: [findTrain, bookSeats].map(signature),
        add_generation_prompt: true,
        bos_token: "<bos>",
      });
      expect(exported).toBe(vocabulary.decode(ids));
      expect(exported.startsWith(render(talk.slice(0, 1), false).slice(0, 12))).toBe(true);
    }
    let seen: number[] = [];
    for (const { ids, messages, open } of steps) {
      seen = [...seen, ...ids];
      expect(vocabulary.decode(seen)).toBe(render(messages, open));
      // a server renders all messages anew and tokenizes the whole text
      expect(seen).toEqual([...model.tokenize(render(messages, open), true)]);
    }
    if (knowsTools) {
      // the same conversation by the renderer of own templates: the ids of our table, which writes tags as tokens
      const source = chatTemplateOf(model);
      const renderer = openChatTemplate(vocabulary, source ?? { source: "", begin: "", end: "" }, "hermes");
      expect(renderer.appendOnly).toBe(true);
      expect(renderer.stop).toEqual(template.stop);
      expect(chooseTemplate({ vocabulary, chatTemplate: source }, "tokens", "hermes").text).toMatch(
        /own chat template, append-only/,
      );
      expect(chooseTemplate({ vocabulary, chatTemplate: source }, "pieces", "hermes").text).toMatch(/^Playact's own/);
      for (const tools of [[findTrain, bookSeats], []]) {
        const idsOf = (text: EpisodeText) => {
          const ids = [text.system("You help.", tools).ids, text.user("From Oslo?").ids, text.given("To where?", false)];
          ids.push(text.user('\n To <|im_end|> "Bergen".\n').ids, text.given(calls[0] ?? "", true));
          ids.push(text.toolResults(results.slice(0, 1)).ids, text.given(calls.join("\n"), true), text.toolResults(results).ids);
          return ids.flat();
        };
        expect(idsOf(renderer.begin())).toEqual(idsOf(template.begin()));
      }
    }
    const plain = new Template(own).render({ messages: talk.slice(0, 2), add_generation_prompt: true });
    expect(vocabulary.decode(renderChat(vocabulary, talk.slice(0, 2), ""))).toBe(plain);
    await llama.dispose();
  });
}

function signature({ name, description, parameters }: typeof findTrain) {
  return { type: "function", function: { name, description, parameters } };
}
