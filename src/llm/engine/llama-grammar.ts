// llama.cpp's own grammar parser without a model: for commands that check whether a user's tools can be played.
import { describe } from "../../errors.ts";
import type { GrammarParser } from "../../rules/schema/grammar.ts";
import { bindingsOf } from "./addon.ts";
import { startLlama } from "./llama.ts";

export interface OpenedParser extends AsyncDisposable {
  readonly parser: GrammarParser;
}

/** The parser; llama.cpp runs on the CPU and is unloaded when it is closed. */
export async function openGrammarParser(): Promise<OpenedParser> {
  const llama = await startLlama("off", 1);
  const bindings = bindingsOf(llama);
  return {
    parser: (grammar) => {
      try {
        new bindings.AddonGrammar(grammar, { addonExports: bindings, rootRuleName: "root" });
        return null;
      } catch (thrown) {
        return describe(thrown);
      }
    },
    [Symbol.asyncDispose]: () => llama.dispose(),
  };
}

/** Runs `use` with the parser. */
export async function withGrammarParser<T>(use: (parser: GrammarParser) => T): Promise<T> {
  await using opened = await openGrammarParser();
  return use(opened.parser);
}
