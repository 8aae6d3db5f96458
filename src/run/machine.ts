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

export async function thisMachine(config: Pick<Config, "engine" | "learner" | "memory">): Promise<MachineMemory> {
  const card = await freeOfCard();
  const [engine, learner] = await Promise.all([engineOn(config), learnerOn(config, card !== null)]);
  return {
    ...{ engine, learner },
    cardBytes: config.memory.gpu === null ? (card ?? 0) : config.memory.gpu * 1e9,
    hostBytes: config.memory.host === null ? Math.floor(shareOfHost * availableHost()) : config.memory.host * 1e9,
  };
}

/** Where the engine will compute: llama.cpp is asked, since its libraries decide. */
async function engineOn({ engine }: Pick<Config, "engine">): Promise<MachineMemory["engine"]> {
  if (engine.gpu === "off") return "host";
  await using llama = await startLlama(engine.gpu, 1);
  return llama.gpu === "cuda" ? "card" : "host";
}

/** The same of the learner. torch takes seconds to load, and is asked only where there is a card. */
async function learnerOn({ learner }: Pick<Config, "learner">, card: boolean): Promise<MachineMemory["learner"]> {
  if (learner.device !== "auto") return learner.device === "cuda" ? "card" : "host";
  if (!card || process.platform === "darwin") return "host";
  return (await askPython(pythonPath())).accelerator === null ? "host" : "card";
}

/** Bytes of a frozen weight in the learner: what `learner.dtype` says, or what torch will choose for this device. */
export async function weightItem(dtype: Config["learner"]["dtype"], on: MachineMemory["learner"]): Promise<2 | 4> {
  if (dtype !== "auto") return dtype === "bfloat16" ? 2 : 4;
  // a card that is only named is taken for one of today
  if (on === "card") return (await freeOfCard()) !== null && (await askPython(pythonPath())).bfloat16 === false ? 4 : 2;
  const processor = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  return multipliesBfloat16.test(processor) ? 2 : 4;
}
