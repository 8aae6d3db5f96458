// Checks the user's own tools before anything is started: each is tried once as the run will simulate it.
import type { Config } from "../config/config.ts";
import { userTools } from "../tools/toolset.ts";
import { escapeText, toStderr } from "./output.ts";

/**
 * Reads config.tasks.tools as a run will, with llama.cpp's own grammar parser; prints which tools are left out.
 * @throws PlayactError("tools") for a tool that cannot be simulated, unless the config leaves such tools out
 */
export async function checkOwnTools({ tasks }: Pick<Config, "tasks">): Promise<void> {
  const { tools, skipBadTools } = tasks;
  if (tools === null) return;
  const { withGrammarParser } = await import("../llm/engine/llama-grammar.ts"); // late: slow to load for --help
  const leftOut: string[] = [];
  await withGrammarParser((parser) =>
    userTools(tools, skipBadTools ? { parser, leftOut: (sentence) => leftOut.push(sentence) } : { parser }),
  );
  for (const sentence of leftOut) toStderr(`playact: left out: ${escapeText(sentence)}\n`);
}
