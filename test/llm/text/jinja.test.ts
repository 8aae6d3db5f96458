// The exported template, rendered by a Jinja library, against the text that the policy was trained with: for each dialect and
// each frame, turn by turn.
import { Template } from "@huggingface/jinja";
import { describe, expect, test } from "vitest";
import { dialects } from "../../../src/config/config.ts";
import { scriptedVocabulary } from "../../../src/llm/scripted.ts";
import { episodeTemplate } from "../../../src/llm/text/template.ts";
import { formatToolCalls } from "../../../src/llm/text/tool-call.ts";
import { spacedJson } from "../../../src/rules/json.ts";
import type { ToolSpec } from "../../../src/types.ts";
import { booked, bookSeats, findTrain, found } from "../../support/blueprint.ts";
import { gemmaVocabulary, llamaVocabulary } from "../../support/byte-vocabulary.ts";

const frames = { ChatML: scriptedVocabulary(), "gemma's": gemmaVocabulary(), "Llama 3's": llamaVocabulary() };
const shown = ({ name, description, parameters }: ToolSpec) => ({
  type: "function",
  function: { name, description, parameters },
});
const callOf = ({ name, arguments: given }: typeof found) => ({ name, arguments: given });
const tools = [findTrain, { ...bookSeats, description: "Books 'seats' \\ \"places\"." }];
const results = [found, booked].map(({ result }) => spacedJson(result));

describe.each(Object.entries(frames))("the exported template in %s frame", (_, vocabulary) => {
  const render = (source: string, messages: readonly object[], open: boolean) =>
    new Template(source).render({
      messages: [...messages],
      tools: tools.map(shown),
      add_generation_prompt: open,
      bos_token: vocabulary.markers.find((text) => /begin_of_text|bos/.test(text)) ?? "",
    });

  test.each(dialects)("for %s writes a conversation with calls and results as the policy read it", (dialect) => {
    const template = episodeTemplate(vocabulary, { dialect, markers: "pieces" });
    const episode = template.begin();
    const written = (calls: readonly (typeof found)[]) => formatToolCalls(calls.map(callOf), dialect);
    const asked = (calls: readonly (typeof found)[]) => ({
      role: "assistant",
      content: null,
      tool_calls: calls.map((call) => ({ type: "function", id: "1", function: callOf(call) })),
    });
    const steps: readonly [readonly number[], ...object[]][] = [
      [
        [...episode.system("You help.", tools).ids, ...episode.user("From Oslo?").ids],
        { role: "system", content: "You help." },
        { role: "user", content: "From Oslo?" },
      ],
      [
        [...episode.given("To where?", false), ...episode.user("To Bergen.").ids],
        { role: "assistant", content: "To where?" },
        { role: "user", content: "To Bergen." },
      ],
      [
        [...episode.given(written([found]), true), ...episode.toolResults(results.slice(0, 1)).ids],
        asked([found]),
        { role: "tool", content: results[0] },
      ],
      [
        [...episode.given(written([found, booked]), true), ...episode.toolResults(results).ids],
        asked([found, booked]),
        ...results.map((content) => ({ role: "tool", content })),
      ],
    ];
    let ids: readonly number[] = [];
    let messages: readonly object[] = [];
    for (const [added, ...told] of steps) {
      ids = [...ids, ...added];
      messages = [...messages, ...told];
      expect(render(template.jinja, messages, true)).toBe(vocabulary.decode(ids));
    }
  });

  /** As servers do it: a marker's text is the marker. */
  const tokenized = (text: string) => {
    const markers = vocabulary.markers.map((one) => one.replaceAll("|", "\\|")).join("|");
    const parts = text.split(new RegExp(`(${markers})`));
    return parts.flatMap((part, at) => (at % 2 === 1 ? [vocabulary.marker(part)] : vocabulary.encode(part)));
  };

  test.each(dialects.flatMap((dialect) => (["tokens", "pieces"] as const).map((markers) => ({ dialect, markers }))))(
    "for $dialect with tags as $markers has a caveat exactly if a server reads other ids than the policy",
    (form) => {
      const template = episodeTemplate(vocabulary, form);
      const episode = template.begin();
      const read = [...episode.system("You help.", tools).ids, ...episode.user("From Oslo?").ids];
      read.push(...episode.given(formatToolCalls([callOf(found)], form.dialect), true), ...episode.toolResults(["{}"]).ids);
      const messages = [
        { role: "system", content: "You help." },
        { role: "user", content: "From Oslo?" },
        { role: "assistant", content: "", tool_calls: [callOf(found)] },
        { role: "tool", content: "{}" },
      ];
      const served = tokenized(render(template.jinja, messages, true));
      expect(vocabulary.decode(served)).toBe(vocabulary.decode(read));
      expect(template.caveat === undefined).toBe(JSON.stringify(served) === JSON.stringify(read));
    },
  );

  test.each(dialects)(
    "for %s takes arguments as JSON, as servers pass them, and shows tools without a system message",
    (dialect) => {
      const { jinja } = episodeTemplate(vocabulary, { dialect, markers: "pieces" });
      const given = { name: found.name, arguments: spacedJson(found.arguments) };
      const user = { role: "user", content: "Hi" };
      const call = [{ type: "function", function: given }];
      const text = render(jinja, [user, { role: "assistant", content: "", tool_calls: call }], false);
      expect(text).toContain(formatToolCalls([callOf(found)], dialect));
      expect(text).toContain('"name": "find_train", "description"');
      expect(text.split("Hi")).toHaveLength(2);
    },
  );
});
