// llama.cpp's own grammars for a test file: opened before its tests, gone after them.
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { afterAll, beforeAll } from "vitest";
import { type Bindings, bindingsOf, type NativeGrammar } from "../../src/llm/engine/addon.ts";

/** Call it at the top of a file; the function that it returns parses GBNF and throws where llama.cpp does not take it. */
export function useGrammarParser(): (gbnf: string) => NativeGrammar {
  let bindings: Bindings | undefined;
  let stop = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.disabled });
    bindings = bindingsOf(llama);
    stop = () => llama.dispose();
  });
  afterAll(() => stop());
  return (gbnf) => {
    if (bindings === undefined) throw new Error("llama.cpp is opened before the tests, not while they are collected");
    return new bindings.AddonGrammar(gbnf, { addonExports: bindings, rootRuleName: "root" });
  };
}
