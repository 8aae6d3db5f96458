// `playact tasks`: writes some tasks at a level and prints them; nothing is stored.
import { Command } from "commander";
import { inertAblation } from "../config/ablations.ts";
import type { Config } from "../config/config.ts";
import { resolveConfig } from "../config/resolve.ts";
import { PlayactError } from "../errors.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import { asJson } from "../rules/json.ts";
import { newUsage } from "../simulator/usage.ts";
import { commandFor, resolveHome, storePath } from "../store/home.ts";
import type { Rejection } from "../tasks/rejection.ts";
import type { Task } from "../types.ts";
import { report } from "./exit.ts";
import { atLeastOne, collect, presetHelp, toolSettings, toolsHelp } from "./options.ts";
import { homeHelp, printJson, toStderr, toStdout } from "./output.ts";
import { checkOwnTools, toolStore } from "./own-tools.ts";
import { untruePages } from "./pages.ts";

interface Options {
  readonly preset: string;
  readonly level?: number;
  readonly number: number;
  readonly tools?: string;
  readonly skipBadTools?: boolean;
  readonly ablation: readonly string[];
  readonly set: readonly string[];
  readonly home?: string;
  readonly json?: boolean;
}

export function tasksCommand(): Command {
  return new Command("tasks")
    .description("write some tasks at a level and print them")
    .option("--preset <name>", presetHelp, "laptop")
    .option(
      "--ablation <name>",
      "an ablation of a paper over the preset (repeatable; docs/trustee.md, docs/toolmaster.md)",
      collect,
      [],
    )
    .option("--level <n>", "level 1..100 (default: the preset's start)", atLeastOne(100))
    .option("-n, --number <n>", "how many", atLeastOne(1000), 3)
    .option("--tools <path>", toolsHelp)
    .option("--skip-bad-tools", "leave out tools that cannot be simulated, and name them")
    .option("--set <key=value>", "set a config key (repeatable)", collect, [])
    .option("--home <folder>", homeHelp)
    .option("--json", "print a JSON array")
    .action(async (options: Options) => {
      const set = [...options.set, ...toolSettings(options)];
      const { config } = resolveConfig({ preset: options.preset, ablation: options.ablation, set });
      const { source } = config.tasks;
      if (source !== null)
        throw new PlayactError(
          "usage",
          `The tasks of ${options.preset} are drawn from the set ${source}, not written in a run. Read them with: ${commandFor({ path: storePath(resolveHome(options.home)) }, `synth ${source} --export ${source}.jsonl`)}`,
        );
      const inert = inertAblation(options.ablation, config);
      if (inert !== null) throw new PlayactError("config", inert);
      await checkOwnTools(config, resolveHome(options.home));
      const { tasks, rejected } = await writeSome(config, options);
      for (const [place, rejections] of rejected) {
        const reasons = rejections.map(({ stage, reason }) => `${stage}: ${reason}`).join("; ");
        const whose = tasks.get(place)?.id ?? "a task could not be written";
        toStderr(`${whose}: ${rejections.length} drafts rejected (${reasons})\n`);
      }
      const shown = [...tasks].sort(([a], [b]) => a - b).map(([, task]) => task);
      if (shown.length === 0) process.exitCode = 1; // why stands above
      if (options.json)
        printJson(
          toStdout,
          shown.map((task) => asJson(task)),
        );
      else toStdout(shown.map(text).join("\n"));
    });
}

/** As a run would write them; novelty is checked among these tasks only. */
async function writeSome(config: Config, options: Options) {
  const { openEngineOf } = await import("../run/open-engine.ts"); // late: the engine is slow to load for --help
  const { toolsetsOf } = await import("../run/toolsets.ts");
  const { callFormOf } = await import("../run/form.ts");
  const { findSeats } = await import("../run/seats.ts");
  const { openNearness } = await import("../run/open-embedder.ts");
  const { writeTasks } = await import("../run/draw/series.ts");
  using store = toolStore(config.tasks.tools, resolveHome(options.home));
  const toolsets = toolsetsOf(config, store).train;
  const seats = await findSeats(config); // a wrong model is reported before anything is opened
  await using nearness = await openNearness(config, toolsets);
  await using engine = await openEngineOf(config, { seats });
  const { markers, dialect } = await callFormOf(engine, { config, form: null }, seats.policy.entry ?? {}, (text) =>
    toStderr(`${text}\n`),
  );
  const writer = {
    config,
    engine,
    template: chooseTemplate(engine, markers, dialect, config.policy.thinking).template,
    embed: nearness.embed,
    distractors: nearness.distractors,
    usage: newUsage(),
    pause: () => undefined,
  };
  const series = {
    id: "shown",
    names: [config.seed, "shown"],
    first: 0,
    count: options.number,
    level: options.level ?? config.curriculum.start,
    declineShare: config.tasks.decline,
    epsilon: config.curriculum.epsilon,
    toolsets,
  };
  const tasks = new Map<number, Task>();
  const written = await writeTasks(writer, series, { filled: new Set(), rounds: [], known: [] }, async (place, task) => {
    tasks.set(place, task);
  }).catch((error: unknown) => {
    if (!(error instanceof PlayactError) || tasks.size === 0) throw error;
    process.exitCode = report(error, toStderr); // what is written is printed all the same
    return null;
  });
  return { tasks, rejected: written?.rejected ?? new Map<number, readonly Rejection[]>() };
}

function text(task: Task): string {
  const lines = [
    `${task.id} · ${task.kind}${task.dependent ? ", dependent calls" : ""} · ${task.domain}/${task.toolset} · level ${task.level} · ${task.persona}`,
    `  tools     ${task.tools.map((tool) => tool.name).join(", ")}`,
    ...(task.drift === undefined ? [] : [`  drift     ${task.drift.kind}`]),
    ...untruePages(task).flatMap(({ page, world }) => [`  page      ${page}`, `  world     ${world}`]),
    `  user      ${task.firstMessage}`,
    ...task.heldBack.map((held) => `  held back ${held.sentence}`),
    ...task.expected.map(
      (call) => `  call      ${call.name}(${JSON.stringify(call.arguments)}) -> ${JSON.stringify(call.result)}`,
    ),
    `  report    ${task.report}`,
  ];
  return `${lines.join("\n")}\n`;
}
