// TRUSTEE's controller of the sampling temperature (arXiv 2604.17739), off by default there and here. After the first steps the
// temperature rises a little if the policy's entropy is too low, otherwise it falls. Departs: it never reaches 0, where all
// samples of a group would be the same, and its only state is what the last step recorded (resume.ts). Pure.
import type { Config } from "../config/config.ts";

export type TemperatureControl = Config["rollout"]["temperatureControl"];

/**
 * The temperature after a step.
 * @param entropy mean entropy of the policy (nats per token) measured by the learner; null if nothing was trained
 * @param step number of that step, from 1: the first `afterSteps` change nothing
 */
export function nextTemperature(temperature: number, entropy: number | null, step: number, control: TemperatureControl): number {
  if (!control.on || entropy === null || step <= control.afterSteps) return temperature;
  const moved = temperature + (entropy < control.entropyTarget ? control.step : -control.step);
  return Math.min(control.highest, Math.max(control.lowest, moved));
}
