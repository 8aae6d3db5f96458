// llama.cpp's grammar parser for a test file: opened before its tests, closed after them.
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { afterAll, beforeAll } from "vitest";
import { type Bindings, bindingsOf, type NativeGrammar } from "../../src/llm/engine/addon.ts";

/** Call it at the top of a file; the returned function parses GBNF and throws if llama.cpp rejects it. */
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
