// The machine that a run is planned for: this one, as it is before anything is loaded, or the memory that the config names.
import { readFile } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import { availableHost } from "../llm/engine/available.ts";
import { startLlama } from "../llm/engine/llama.ts";
import { freeOfCard } from "../llm/engine/nvidia.ts";
import { askPython, pythonPath } from "../models/python.ts";
import type { MachineMemory } from "../plan/machine.ts";

/** What is available is not all for a run: the rest is the system's, and the page cache's. */
const shareOfHost = 0.9;
/** Flags of processors that multiply bfloat16 in hardware, as Linux names them (native/trainer/policy.py asks torch). */
const multipliesBfloat16 = /\b(avx512_bf16|amx_bf16|bf16)\b/;

/** The memory of a machine, and what decides the type of the learner's weights where the config leaves it open. */
export interface PlannedMachine extends MachineMemory {
  /** The learner's device multiplies bfloat16 in hardware. */
  readonly bfloat16: boolean;
}

/** @throws PlayactError("environment") if torch has to be asked and does not answer, or if engine.gpu is on and there is none */
export async function thisMachine(config: Pick<Config, "engine" | "learner" | "memory">): Promise<PlannedMachine> {
  const card = await freeOfCard();
  const [engine, learner] = await Promise.all([engineOn(config), learnerOn(config, card !== null)]);
  return {
    ...{ engine, ...learner },
    cardBytes: config.memory.gpu === null ? (card ?? 0) : config.memory.gpu * 1e9,
    hostBytes: config.memory.host === null ? Math.floor(shareOfHost * availableHost()) : config.memory.host * 1e9,
  };
}

/** A machine that is only named: its card is one of today, whatever card this machine has; its processor is taken for this one. */
export async function namedMachine(memory: MachineMemory): Promise<PlannedMachine> {
  return { ...memory, bfloat16: memory.learner === "card" || (await processorMultiplies()) };
}

/** Where the engine will compute: llama.cpp is asked, since its libraries decide. */
async function engineOn({ engine }: Pick<Config, "engine">): Promise<MachineMemory["engine"]> {
  if (engine.gpu === "off") return "host";
  await using llama = await startLlama(engine.gpu, 1);
  return llama.gpu === "cuda" ? "card" : "host";
}

/** The same of the learner. torch takes seconds to load, and is asked only where there is a card. */
async function learnerOn(
  { learner }: Pick<Config, "learner">,
  card: boolean,
): Promise<Pick<PlannedMachine, "learner" | "bfloat16">> {
  const named = learner.device === "cuda";
  if (named || (learner.device === "auto" && process.platform !== "darwin")) {
    const torch = card ? await askPython(pythonPath()) : null;
    if (named || (torch?.accelerator ?? null) !== null) return { learner: "card", bfloat16: torch?.bfloat16 !== false };
  }
  return { learner: "host", bfloat16: await processorMultiplies() };
}

async function processorMultiplies(): Promise<boolean> {
  return multipliesBfloat16.test(await readFile("/proc/cpuinfo", "utf8").catch(() => ""));
}

/** Bytes of a frozen weight in the learner: what `learner.dtype` says, or what torch will choose for this device. */
export function weightItem(dtype: Config["learner"]["dtype"], { bfloat16 }: PlannedMachine): 2 | 4 {
  if (dtype === "auto") return bfloat16 ? 2 : 4;
  return dtype === "bfloat16" ? 2 : 4;
}
