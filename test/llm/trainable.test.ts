// Who may be the policy, by the header alone: each family that cannot be trained is refused in one sentence.
import { describe, expect, test } from "vitest";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { refuseUntrainable, type TrainableFacts } from "../../src/llm/trainable.ts";
import { byteVocabulary, gemmaVocabulary, llamaVocabulary } from "../support/byte-vocabulary.ts";

const chatml = scriptedVocabulary();
const mistral = byteVocabulary(["<s>", "</s>", "[INST]", "[/INST]"]);
const phi = byteVocabulary(["<|im_start|>", "<|im_sep|>", "<|im_end|>"]);
const facts = (change: Partial<TrainableFacts> = {}): TrainableFacts => ({
  architecture: "qwen2",
  layers: 28,
  experts: 0,
  rope: { scaling: "none" },
  ...change,
});

test.each([
  ["Qwen2.5", facts(), chatml],
  ["Qwen3", facts({ architecture: "qwen3", layers: 36 }), chatml],
  ["SmolLM2", facts({ architecture: "llama", layers: 30 }), chatml],
  ["Llama 3, whose scaling is a tensor", facts({ architecture: "llama", layers: 32 }), llamaVocabulary()],
  ["a Llama with linear scaling", facts({ architecture: "llama", rope: { scaling: "linear" } }), chatml],
  ["Gemma 3 1B", facts({ architecture: "gemma3", layers: 26 }), gemmaVocabulary()],
])("%s can be trained", (_, header, vocabulary) => {
  expect(() => refuseUntrainable("it", header, vocabulary)).not.toThrow();
});

describe("refused as the policy, in one sentence", () => {
  test.each([
    ["Mistral", facts({ architecture: "llama" }), mistral, /turn markers of no frame/],
    ["Phi-4", facts({ architecture: "phi3" }), phi, /does not know its architecture phi3/],
    ["Phi-4 under another name", facts({ architecture: "llama" }), phi, /turn markers of no frame/],
    ["a mixture with its own architecture", facts({ architecture: "qwen3moe" }), chatml, /architecture qwen3moe/],
    ["a mixture of Llamas", facts({ architecture: "llama", experts: 8 }), chatml, /mixture of 8 experts/],
    ["a hybrid", facts({ architecture: "qwen35" }), chatml, /architecture qwen35/],
    ["Gemma 3 4B", facts({ architecture: "gemma3", layers: 34 }), gemmaVocabulary(), /Gemma 3 of 4B or more/],
    ["YaRN", facts({ rope: { scaling: "yarn" } }), chatml, /stretches positions by yarn/],
    ["longrope", facts({ rope: { scaling: "longrope" } }), chatml, /stretches positions by longrope/],
  ])("%s", (_, header, vocabulary, why) => {
    const refusal = () => refuseUntrainable("./m.gguf", header, vocabulary);
    expect(refusal).toThrow(/^\.\/m\.gguf cannot be the policy, because [^.]*: choose .*\(as models\.simulator it may/);
    expect(refusal).toThrow(why);
  });
});
