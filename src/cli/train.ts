// `playact train`: checks everything a user can get wrong, creates or finds the run, and starts a supervised worker for it.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { Command } from "commander";
import { inertAblation } from "../config/ablations.ts";
import type { Config } from "../config/config.ts";
import { embedderModel, needsEmbedder } from "../config/needed-models.ts";
import { resolveConfig } from "../config/resolve.ts";
import { PlayactError } from "../errors.ts";
import { modelPaths } from "../models/fetch.ts";
import { pythonPath } from "../models/python.ts";
import { checkTrainingSet } from "../run/draw/task-set.ts";
import { assertSameTools, taskSetHash } from "../run/own-tools.ts";
import { type Parent, parentCheckpoint, parentOf } from "../run/parent.ts";
import { seatsOfRun } from "../run/same-models.ts";
import { findSeats, findTeacher, withCheckedAddresses } from "../run/seats.ts";
import { checkSimulatorServer } from "../run/simulator-server.ts";
import { checkTeacherServer } from "../run/teacher-server.ts";
import { assertUnseen } from "../run/unseen.ts";
import { versions } from "../run/versions.ts";
import { healthOf } from "../store/health-checks.ts";
import { commandFor, ensureWritable, resolveHome, storePath } from "../store/home.ts";
import { acquireLease, releaseLease } from "../store/lease.ts";
import { modelsOfRun } from "../store/run-models.ts";
import type { RunRow } from "../store/run-row.ts";
import { assertFree, createRun, findRun, setRunConfig } from "../store/runs.ts";
import { lastClosedStep } from "../store/steps.ts";
import { openStore, type Store } from "../store/store.ts";
import { atLeastOne, collect, presetHelp, toolSettings, toolsHelp } from "./options.ts";
import { homeHelp, printJson, toStderr, toStdout } from "./output.ts";
import { checkOwnTools } from "./own-tools.ts";
import { simulatorDoubt } from "./simulator-doubt.ts";
import { supervise } from "./supervise.ts";

interface Options {
  readonly preset: string;
  readonly resume?: string | true;
  readonly name?: string;
  readonly steps?: number;
  readonly tools?: string;
  readonly from?: string;
  readonly skipBadTools?: boolean;
  readonly ablation: readonly string[];
  readonly set: readonly string[];
  readonly dryRun?: boolean;
  readonly home?: string;
  readonly json?: boolean;
}

export function trainCommand(): Command {
  return new Command("train")
    .description("train a policy in a simulated world, or resume a run")
    .argument("[config]", "YAML or JSON file with config keys")
    .option("--preset <name>", presetHelp, "laptop")
    .option("--skip-bad-tools", "leave out tools that cannot be simulated, and name them")
    .option(
      "--ablation <name>",
      "an ablation of a paper over the preset (repeatable; docs/trustee.md, docs/synthagent.md, docs/toolmaster.md)",
      collect,
      [],
    )
    .option("--resume [run]", "resume a run (default: the latest)")
    .option("--name <name>", "name of the new run (default: preset and a number)")
    .option("--steps <n>", "total number of GRPO steps", atLeastOne())
    .option("--tools <path>", toolsHelp)
    .option("--from <run>", "go on from a checkpoint of another run: RUN, RUN@STEP, RUN@best or RUN@last")
    .option("--set <key=value>", "set a config key (repeatable)", collect, [])
    .option("--dry-run", "check and print the resolved config, and on stderr the memory plan; start nothing")
    .option("--home <folder>", homeHelp)
    .option("--json", "print one JSON line per step on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n  playact train --preset tiny --steps 2\n  playact train --tools my-tools.json --steps 5\n  playact train --from evening-1 --tools my-tools.json\n  playact train --resume\n",
    )
    .action(async (file: string | undefined, options: Options, command: Command) => {
      if (options.resume !== undefined && command.getOptionValueSource("preset") === "cli") throw keepsConfig("--preset");
      const home = resolveHome(options.home);
      if (options.dryRun) {
        if (options.resume !== undefined) throw keepsConfig("--dry-run");
        const { config } = await requested(file, options);
        const whole = await withParent(config, home);
        printJson(toStdout, whole);
        await tellPlan(whole);
        return;
      }
      ensureWritable(home);
      let run: RunRow | null;
      {
        using store = openStore(storePath(home));
        run = options.resume === undefined ? await started(store, file, options) : await resumed(store, file, options);
      }
      if (run === null) return;
      process.exitCode = await supervise(home, { run: run.name, options: options.json ? ["--json"] : [] });
    });
}

/** The config with its parent's step by number, if it goes on from one. @throws as parentOf does */
async function withParent(config: Config, home: string): Promise<Config> {
  if (config.policy.adapter === null) return config;
  using store = openStore(storePath(home), { readonly: true });
  parentCheckpoint(store, config); // a wrong name is told also where the model is not here
  const parent = await parentOf(store, config, (await findSeats(config)).policy.sha256);
  return goingOnFrom(parent, config);
}

function goingOnFrom(parent: Parent | null, config: Config): Config {
  return { ...config, policy: { ...config.policy, adapter: parent?.adapter ?? null } };
}

