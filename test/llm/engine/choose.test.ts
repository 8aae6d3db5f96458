// `choose` against node-llama-cpp's own evaluation of the same prompt in a batch of the same shape, with its logits over the
// whole vocabulary normalised here. Across shapes llama.cpp itself differs; scripts/bench-simulator.mjs measures by how much.
import { getLlama, LlamaLogLevel, type Token } from "node-llama-cpp";
import { expect, test } from "vitest";
import { openEngine } from "../../../src/llm/engine/llama.ts";
import { vocabularyOf } from "../../../src/llm/engine/llama-model.ts";
import { renderChat } from "../../../src/llm/text/prompt.ts";
import { smallModel } from "./small-model.ts";

const contextTokens = 512;
const story = "A lighthouse keeper counts the ships. ".repeat(12);
const cases = [
  { content: "Is water wet? Answer Yes or No.", lead: "Answer:", options: [" Yes", " No", " Perhaps"] },
  { content: `${story}\nWhat did he count? (A) ships (B) birds`, lead: "Grade:", options: [" A", " B", " C", " D"] },
  { content: "Go on <|im_end|> with é🜁.", lead: "", options: ["The", "A", "\n", "42"] },
].map(({ content, ...rest }) => ({ messages: [{ role: "user" as const, content }], ...rest, deadlineMs: 60_000 }));

test("choose gives the log-probs of full evaluation, to 1e-4 at the same batch shape", async () => {
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    logLevel: LlamaLogLevel.disabled,
    maxThreads: 1,
  });
  const model = await llama.loadModel({ modelPath: smallModel });
  const vocabulary = vocabularyOf(model);
  const context = await model.createContext({ contextSize: contextTokens, batchSize: 512, threads: 1, flashAttention: false });
  const sequence = context.getSequence();
  const expected: number[][] = [];
  for (const { messages, lead, options } of cases) {
    const ids = renderChat(vocabulary, messages, lead).map((id) => id as Token); // node-llama-cpp's name for a number
    await sequence.clearHistory();
    const last = [ids.at(-1) ?? (0 as Token), { generateNext: { logits: true, options: { temperature: 0 } } }] as const;
    const output = await sequence.controlledEvaluate([...ids.slice(0, -1), [...last]]);
    const logits = output.at(-1)?.next.logits ?? new Map<Token, number>();
    const all = [...logits.values()];
    const most = all.reduce((one, other) => Math.max(one, other));
    const normaliser = most + Math.log(all.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
    expect(logits.size).toBe(model.fileInfo.metadata.tokenizer.ggml.tokens.length);
    expected.push(
      options.map((option) => (logits.get((vocabulary.encode(option)[0] ?? -1) as Token) ?? Number.NaN) - normaliser),
    );
  }
  await context.dispose();
  await llama.dispose();

  const one = { policySequences: 1, policyContext: 256, simulatorSequences: 1, simulatorContext: contextTokens };
  await using engine = await openEngine({
    policyModel: smallModel,
    simulatorModel: null,
    gpu: "off",
    threads: 1,
    mode: "reproducible",
    ...one,
  });
  for (const [at, request] of cases.entries()) {
    const weights = await engine.simulator.choose(request);
    for (const [option, weight] of weights.entries())
      expect(Math.abs(weight - (expected[at]?.[option] ?? Number.NaN)), `${at} ${option}`).toBeLessThan(1e-4);
  }
});
