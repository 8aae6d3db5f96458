// Thinking before a reply on the real engine. The small model has no thinking markers, so two of its other markers replace
// Qwen3's: the test is that it thinks freely, is stopped, and that the JSON after it is complete and alone.
import { expect, test } from "vitest";
import { bindingsOf, nativeContextOf, nativeModelOf } from "../../../src/llm/engine/addon.ts";
import { createBatcher } from "../../../src/llm/engine/batcher.ts";
import { type ContextParts, openChatModel } from "../../../src/llm/engine/chat.ts";
import { startLlama } from "../../../src/llm/engine/llama.ts";
import { loadModel, vocabularyOf } from "../../../src/llm/engine/llama-model.ts";
import { openContext } from "../../../src/llm/engine/llama-seat.ts";
import { createLock } from "../../../src/llm/engine/lock.ts";
import { promptWriter } from "../../../src/llm/text/prompt.ts";
import { batchTokens } from "../../../src/plan/shape.ts";
import { smallModel } from "../engine/small-model.ts";

const contextTokens = 256;
const standIns: Readonly<Record<string, string>> = { "<think>": "<repo_name>", "</think>": "<file_sep>" };

/** As Qwen3's: a thought is opened unless none is asked. */
const asked =
  "{%- for message in messages %}{{ '<|im_start|>' ~ message.role ~ '\n' ~ message.content ~ '<|im_end|>\n' }}{%- endfor %}" +
  "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{%- if enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}";

test("a model that can think does so up to its limit, and the reply is only the JSON", async () => {
  const llama = await startLlama("off", 1);
  const loaded = await loadModel(llama, smallModel);
  const opened = await openContext(loaded, { sequences: 1, contextTokens, threads: 1, onCpu: true });
  const own = vocabularyOf(loaded);
  const decoded: number[] = [];
  const batcher = createBatcher({
    context: nativeContextOf(opened),
    sequences: 1,
    batchTokens,
    lock: createLock(),
    reuse: true,
  });
  const vocabulary = {
    ...own,
    hasMarker: (text: string) => own.hasMarker(standIns[text] ?? text),
    marker: (text: string) => own.marker(standIns[text] ?? text),
  };
  const parts: ContextParts = {
    bindings: bindingsOf(llama),
    model: nativeModelOf(loaded),
    context: nativeContextOf(opened),
    vocabulary,
    batcher: {
      ...batcher,
      run: (work) =>
        batcher.run({
          ...work,
          advance: async (rows, first) => {
            const next = await work.advance(rows, first);
            if (next !== null) decoded.push(next);
            return next;
          },
        }),
    },
    contextTokens,
  };
  const chat = openChatModel(parts, promptWriter(vocabulary, { source: asked, begin: "", end: "" }));
  const reply = async (thinkTokens: number, maxTokens = 30) => {
    decoded.length = 0;
    const usage = { read: 0, written: 0 };
    const text = await chat.reply({
      messages: [{ role: "user", content: "Name a pet as JSON." }],
      schema: { type: "object", properties: { name: { type: "string", minLength: 2, maxLength: 8 } }, required: ["name"] },
      seed: 1,
      temperature: 0.6,
      maxTokens,
      thinkTokens,
      deadlineMs: 60_000,
      usage,
    });
    const end = decoded.indexOf(own.marker("<file_sep>")); // -1: nothing was thought
    const said = decoded.length - (end < 0 ? 0 : end + 1 + own.encode("\n\n").length);
    return { text, thought: Math.max(0, end), decoded: own.decode(decoded), said, written: usage.written };
  };
  try {
    const hasty = await reply(0);
    expect(hasty.decoded.startsWith('{"name":"')).toBe(true);
    const [thoughtful, again] = [await reply(24), await reply(24)];
    expect(Object.keys(JSON.parse(thoughtful.text))).toEqual(["name"]);
    expect(again.text).toBe(thoughtful.text);
    const [, said = "", ...more] = thoughtful.decoded.split("<file_sep>");
    expect([hasty.thought, thoughtful.thought]).toEqual([0, 24 + 1]); // the newline before the marker
    expect(said.trim().startsWith('{"name":"')).toBe(true);
    expect(more).toEqual([]);
    // thinking was sampled too: it took time like the reply
    expect([hasty.written, thoughtful.written]).toEqual([hasty.said, 24 + thoughtful.said]);
    // a reply that may need the whole context leaves no room for thinking
    expect((await reply(24, contextTokens)).thought).toBe(0);
  } finally {
    await batcher.close();
    await opened.dispose();
    await loaded.dispose();
    await llama.dispose();
  }
});
