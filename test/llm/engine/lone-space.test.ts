// Real llama.cpp and a real vocabulary: grammars advance as they do under a reply.
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bindings, bindingsOf, type NativeModel, nativeModelOf } from "../../../src/llm/engine/addon.ts";
import { vocabularyOf } from "../../../src/llm/engine/llama-model.ts";
import { openLoneSpace } from "../../../src/llm/engine/lone-space.ts";
import type { Vocabulary } from "../../../src/llm/llm.ts";
import { smallModel } from "./small-model.ts";

let bindings: Bindings;
let model: NativeModel;
let vocabulary: Vocabulary;
let stop = async (): Promise<void> => undefined;
beforeAll(async () => {
  const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.disabled });
  const loaded = await llama.loadModel({ modelPath: smallModel });
  [bindings, model, vocabulary] = [bindingsOf(llama), nativeModelOf(loaded), vocabularyOf(loaded)];
  stop = () => llama.dispose();
});
afterAll(() => stop());

/** Texts of the ids whose logits are raised or lowered after `said`, with the sign of the change. */
function changed(root: string, said: string): readonly [string, number][] {
  const grammar = new bindings.AddonGrammar(`root ::= ${root}`, { addonExports: bindings, rootRuleName: "root" });
  const state = new bindings.AddonGrammarEvaluationState(model, grammar);
  const ids = vocabulary.encode(said);
  for (const id of ids) bindings.AddonSampler.acceptGrammarEvaluationStateToken(state, id);
  const bias = openLoneSpace(bindings, vocabulary)(state, ids.at(-1) ?? null);
  const values = [...(bias.tokenBiasValues ?? [])];
  return [...(bias.tokenBiasKeys ?? [])].map((id, at) => [vocabulary.decode([id]), Math.sign(values[at] ?? 0)]);
}

test("where only words may follow, a space is not drawn alone", () => {
  expect(changed('"pay" (" " [a-z]+)+', "pay")).toEqual([[" ", -1]]);
});

test("where a number may follow, a space may stand alone, and then the number follows", () => {
  const root = '"pay" (" " [a-z]+)* (" 26" | " 31") " euros"';
  expect(changed(root, "pay")).toEqual([]);
  expect(changed(root, "pay ")).toEqual([
    ["2", 1],
    ["3", 1],
  ]);
  expect(changed(root, "pay 2")).toEqual([]);
  expect(changed(root, "pay 26")).toEqual([[" ", -1]]);
});

test("free text is left alone", () => {
  expect(changed("[^{]+", "pay")).toEqual([]);
  expect(changed("[^{]+", "pay ")).toEqual([]);
});
