// `playact doctor`: is everything here that a run needs? One line a thing, ok, warn or fail, with the command that mends it.
// It looks and changes nothing, but for making the home folder. It does not load a model into the engine: that is what the first step of a run does.
import { Command } from "commander";
import { PlayactError } from "../errors.ts";
import { chooseTemplate } from "../llm/choose-template.ts";
import { openVocabularyOf } from "../llm/llama-vocabulary.ts";
import { fetchCommand, findFile } from "../models/fetch.ts";
import { findModel, type ModelEntry } from "../models/manifest.ts";
import { checkHome, checkMachine, checkModels, checkNode, checkPython, checkSqlite, type Finding } from "./health.ts";
import { escapeLine, formatTable, homeHelp, type Print, printJson, toStdout } from "./output.ts";

/** The command; `print` takes the report. Throws PlayactError("environment") after it where something fails. */
export function doctorCommand(print: Print = toStdout): Command {
  return new Command("doctor")
    .description("check this machine: versions, memory, disk, GPU, Python, models; every line with its mend")
    .option("--home <folder>", homeHelp)
    .option("--policy <model>", "how this model writes tool calls, and which chat template writes its episodes")
    .option("--json", "print one JSON document")
    .action(async (options: { readonly home?: string; readonly policy?: string; readonly json?: boolean }) => {
      if (options.policy !== undefined) return await printPolicy(print, options.policy, options.json ?? false);
      const findings = [
        ...checkNode(),
        ...(await checkMachine()),
        checkSqlite(),
        ...(await checkPython()),
        ...(await checkModels()),
        checkHome(options.home),
      ];
      if (options.json) printJson(print, findings);
      else print(format(findings));
      const failures = findings.filter((finding) => finding.state === "fail");
      if (failures.length > 0) {
        const names = failures.map((finding) => finding.name).join(", ");
        throw new PlayactError("environment", `Not ready: ${names}. Run the commands named above, then: npx playact doctor`);
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
  const entry = findModel(name);
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
async function templateOf(entry: ModelEntry): Promise<string> {
  const found = await findFile(entry);
  if (found.state !== "right") return `known when the model is here: ${fetchCommand(entry.name)}`;
  return chooseTemplate(await openVocabularyOf(found.path), entry.markers).text;
}
