// `playact plan`: what a run needs of memory, by phase and part, for this machine or one that the user does not own. It loads no
// model, only the headers of their files.
import { Command } from "commander";
import { type Config, residencies } from "../config/config.ts";
import { resolveConfig } from "../config/resolve.ts";
import { PlayactError } from "../errors.ts";
import { type MachineMemory, usableOfCard } from "../plan/machine.ts";
import { type MemoryPlan, type Misfit, type Planned, planFor, planMemory } from "../plan/plan.ts";
import { misfitLine, misfitText, planLine, residencyTexts, totalsOf } from "../plan/text.ts";
import { collect, presetHelp } from "./options.ts";
import { formatTable, type Print, toStdout } from "./output.ts";

interface Options {
  readonly gpu?: string;
  readonly memory?: string;
  readonly policy?: string;
  readonly simulator?: string;
  readonly preset: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export function planCommand(print: Print = toStdout): Command {
  return new Command("plan")
    .description("what a run needs of memory, byte by byte, before anything is loaded; exit 5 if it does not fit")
    .argument("[config]", "YAML or JSON file with config keys")
    .option("--gpu <size>", "plan for a GPU of this size, e.g. 24GB, instead of this machine")
    .option("--memory <size>", "plan for a processor with this much memory, e.g. 6GB")
    .option("--policy <model>", "model that is trained")
    .option("--simulator <model>", "model that simulates the world")
    .option("--preset <name>", presetHelp, "laptop")
    .option("--set <key=value>", "set a config key (repeatable)", collect, [])
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExamples:\n  playact plan\n  playact plan --memory 6GB\n  playact plan --gpu 24GB --set engine.policyContext=8192\n",
    )
    .action(async (file: string | undefined, options: Options) => {
      const { config } = resolveConfig({ preset: options.preset, file, set: [...modelSettings(options), ...options.set] });
      await printPlan(print, config, { machine: machineOf(options, config), json: options.json ?? false });
    });
}

/**
 * Prints the plan of a config. Without a machine: for this one.
 * @throws PlayactError("memory") at the end if nothing fits
 */
export async function printPlan(
  print: Print,
  config: Config,
  options: { readonly machine: MachineMemory | null; readonly json: boolean },
): Promise<void> {
  const { planRequestOf } = await import("../run/plan.ts"); // late: the engine is slow to load for --help
  const { namedMachine, thisMachine } = await import("../run/machine.ts");
  const machine = await (options.machine === null ? thisMachine(config) : namedMachine(options.machine));
  const request = planRequestOf(config, machine);
  const planned = planMemory(request, machine);
  const all = residencies.map((residency) => planFor(request, machine, residency));
  if (options.json) print(`${JSON.stringify({ machine, ...planned }, null, 2)}\n`);
  else print(textOf(planned, all, machine));
  if (planned.plan === null)
    throw new PlayactError("memory", misfitText(planned, request, machine, config.rollout.responseTokens));
}

function modelSettings({ policy, simulator }: Options): string[] {
  return [
    ...(policy === undefined ? [] : [`models.policy=${JSON.stringify(policy)}`]),
    ...(simulator === undefined ? [] : [`models.simulator=${JSON.stringify(simulator)}`]),
  ];
}

/** The machine that the options describe; null: this one. */
function machineOf({ gpu, memory }: Options, config: Config): MachineMemory | null {
  if (gpu === undefined && memory === undefined) return null;
  const hostBytes = memory === undefined ? null : sizeOf(memory, "--memory") * 1e9;
  if (gpu === undefined) return { engine: "host", learner: "host", cardBytes: 0, hostBytes };
  const engine = config.engine.gpu === "off" ? "host" : "card";
  const learner = config.learner.device === "cpu" ? "host" : "card";
  if (hostBytes === null && (engine === "host" || learner === "host"))
    throw new PlayactError("usage", "--gpu with engine.gpu=off or learner.device=cpu needs --memory too: a side computes there.");
  return { engine, learner, cardBytes: usableOfCard(sizeOf(gpu, "--gpu")), hostBytes };
}

/** "24GB" or "24" -> 24. */
function sizeOf(text: string, option: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*(?:GB?|GiB)?$/i.exec(text.trim());
  if (found === null || Number(found[1]) === 0)
    throw new PlayactError("usage", `${option} expects a size such as 24GB; "${text}" came.`);
  return Number(found[1]);
}

function textOf({ plan }: Planned, all: readonly (MemoryPlan | Misfit)[], machine: MachineMemory): string {
  const ways = all.map((one) => ("rollingOut" in one ? fitsLine(one) : `does not fit: ${misfitLine(one)}`));
  if (plan === null) return `${ways.join("\n")}\n`;
  const table = formatTable(["GB", "rolling out", "training", ""], rowsOf(plan, machine));
  return `${table}\n${planLine(plan)}\n${ways.join("\n")}\n`;
}

function fitsLine(plan: MemoryPlan): string {
  const { policySequences, simulatorSequences } = plan.engine;
  const longest = plan.learner === null ? "" : `, samples up to ${plan.learner.longestSample} tokens`;
  return `fits: ${plan.residency} (${residencyTexts[plan.residency]}), ${policySequences} + ${simulatorSequences} sequences${longest}`;
}

function rowsOf(plan: MemoryPlan, machine: MachineMemory): (readonly string[])[] {
  const { rollingOut, training, teaching, engine, learner } = plan;
  const parts = { engine: partsOf(rollingOut.engine, training.engine), learner: partsOf(rollingOut.learner, training.learner) };
  const notes: Readonly<Record<string, string>> = {
    "engine process": machine.engine === "card" ? "CUDA context" : "the worker",
    "engine kv": `${engine.policySequences} sequences of the policy, ${engine.simulatorSequences} of the simulator`,
    "engine lora": "the adapter, and the next one",
    "learner process": machine.learner === "card" ? "CUDA context" : "Python and torch",
    "learner rows":
      learner === null ? "" : `rows of ${learner.rowTokens} tokens, ${learner.recomputed} blocks recomputed; gradient`,
  };
  const rows = Object.entries(parts).flatMap(([side, ofSide]) =>
    ofSide.map(([part, before, after]) => [`${side} ${part}`, gb(before), gb(after), notes[`${side} ${part}`] ?? ""]),
  );
  const totals = totalsOf(plan);
  const shared = machine.engine === machine.learner;
  const of = shared ? `of ${gb(capacityOf(machine))}` : "in two memories";
  return [
    ...rows,
    ["total", gb(totals.rollingOut), gb(totals.training), of],
    ...(teaching === undefined
      ? []
      : [["while a teacher plays", gb(teaching), "", "with one sequence each, or as many as asked for"]]),
    ...(plan.host > 0 ? [["host memory beside it", gb(plan.host), "", "most, while the learner loads"]] : []),
  ];
}

/** Parts of a side with their bytes in both phases; parts that are 0 in both are left out. */
function partsOf<Bytes extends object>(before: Bytes, after: Bytes): [string, number, number][] {
  const later = new Map(Object.entries(after));
  return Object.entries(before)
    .map(([part, bytes]): [string, number, number] => [part, Number(bytes), Number(later.get(part) ?? 0)])
    .filter(([, first, second]) => first + second > 0);
}

function capacityOf({ learner, cardBytes, hostBytes }: MachineMemory): number {
  return learner === "card" ? cardBytes : (hostBytes ?? 0);
}

function gb(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}
