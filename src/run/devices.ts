// Which devices and versions a run uses: the start line, the record of each start, and a warning about an unused GPU.
// Log-probs, speed and memory depend on it, and "auto" leaves the choice to the machine.
import type { Config } from "../config/config.ts";
import type { OpenReply } from "../learner/learner.ts";
import { nvidiaCards, whyNotOnCard } from "../llm/engine/nvidia.ts";
import type { Engine, Weights } from "../llm/llm.ts";
import { commandLine } from "../models/installation.ts";
import type { Devices } from "../store/starts.ts";

export function devicesOf(engine: Pick<Engine, "device" | "weights">, opened: OpenReply): Devices {
  const { device: learner, dtype, torch } = opened;
  const { policy, simulator } = engine.weights;
  const played = "server" in simulator ? { server: simulator.server } : simulator;
  return { engine: engine.device, policy, simulator: played, learner, dtype, torch };
}

/** One line for people. */
export function devicesText({ engine, policy, simulator, learner, dtype, torch }: Devices): string {
  const weights = ({ dtype: type, gpuLayers, layers }: Weights) =>
    engine === "cpu" ? type : `${type}, ${gpuLayers} of ${layers} layers on the GPU`;
  const simulated = "server" in simulator ? `on ${simulator.server}` : weights(simulator);
  return `engine on ${engine} (policy ${weights(policy)}; simulator ${simulated}), learner on ${learner} (${dtype}, torch ${torch})`;
}

/** A sentence for each side (engine, learner) set to "auto" that computes on the CPU although there is an NVIDIA GPU. */
export async function idleCard(
  config: Pick<Config, "engine" | "learner">,
  devices: Pick<Devices, "engine" | "learner"> & { readonly torch: string | null },
): Promise<string[]> {
  const engine = config.engine.gpu === "auto" && devices.engine === "cpu" ? await whyNotOnCard() : null;
  const beside = config.learner.device === "auto" && devices.learner === "cpu" ? await nvidiaCards() : null;
  if (beside === null) return engine === null ? [] : [engine];
  const cpuBuild = `torch is its CPU build; "${commandLine("setup")}" installs the one for the GPU`;
  const oldDriver = "torch finds no CUDA; usually the driver is too old for it (CUDA 13 needs 580 or newer)";
  const unknown = `${cpuBuild}, or the driver is too old for it (CUDA 13 needs 580 or newer)`;
  const why = devices.torch === null ? unknown : devices.torch.endsWith("+cpu") ? cpuBuild : oldDriver;
  const learner = `nvidia-smi reports a GPU (${beside}), but the learner trains on the CPU: ${why}.`;
  return engine === null ? [learner] : [engine, learner];
}
