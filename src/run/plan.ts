// The memory plan of a run: made from its config and its machine before anything is loaded.
import type { Config } from "../config/config.ts";
import { needsEmbedder, teacherOf } from "../config/needed-models.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import type { OpenReply } from "../learner/learner.ts";
import { knownFacts } from "../models/model.ts";
import type { MachineMemory, MemoryRequest } from "../plan/machine.ts";
import { type MemoryPlan, planMemory } from "../plan/plan.ts";
import { misfitText } from "../plan/text.ts";
import { idleCard } from "./devices.ts";
import { type PlannedMachine, thisMachine, weightItem } from "./machine.ts";

/** @throws PlayactError("model") for a model whose header is neither in models/manifest.json nor on this disk */
export function planRequestOf(config: Config, machine: PlannedMachine): MemoryRequest {
  const { models, engine, learner } = config;
  const one = engine.mode === "reproducible" ? 1 : null;
  return {
    policy: knownFacts(models.policy),
    simulator: simulatorOf(models),
    ...teacherIn(config),
    policyContext: engine.policyContext,
    simulatorContext: engine.simulatorContext,
    policySequences: one ?? engine.policySequences,
    simulatorSequences: one ?? engine.simulatorSequences,
    embeds: needsEmbedder(config),
    residency: engine.residency === "auto" ? null : engine.residency,
    training: {
      rank: learner.rank,
      item: weightItem(learner.dtype, machine),
      limit: learner.memory === null ? null : learner.memory * 1e6,
      unfused:
        machine.learner === "host" && learner.device !== "cpu" && process.platform === "darwin" && process.arch === "arm64",
    },
  };
}

function simulatorOf({ policy, simulator }: Config["models"]): MemoryRequest["simulator"] {
  if (serverOf(simulator) !== null) return null;
  return simulator === policy ? "shared" : knownFacts(simulator);
}

function teacherIn(config: Config): Pick<MemoryRequest, "teacher"> {
  const teacher = teacherOf(config);
  if (teacher === null || serverOf(teacher) !== null) return {};
  return { teacher: teacher === config.models.simulator ? "shared" : knownFacts(teacher) };
}

/** The plan of a run on this machine, and what it takes for granted. */
export interface RunPlan {
  readonly plan: MemoryPlan;
  readonly learner: { readonly dtype: "bfloat16" | "float32"; readonly on: MachineMemory["learner"] };
}

/** @throws PlayactError("memory") if the run does not fit */
export async function planOfRun(config: Config): Promise<RunPlan> {
  const machine = await thisMachine(config);
  const request = planRequestOf(config, machine);
  const planned = planMemory(request, machine);
  const { plan } = planned;
  if (plan === null) {
    const on = (side: MachineMemory["learner"]) => (side === "host" ? "cpu" : "cuda");
    const idle = await idleCard(config, { engine: on(machine.engine), learner: on(machine.learner), torch: null });
    throw new PlayactError("memory", [...idle, misfitText(planned, request, machine, config.rollout.responseTokens)].join(" "));
  }
  return { plan, learner: { dtype: request.training?.item === 2 ? "bfloat16" : "float32", on: machine.learner } };
}

/** A sentence if the learner was opened otherwise than planned: its memory is then not what the plan says. */
export function unplanned({ learner }: RunPlan, opened: Pick<OpenReply, "device" | "dtype">): string[] {
  const on = opened.device.startsWith("cuda") ? "card" : "host";
  if (on === learner.on && opened.dtype === learner.dtype) return [];
  const planned = `${learner.dtype} ${learner.on === "card" ? "on a GPU" : "in the machine's memory"}`;
  return [
    `the memory plan has the learner's weights in ${planned}, but it holds ${opened.dtype} on ${opened.device}: set learner.dtype and learner.device to these, so that the next plan is right.`,
  ];
}
