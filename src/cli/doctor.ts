// `playact doctor`: checks whether everything that a run needs is present. One line per item: ok, warn or fail, with the command
// that fixes it. It changes nothing except that it creates the home folder. It starts the engine to find its device; it loads
// a model only with --policy (policy-report.ts) or --simulator (simulator-health.ts).
import { Command } from "commander";
import { PlayactError } from "../errors.ts";
import { commandLine } from "../models/installation.ts";
import {
  type Check,
  checkEmbedder,
  checkEngine,
  checkHome,
  checkMachine,
  checkModels,
  checkNode,
  checkPresets,
  checkPython,
  checkSqlite,
} from "./checks.ts";
import { collect, refuseUnused } from "./options.ts";
import { escapeLine, homeHelp, type Print, printJson, toStderr, toStdout } from "./output.ts";

interface Options {
  readonly home?: string;
  readonly policy?: string;
  readonly simulator?: boolean;
  readonly model?: string;
  readonly only: readonly string[];
  readonly json?: boolean;
}

/** The command; `print` receives the report, `progress` the progress. Throws PlayactError("environment") at the end if a check fails. */
export function doctorCommand(print: Print = toStdout, progress: Print = toStderr): Command {
  return new Command("doctor")
    .description("check this machine: versions, memory, disk, GPU, Python, models, and how to fix what is missing")
    .option("--home <folder>", homeHelp)
    .option(
      "--policy <model>",
      "play the probe: how does this model write tool calls by itself, and which template writes its episodes?",
    )
    .option("--simulator", "test the simulator model with known cases: what can it be trusted with? (docs/simulator-health.md)")
    .option(
      "--model <model>",
      "with --simulator: a model other than the laptop preset's, or a server's: http://HOST:PORT/v1#MODEL",
    )
    .option("--only <kind>", `with --simulator: only this role or kind, e.g. user or verdict/mixed (repeatable)`, collect, [])
    .option("--json", "print one JSON document")
    .action(async (options: Options, command: Command) => {
      if (options.simulator) {
        refuseUnused(command, "--simulator", ["--model", "--only", "--home", "--json"]);
        return (await import("./simulator-health.ts")).examineSimulator(print, progress, options);
      }
      if (options.model !== undefined || options.only.length > 0)
        throw new PlayactError("usage", `--model and --only need --simulator: ${commandLine("doctor --simulator --model NAME")}`);
      if (options.policy !== undefined) {
        refuseUnused(command, "--policy", ["--json"]);
        const { reportPolicy } = await import("./policy-report.ts");
        return reportPolicy(print, progress, options.policy, options.json ?? false);
      }
      const findings = [
        ...checkNode(),
        ...(await checkEngine()),
        ...(await checkMachine()),
        ...(await checkPresets()),
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
          `Not ready: ${names}. Run the commands shown above, then: ${commandLine("doctor")}`,
        );
      }
    });
}

function format(findings: readonly Check[]): string {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  const line = ({ state, name, found, fix }: Check) =>
    `${state.padEnd(4)}  ${name.padEnd(width)}  ${escapeLine(found)}${fix === null ? "" : `  ->  ${fix}`}\n`;
  return findings.map(line).join("");
}
