// llama.cpp's own parser of grammars without a model: for the commands that decide whether a user's tools can be played.
import type { GrammarParser } from "../../rules/schema/grammar.ts";
import { bindingsOf } from "./addon.ts";
import { startLlama } from "./llama.ts";

/** Runs `use` with the parser; llama.cpp is on the processor and gone afterwards. */
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
