// Our turn-by-turn text against the chat template that the model itself brings, rendered by the library that node-llama-cpp
// uses. A template that knows no tools is compared without them.
import { Template } from "@huggingface/jinja";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { expect, test } from "vitest";
import { spacedJson } from "../../src/json-text.ts";
import { renderChat } from "../../src/llm/chat.ts";
import { vocabularyOf } from "../../src/llm/llama.ts";
import type { ChatMessage } from "../../src/llm/llm.ts";
import { episodeTemplate } from "../../src/llm/template.ts";
import { formatToolCall } from "../../src/rollout/tool-call.ts";
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
        // what the tools look like is compared too: Python's tojson writes blanks as ours does
        ...(knowsTools ? { tools: [findTrain, bookSeats].map(signature) } : {}),
      });

    const template = episodeTemplate(vocabulary, vocabulary.hasMarker("<tool_call>") ? "tokens" : "pieces");
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
    let seen: number[] = [];
    for (const { ids, messages, open } of steps) {
      seen = [...seen, ...ids];
      expect(vocabulary.decode(seen)).toBe(render(messages, open));
    }
    const plain = new Template(own).render({ messages: talk.slice(0, 2), add_generation_prompt: true });
    expect(vocabulary.decode(renderChat(vocabulary, talk.slice(0, 2), ""))).toBe(plain);
    await llama.dispose();
  });
}

function signature({ name, description, parameters }: typeof findTrain) {
  return { type: "function", function: { name, description, parameters } };
}
