// Checks the user's own tools before anything is started: each is tried once as the run will simulate it.
import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { ownTools, taskSetNamed, toolsHash } from "../run/own-tools.ts";
import { storePath } from "../store/home.ts";
import { openStore, type Store } from "../store/store.ts";
import { unplayable } from "../tools/playable.ts";
import { escapeText, toStderr } from "./output.ts";

/**
 * Reads config.tasks.tools as a run in `home` will, and tries them with llama.cpp's own parser; prints which are left out. Returns
 * their hash; null: the run has the catalogue's.
 * @throws PlayactError("tools") for a tool that cannot be simulated, unless the config leaves such tools out; for one that llama.cpp alone
 * refuses in any case
 */
export async function checkOwnTools({ tasks }: Pick<Config, "tasks">, home: string): Promise<string | null> {
  const { tools, skipBadTools } = tasks;
  if (tools === null) return null;
  const { withGrammarParser } = await import("../llm/engine/llama-grammar.ts"); // late: slow to load for --help
  using store = toolStore(tools, home);
  const leftOut: string[] = [];
  const read = ownTools(tools, store, skipBadTools ? { leftOut: (sentence) => leftOut.push(sentence) } : {});
  for (const sentence of leftOut) toStderr(`playact: left out: ${escapeText(sentence)}\n`);
  // these are not left out: a run reads the tools without llama.cpp's parser, and would use them
  const refused = await withGrammarParser((parser) =>
    read
      .flatMap((set) => set.tools)
      .flatMap((tool) => {
        const reason = unplayable(tool, parser);
        return reason === null ? [] : [`the tool "${tool.name}" cannot be played: ${reason}`];
      }),
  );
  if (refused.length > 0) throw new PlayactError("tools", `${tools}: ${refused.join("; ")}. Take such tools out of the file.`);
  return toolsHash(read);
}

/** The store in `home` if the tools are those of a task set; null for a file, a folder and the catalogue. */
export function toolStore(tools: string | null, home: string): Store | null {
  return tools === null || taskSetNamed(tools) === null ? null : openStore(storePath(home), { readonly: true });
}
