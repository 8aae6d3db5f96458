// Checks the user's own tools before anything is started: each is tried once as the run will simulate it.
import type { Config } from "../config/config.ts";
import { ownTools, runTools, taskSetNamed, toolsHash } from "../run/own-tools.ts";
import { storePath } from "../store/home.ts";
import { openStore, type Store } from "../store/store.ts";
import { escapeText, toStderr } from "./output.ts";

/**
 * Reads config.tasks.tools as a run in `home` will, with llama.cpp's own grammar parser; prints which tools are left out. Returns
 * their hash; null: the run has the catalogue's.
 * @throws PlayactError("tools") for a tool that cannot be simulated, unless the config leaves such tools out
 */
export async function checkOwnTools({ tasks }: Pick<Config, "tasks">, home: string): Promise<string | null> {
  const { tools, skipBadTools } = tasks;
  if (tools === null) return null;
  const { withGrammarParser } = await import("../llm/engine/llama-grammar.ts"); // late: slow to load for --help
  const leftOut: string[] = [];
  using store = toolStore(tools, home);
  await withGrammarParser((parser) =>
    ownTools(tools, store, skipBadTools ? { parser, leftOut: (sentence) => leftOut.push(sentence) } : { parser }),
  );
  for (const sentence of leftOut) toStderr(`playact: left out: ${escapeText(sentence)}\n`);
  return toolsHash(runTools(tasks, store));
}

/** The store in `home` if the tools are those of a task set; null for a file, a folder and the catalogue. */
export function toolStore(tools: string | null, home: string): Store | null {
  return tools === null || taskSetNamed(tools) === null ? null : openStore(storePath(home), { readonly: true });
}
