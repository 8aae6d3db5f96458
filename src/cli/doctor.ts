// `playact doctor`: is everything here that a run needs? One line a thing, ok, warn or fail, with the command that repairs it.
// It looks and changes nothing, but for making the home folder. It starts the engine to learn its device, and loads no model
// into it, which is what a run does first, but with --simulator (simulator-health.ts).
import { Command } from "commander";
import { PlayactError } from "../errors.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import { fetchCommand, findFile } from "../models/fetch.ts";
import { commandLine } from "../models/installation.ts";
import { findLanguageModel, type LanguageModel } from "../models/manifest.ts";
import {
  checkEmbedder,
  checkEngine,
  checkHome,
  checkMachine,
  checkModels,
  checkNode,
  checkPython,
  checkSqlite,
  type Finding,
} from "./health.ts";
import { collect } from "./options.ts";
import { escapeLine, formatTable, homeHelp, type Print, printJson, toStderr, toStdout } from "./output.ts";

interface Options {
  readonly home?: string;
  readonly policy?: string;
  readonly simulator?: boolean;
  readonly model?: string;
  readonly only: readonly string[];
  readonly json?: boolean;
}

/** The command; `print` takes the report, `talk` the progress. Throws PlayactError("environment") after it where something fails. */
export function doctorCommand(print: Print = toStdout, talk: Print = toStderr): Command {
  return new Command("doctor")
    .description("check this machine: versions, memory, disk, GPU, Python, models; every line with the command that repairs it")
    .option("--home <folder>", homeHelp)
    .option("--policy <model>", "how this model writes tool calls, and which chat template writes its episodes")
    .option("--simulator", "put known cases to the simulator model: what can it be trusted with? (docs/simulator-health.md)")
    .option("--model <model>", "with --simulator: another model than the laptop preset's")
    .option("--only <kind>", `with --simulator: only this role or kind, e.g. user or verdict/mixed (repeatable)`, collect, [])
    .option("--json", "print one JSON document")
    .action(async (options: Options) => {
      if (options.simulator) return (await import("./simulator-health.ts")).examineSimulator(print, talk, options);
      if (options.model !== undefined || options.only.length > 0)
        throw new PlayactError(
          "usage",
          `--model and --only go with --simulator: ${commandLine("doctor --simulator --model NAME")}`,
        );
      if (options.policy !== undefined) return await printPolicy(print, options.policy, options.json ?? false);
      const findings = [
        ...checkNode(),
        ...(await checkEngine()),
        ...(await checkMachine()),
        checkSqlite(),
        checkEmbedder(),
        ...(await checkPython()),
        ...(await checkModels()),
        checkHome(options.home),
      ];
      if (options.json) printJson(print, findings);
      else print(format(findings));
      const failures = findings.filter((finding) => finding.state === "fail");
      if (failures.length > 0) {
        const names = failures.map((finding) => finding.name).join(", ");
        throw new PlayactError(
          "environment",
          `Not ready: ${names}. Run the commands named above, then: ${commandLine("doctor")}`,
        );
      }
    });
}

function format(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  const line = ({ state, name, found, fix }: Finding) =>
    `${state.padEnd(4)}  ${name.padEnd(width)}  ${escapeLine(found)}${fix === null ? "" : `  ->  ${fix}`}\n`;
  return findings.map(line).join("");
}

async function printPolicy(print: Print, name: string, json: boolean): Promise<void> {
  const entry = findLanguageModel(name);
  const { family, parameters, dialect, markers, contextTrained, upstream, licence } = entry;
  const template = await templateOf(entry);
  const facts = { name, family, parameters, dialect, markers, template, contextTrained, upstream, licence };
  if (json) printJson(print, facts);
  else
    print(
      formatTable(
        ["fact", "value"],
        Object.entries(facts).map(([fact, value]) => [fact, String(value)]),
      ),
    );
}

/** Which template writes the model's episodes; only its file can tell. */
async function templateOf(entry: LanguageModel): Promise<string> {
  const found = await findFile(entry);
  if (found.state !== "right") return `known when the model is here: ${fetchCommand(entry.name)}`;
  const { openVocabularyOf } = await import("../llm/engine/llama-vocabulary.ts"); // late: doctor reports a package that is missing
  return chooseTemplate(await openVocabularyOf(found.path), entry.markers, entry.dialect).text;
}
