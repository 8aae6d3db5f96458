// `playact synth NAME`: makes a set of tasks to train on, or goes on with one; lists sets, writes and reads them as JSON lines. The
// work is done in this process, and every stage of every persona is stored when it is done: the same command goes on.
import { Command } from "commander";
import { PlayactError } from "../errors.ts";
import { commandLine } from "../models/installation.ts";
import { ensureWritable, resolveHome, storePath } from "../store/home.ts";
import { openStore, type Store } from "../store/store.ts";
import { taskSetStates } from "../store/synthesis-summary.ts";
import { type MakeWords, makeTaskSet } from "./make-task-set.ts";
import { atLeastOne, collect, presetHelp, refuseUnused } from "./options.ts";
import { formatTable, homeHelp, type Print, printJson, toStderr, toStdout } from "./output.ts";
import { exportTaskSet, importTaskSet } from "./task-set-file.ts";

/** Most personas of a set. */
const mostPersonas = 100_000;

/** What is done instead of making a set, with the options that it uses. */
const otherThanMaking: ReadonlyMap<string, readonly string[]> = new Map([
  ["list", ["--home", "--json"]],
  ["export", ["--home"]],
  ["import", ["--preset", "--ablation", "--set", "--home"]],
]);

interface Options extends MakeWords {
  readonly list?: boolean;
  readonly export?: string;
  readonly import?: string;
  readonly home?: string;
}

/** The command; `print` receives the data, `progress` the progress. */
export function synthCommand(print: Print = toStdout, progress: Print = toStderr): Command {
  return new Command("synth")
    .description("make a set of tasks to train on, each with its own tools, or go on with one (docs/synthagent.md)")
    .argument("[name]", "of the set; train on it with --set tasks.source=NAME")
    .option(
      "-n, --number <n>",
      "personas of the set, each of which may come to a task (default: 60, or those it has)",
      atLeastOne(mostPersonas),
    )
    .option("--preset <name>", `${presetHelp} (default: laptop-synth, or as the set was begun)`)
    .option("--ablation <name>", "an ablation over the preset: catalogue-tools (repeatable)", collect, [])
    .option("--personas <file>", 'JSON lines with "persona" and, if you like, "name", in place of our 40')
    .option("--set <key=value>", "set a config key (repeatable)", collect, [])
    .option("--list", "list the sets")
    .option("--export <file>", "write the tasks of the set, one JSON object a line")
    .option("--import <file>", "make the set of such a file")
    .option("--home <folder>", homeHelp)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExamples:\n  playact synth lessons -n 60\n  playact synth lessons --export lessons.jsonl\n  playact train --preset laptop-synth --set tasks.source=lessons\n",
    )
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const asked = [...otherThanMaking.keys()].filter((key) => Object.hasOwn(options, key));
      if (asked.length > 1) throw new PlayactError("usage", `--${asked.join(" and --")} cannot be combined. Choose one.`);
      for (const doing of asked) refuseUnused(command, `--${doing}`, otherThanMaking.get(doing) ?? []);
      const home = resolveHome(options.home);
      if (options.list) {
        if (name !== undefined)
          throw new PlayactError("usage", `--list lists every set and takes no name. Leave out "${name}" or --list.`);
        using store = openStore(storePath(home), { readonly: true });
        return listTaskSets(store, print, options.json ?? false);
      }
      if (name === undefined) throw new PlayactError("usage", `Name the task set to make: ${commandLine("synth NAME -n 60")}`);
      if (options.export !== undefined) {
        using store = openStore(storePath(home), { readonly: true });
        return progress(exportTaskSet(store, name, options.export));
      }
      ensureWritable(home);
      using store = openStore(storePath(home));
      if (options.import !== undefined) progress(await importTaskSet(store, name, { ...options, file: options.import }));
      else await makeTaskSet(store, name, options, { print, progress });
    });
}

function listTaskSets(store: Store, print: Print, json: boolean): void {
  const sets = taskSetStates(store);
  const rows = sets.map(({ name, createdAt, personas, kept, dropped }) => [
    ...[name, createdAt.slice(0, 16).replace("T", " ")],
    ...[personas, kept, dropped, personas - kept - dropped],
  ]);
  if (json)
    printJson(
      print,
      sets.map((set) => ({ ...set })),
    );
  else if (sets.length === 0) toStderr(`No task sets in ${store.path} yet.\n`);
  else print(formatTable(["set", "made", "personas", "kept", "dropped", "to do"], rows));
}
