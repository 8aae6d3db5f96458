// llama.cpp's own grammar parser without a model: for commands that check whether a user's tools can be played.
import type { GrammarParser } from "../../rules/schema/grammar.ts";
import { bindingsOf } from "./addon.ts";
import { startLlama } from "./llama.ts";

/** Runs `use` with the parser; llama.cpp runs on the CPU and is unloaded afterwards. */
export async function withGrammarParser<T>(use: (parser: GrammarParser) => T): Promise<T> {
  const llama = await startLlama("off", 1);
  try {
    const bindings = bindingsOf(llama);
    return use((grammar) => {
      try {
        new bindings.AddonGrammar(grammar, { addonExports: bindings, rootRuleName: "root" });
        return null;
      } catch (thrown) {
        return thrown instanceof Error ? thrown.message : String(thrown);
      }
    });
  } finally {
    await llama.dispose();
  }
}
