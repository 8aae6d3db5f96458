// `playact tasks`: writes some tasks at a level and shows them; nothing is stored.
import { Command, InvalidArgumentError } from "commander";
import { episodeTemplate } from "../llm/template.ts";
import { findModel } from "../models/manifest.ts";
import { resolveConfig } from "../resolve-config.ts";
import { patience, promptFits } from "../session.ts";
import { writeTaskOf } from "../tasks/direction.ts";
import { taskOrders } from "../tasks/orders.ts";
import type { Task } from "../types.ts";
import { collect, presetHelp } from "./options.ts";
import { escapeText, printJson, toStderr, toStdout } from "./output.ts";

interface Options {
  readonly preset: string;
  readonly level?: number;
  readonly number: number;
  readonly tools?: string;
  readonly ablation: readonly string[];
  readonly set: readonly string[];
  readonly json?: boolean;
}

export function tasksCommand(): Command {
  return new Command("tasks")
    .description("write some tasks at a level and print them")
    .option("--preset <name>", presetHelp, "laptop")
    .option("--ablation <name>", "an ablation of the paper over the preset (repeatable; docs/trustee.md)", collect, [])
    .option("--level <n>", "level 1..100 (default: the preset's start)", within(100))
    .option("-n, --number <n>", "how many", within(1000), 3)
    .option("--tools <path>", "your own tools, a file or folder, instead of the embedded catalogue")
    .option("--set <key=value>", "set a config key (repeatable)", collect, [])
    .option("--json", "print a JSON array")
    .action(async (options: Options) => {
      const tools = options.tools === undefined ? [] : [`tasks.tools=${JSON.stringify(options.tools)}`];
      const { config } = resolveConfig({ preset: options.preset, ablation: options.ablation, set: [...options.set, ...tools] });
      const { openEngineOf, toolsetsOf } = await import("../open-session.ts"); // late: the engine is slow to load for --help
      const toolsets = toolsetsOf(config);
      await using engine = await openEngineOf(config);
      const orders = taskOrders(config, {
        id: "shown",
        names: [config.seed, "shown"],
        first: 0,
        count: options.number,
        level: options.level ?? config.curriculum.start,
        declineShare: config.tasks.decline,
        epsilon: config.curriculum.epsilon,
      });
      const write = writeTaskOf(config.tasks.direction);
      const fits = promptFits(config, episodeTemplate(engine.vocabulary, findModel(config.models.policy).markers));
      const written = await Promise.all(
        orders.map((order) =>
          write(order, toolsets.train, engine.simulator, config.tasks.attempts, patience(config), undefined, fits),
        ),
      );
      for (const { task, rejected } of written) {
        if (rejected.length > 0)
          toStderr(
            `${task?.id ?? "a task was given up"}: ${rejected.length} drafts rejected (${rejected.map(({ stage, reason }) => `${stage}: ${reason}`).join("; ")})\n`,
          );
      }
      const tasks = written.flatMap(({ task }) => task ?? []);
      if (options.json)
        printJson(
          toStdout,
          tasks.map((task) => JSON.parse(JSON.stringify(task))),
        );
      else toStdout(tasks.map(text).join("\n"));
    });
}

function text(task: Task): string {
  const lines = [
    `${task.id} · ${task.kind}${task.dependent ? ", dependent calls" : ""} · ${task.domain}/${task.toolset} · level ${task.level} · ${task.persona}`,
    `  tools     ${task.tools.map((tool) => tool.name).join(", ")}`,
    `  user      ${task.firstMessage}`,
    ...task.heldBack.map((held) => `  held back ${held.sentence}`),
    ...task.expected.map(
      (call) => `  call      ${call.name}(${JSON.stringify(call.arguments)}) -> ${JSON.stringify(call.result)}`,
    ),
    `  report    ${task.report}`,
  ];
  return `${escapeText(lines.join("\n"))}\n`;
}

function within(most: number) {
  return (given: string): number => {
    const value = Number(given);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`expected a whole number from 1 to ${most}.`);
    return value;
  };
}
