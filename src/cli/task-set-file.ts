// `playact synth NAME --export FILE` and `--import FILE`.
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { describe, PlayactError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { findTaskSet, importTasks, tasksOf } from "../store/task-sets.ts";
import { readTaskFile, taskLines } from "../synth/task-file.ts";
import { type ConfigWords, newSetConfig } from "./make-task-set.ts";

/** Writes the tasks of a set, whole or not at all, and returns what to tell. @throws PlayactError("usage") for a set that is unknown or has no task */
export function exportTaskSet(store: Store, name: string, file: string): string {
  const tasks = tasksOf(store, findTaskSet(store, name)).map(({ persona, personaText, task }) => ({
    persona: { name: persona, text: personaText },
    task,
  }));
  if (tasks.length === 0)
    throw new PlayactError(
      "usage",
      `The task set ${name} has no tasks yet; there is nothing to write to ${file}. Go on with it first.`,
    );
  try {
    writeWhole(file, taskLines(tasks));
  } catch (error) {
    throw new PlayactError("disk", `${file} cannot be written (${describe(error)}). Choose another file.`);
  }
  return `${tasks.length} tasks of ${name} written to ${file}\n`;
}

/** What a link leads to is replaced, not the link; what is no regular file (a pipe, /dev/stdout) is written to. */
function writeWhole(file: string, text: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) {
    writeFileSync(file, text);
    return;
  }
  const target = found === undefined ? file : realpathSync(file);
  const partial = `${target}.${process.pid}.part`;
  try {
    writeFileSync(partial, text);
    renameSync(partial, target);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Makes a new set of a file, whole or not at all, and returns what to tell. @throws PlayactError for a name that is taken, or a bad file */
export async function importTaskSet(
  store: Store,
  name: string,
  { file, ...words }: ConfigWords & { readonly file: string },
): Promise<string> {
  const config = newSetConfig(words);
  const { withGrammarParser } = await import("../llm/engine/llama-grammar.ts"); // late: slow to load for --help
  const tasks = await withGrammarParser((parser) => readTaskFile(file, parser));
  importTasks(store, name, config, tasks);
  return `${tasks.length} tasks of ${file} are the task set ${name}\n`;
}
