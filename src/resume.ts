// Where a run stands: the last closed step whose checkpoint is whole. Restores the learner, swaps the adapter in, opens
// again what lies after it, and removes checkpoint folders that no row names.
import { rm } from "node:fs/promises";
import { adapterIn } from "./checkpoint.ts";
import { PlayactError } from "./errors.ts";
import { nextTemperature } from "./rollout/temperature.ts";
import type { Session } from "./session.ts";
import { checkpointFolder, strayFolders, verifyCheckpoint } from "./store/checkpoints.ts";
import { lastClosedStep, metricsOf, reopenAfter } from "./store/steps.ts";

export interface RunState {
  /** Last closed step: 0 is the warm-up; null when nothing is closed. */
  readonly closed: number | null;
  /** Level of the next step. */
  readonly level: number;
  /** Policy version of the next step. */
  readonly version: number;
}

/** Brings learner and engine to where the run stands. */
export async function resume(session: Session): Promise<RunState> {
  const { config, writer, learner, engine } = session;
  const { store, run } = writer;
  for (const folder of strayFolders(store, run, session.folder)) await rm(folder, { recursive: true, force: true });
  let last = lastClosedStep(store, run);
  if (last === null) return { closed: null, level: config.curriculum.start, version: 0 };

  const { checkpoint, skipped } = await verifyCheckpoint(store, run);
  for (const text of skipped) session.progress({ kind: "phase", text, step: last.number });
  if (checkpoint === null) {
    throw new PlayactError(
      "store",
      `Run ${run.name} has ${last.number} closed steps but no whole checkpoint: its files in ${session.folder} were removed or changed. Start a new run; its trajectories stay in the store.`,
    );
  }
  if (checkpoint.step < last.number) {
    reopenAfter(writer, checkpoint.step);
    last = lastClosedStep(store, run) ?? last;
  }
  const folder = checkpointFolder(store, checkpoint);
  const gguf = await adapterIn(folder);
  if (gguf === null)
    throw new PlayactError("store", `The checkpoint ${folder} holds no GGUF adapter although its files match. Start a new run.`);
  await learner.restore(folder);
  await engine.swap({ path: gguf, hash: checkpoint.adapterHash }, last.nextPolicyVersion);
  return { closed: last.number, level: last.nextLevel, version: last.nextPolicyVersion };
}

/** The temperature of a step: what the step before it, as recorded, leads to; the config's at the beginning. */
export function temperatureOf({ config, writer }: Pick<Session, "config" | "writer">, step: number): number {
  const { temperature, temperatureControl } = config.rollout;
  if (!temperatureControl.on) return temperature;
  const before = metricsOf(writer.store, writer.run, step - 1);
  return nextTemperature(before["rollout/temperature"] ?? temperature, before.entropy ?? null, step - 1, temperatureControl);
}
