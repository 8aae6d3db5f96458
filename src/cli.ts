#!/usr/bin/env node
// The command line: collects the commands, turns errors into sentences and exit codes. Commands load what they need when
// they run, so that `playact --help` stays quick.
import { Command } from "commander";
import { report } from "./cli/exit.ts";
import { toStderr, toStdout } from "./cli/output.ts";
import { relaunched } from "./cli/relaunch.ts";
import type { StartedPolicy } from "./cli/same-models.ts";
import { PlayactError } from "./errors.ts";
import { playactVersion } from "./run/versions.ts";

/** Each command in a module of its own, loaded only when it is named (or when help lists them all). */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  setup: async () => (await import("./cli/setup.ts")).setupCommand(),
  plan: async () => (await import("./cli/plan.ts")).planCommand(),
  train: async () => (await import("./cli/train.ts")).trainCommand(),
  runs: async () => (await import("./cli/runs.ts")).runsCommand(),
  show: async () => (await import("./cli/show.ts")).showCommand({ piecesOf }),
  sql: async () => (await import("./cli/sql.ts")).sqlCommand(),
  eval: async () => (await import("./cli/eval.ts")).evalCommand(),
  tasks: async () => (await import("./cli/tasks.ts")).tasksCommand(),
  synth: async () => (await import("./cli/synth.ts")).synthCommand(),
  models: async () => (await import("./cli/models.ts")).modelsCommand(),
  doctor: async () => (await import("./cli/doctor.ts")).doctorCommand(),
  worker: async () => (await import("./cli/worker.ts")).workerCommand(),
};
const hidden = new Set(["worker"]);
/** They load the engine in this process; a run does it in its worker (`train --dry-run` has none). */
const withEngine = new Set(["eval", "tasks", "synth", "doctor", "plan"]);

/** Late, as the engine's packages take longer to load than all that most commands do. */
const piecesOf = async (policy: StartedPolicy) => (await import("./cli/pieces.ts")).piecesOf(policy);

async function main(args: readonly string[]): Promise<void> {
  const program = new Command("playact")
    .description("Trains open tool-calling language models on one machine, in a world acted out by a local language model.")
    .version(playactVersion())
    .showHelpAfterError("(playact --help lists the commands)");
  const named = args.find((argument) => !argument.startsWith("-"));
  const wanted =
    named !== undefined && Object.hasOwn(commands, named) ? [named] : Object.keys(commands).filter((name) => !hidden.has(name));
  const code = named !== undefined && (withEngine.has(named) || args.includes("--dry-run")) ? await relaunched() : null;
  if (code !== null) {
    process.exitCode = code;
    return;
  }
  for (const name of wanted) {
    const load = commands[name];
    if (load) program.addCommand(await load(), { hidden: hidden.has(name) });
  }
  exitInstead(program);
  await program.parseAsync(args, { from: "user" });
}

/** commander ends the process and prints by itself; here it throws and prints as all else does, each in one place. */
function exitInstead(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: toStdout, writeErr: toStderr });
  for (const below of command.commands) exitInstead(below);
}

/** A reader that went away (`playact sql … | head -1`) is no fault, and ends no run: what is printed after it is lost. */
function outliveReaders(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exitCode = report(cannotPrint(error), toStderr);
  });
  process.stderr.on("error", () => undefined); // no reader is left
}

function cannotPrint(error: Error): PlayactError {
  return new PlayactError("disk", `The output could not be written (${error.message}). Print to a disk that has room.`);
}

outliveReaders();
try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error, toStderr);
}