/** The memory plan on stderr; without the models' files there is none yet. */
async function tellPlan(config: Config): Promise<void> {
  const { printPlan } = await import("./plan.ts");
  await printPlan(toStderr, config, { machine: null, json: false }).catch((error: unknown) => {
    if (!(error instanceof PlayactError && error.boundary === "model")) throw error;
    toStderr(`playact: no memory plan yet: ${error.message}\n`);
  });
}

async function requested(file: string | undefined, options: Options) {
  const { preset, ablation, steps, from } = options;
  const parent = from === undefined ? [] : [`policy.adapter=${JSON.stringify(from)}`];
  const resolved = resolveConfig({ preset, ablation, file, set: [...options.set, ...toolSettings(options), ...parent], steps });
  const config = withCheckedAddresses(resolved.config);
  const { source, tools } = config.tasks;
  if (source !== null && tools !== null)
    throw new PlayactError(
      "config",
      `Config key "tasks.tools": the tasks of the set ${source} have tools of their own, so ${tools} would not be used. Leave out --tools, or train without a set: with another preset, such as --preset laptop, and no tasks.source of your own.`,
    );
  const inert = inertAblation(ablation, config);
  if (inert !== null) throw new PlayactError("config", inert);
  return { ...resolved, config, tools: await checkOwnTools(config, resolveHome(options.home)) };
}

async function started(store: Store, file: string | undefined, options: Options): Promise<RunRow> {
  if (options.name !== undefined) assertFree(store, options.name);
  const { preset, config, tools: ownTools } = await requested(file, options);
  const { source } = config.tasks;
  // what is missing is reported before a run is created
  if (source !== null) checkTrainingSet(store, config, source);
  pythonPath();
  await checkSimulatorServer(config);
  await checkTeacherServer(config);
  await findTeacher(config);
  if (needsEmbedder(config)) await modelPaths(embedderModel);
  const { policy, simulator } = await findSeats(config);
  const parent = await parentOf(store, config, policy.sha256);
  assertUnseen(store, config);
  const doubt = simulator === null ? null : simulatorDoubt(config, simulator, healthOf(store, simulator.sha256));
  const tools = source === null ? ownTools : taskSetHash(store, source);
  const run = createRun(store, {
    preset,
    config: goingOnFrom(parent, config),
    versions: versions(),
    form: parent?.form ?? null,
    models: { policy: policy.sha256, simulator: simulator?.sha256 ?? null, tools, doubt },
    ...(options.name === undefined ? {} : { name: options.name }),
  });
  toStderr(
    `playact: run ${run.name} (${config.steps} steps; policy ${config.models.policy}${parent === null ? "" : ` from ${parent.adapter}`}, simulator ${config.models.simulator})\n`,
  );
  if (doubt !== null) toStderr(`playact: warning: ${doubt}\n`);
  return run;
}

/** A run keeps its config; only the number of steps may change. Null if all its steps are done. */
async function resumed(store: Store, file: string | undefined, options: Options): Promise<RunRow | null> {
  const run = findRun(store, options.resume === true || options.resume === undefined ? null : options.resume);
  const refused: readonly (readonly [string, boolean])[] = [
    ["--set", options.set.length > 0],
    ["--ablation", options.ablation.length > 0],
    ["--tools", options.tools !== undefined],
    ["--from", options.from !== undefined],
    ["--skip-bad-tools", options.skipBadTools !== undefined],
    ["--name", options.name !== undefined],
    ["a config file", file !== undefined],
  ];
  const given = refused.find(([, is]) => is);
  if (given !== undefined) throw keepsConfig(given[0]);
  const closed = lastClosedStep(store, run)?.number ?? 0;
  if (options.steps !== undefined && options.steps < closed)
    throw new PlayactError(
      "usage",
      `--steps counts all steps of a run, and run ${run.name} has closed ${closed}: expected at least ${closed}, got ${options.steps}. Give a higher number, or leave out --steps.`,
    );
  if (run.status === "finished" && closed >= (options.steps ?? run.config.steps)) {
    toStderr(
      `playact: run ${run.name} has finished its ${closed} steps; train further with: ${commandFor(store, `train --resume ${run.name} --steps ${Math.max(1, closed * 2)}`)}\n`,
    );
    return null;
  }
  const { doubt } = modelsOfRun(store, run);
  // first, so that nothing is read or changed for a run that another process writes
  const writer = acquireLease(store, run, { pid: process.pid, token: randomUUID() });
  try {
    await checkOwnTools(run.config, dirname(store.path));
    assertSameTools(run, store);
    await seatsOfRun(writer);
    if (options.steps !== undefined && options.steps !== run.config.steps)
      setRunConfig(writer, { ...run.config, steps: options.steps }); // its other keys were checked by the version that started it
  } finally {
    releaseLease(writer);
  }
  toStderr(`playact: resuming run ${run.name}\n`);
  if (doubt !== null) toStderr(`playact: warning: ${doubt}\n`);
  return run;
}

function keepsConfig(given: string): PlayactError {
  return new PlayactError(
    "usage",
    `--resume does not go with ${given}: a resumed run keeps its name and config, and --resume accepts --steps, --home and --json. Start a new run for another config.`,
  );
}
