// Resumes a run at the last closed step with a complete checkpoint. Reopens the step after it, restores the learner and swaps
// the adapter in. A run without a closed step begins with the checkpoint that it goes on from, if it has one (parent.ts). Tidies
// the run's folder last: nothing is moved before the checkpoint is loaded. After going back to an earlier one it tidies before that as
// well, or the next start would take the later folders for those of a newer store.
import { basename } from "node:path";
import { PlayactError } from "../errors.ts";
import { adapterFile, type Checkpoint, checkpointFolder, strayFolders, verifyCheckpoint } from "../store/checkpoints.ts";
import { lastClosedStep, metricsOf, reopenAfter } from "../store/steps.ts";
import { commit } from "./commit.ts";
import { parentCheckpoint } from "./parent.ts";
import type { Session } from "./session.ts";
import { nextTemperature } from "./temperature.ts";
import { tidy } from "./tidy.ts";
import { training } from "./turns.ts";

export interface RunState {
  /** Last closed step: 0 is the warm-up, -1 if none is closed. */
  readonly closed: number;
  /** Level of the next step. */
  readonly level: number;
  /** Policy version of the next step. */
  readonly version: number;
  /** Sampling temperature of the next step. */
  readonly temperature: number;
}

/** Brings learner and engine to the state of the run. */
export async function resume(session: Session): Promise<RunState> {
  const { config, writer } = session;
  const { store, run } = writer;
  let last = lastClosedStep(store, run);
  assertNewest(session, last?.number ?? -1);
  if (last === null) {
    const parent = parentCheckpoint(store, config);
    if (parent !== null) await load(session, parent, 0);
    await tidy(session);
    return { closed: -1, level: config.curriculum.start, version: 0, temperature: config.rollout.temperature };
  }

  const { checkpoint, skipped } = await verifyCheckpoint(store, run);
  for (const text of skipped) session.progress({ kind: "phase", text, step: last.number });
  if (checkpoint === null)
    throw new PlayactError(
      "store",
      `Run ${run.name} has ${last.number} closed steps but no complete checkpoint: its files in ${session.folder} were removed or changed. Start a new run; its trajectories stay in the store.`,
    );
  if (checkpoint.step < last.number) {
    await commit(session, () => reopenAfter(writer, checkpoint.step));
    await tidy(session);
    last = lastClosedStep(store, run) ?? last;
  }
  await load(session, checkpoint, last.nextPolicyVersion);
  await tidy(session);
  const temperature = temperatureOf(session, last.number + 1);
  return { closed: last.number, level: last.nextLevel, version: last.nextPolicyVersion, temperature };
}

/** Restores the learner from a checkpoint, and gives the engine its adapter. */
async function load({ writer, engine, learner, plan }: Session, checkpoint: Checkpoint, version: number): Promise<void> {
  const folder = checkpointFolder(writer.store, checkpoint);
  const gguf = adapterFile(writer.store, checkpoint);
  if (gguf === null)
    throw new PlayactError(
      "store",
      `The checkpoint ${folder} contains no GGUF adapter although its files match. Start a new run.`,
    );
  await training({ engine, learner, plan }, () => learner.restore(folder));
  await engine.swap({ path: gguf, hash: checkpoint.adapterHash }, version);
}

/** @throws PlayactError("store") if there are checkpoints of steps that the store cannot have begun: it is an older copy of itself */
function assertNewest({ writer, folder }: Session, closed: number): void {
  const { store, run } = writer;
  const later = strayFolders(store, run, folder)
    .map((path) => basename(path))
    .filter((name) => !name.endsWith(".tmp") && Number(/^checkpoint-(\d+)\./.exec(name)?.[1] ?? 0) > closed + 1);
  if (later.length === 0) return;
  throw new PlayactError(
    "store",
    `Run ${run.name} is at step ${Math.max(0, closed)}, but ${folder} contains ${later.join(", ")}, which ${store.path} does not list: it seems to be an older copy. Restore the newer one and resume; or move these folders away, and the steps after ${Math.max(0, closed)} are played again. Nothing was removed: the adapters in them can still be used.`,
  );
}

/** The temperature of a step: computed from the recorded metrics of the step before it; for the first step, the config's. */
export function temperatureOf({ config, writer }: Pick<Session, "config" | "writer">, step: number): number {
  const { temperature, temperatureControl } = config.rollout;
  if (!temperatureControl.on) return temperature;
  const before = metricsOf(writer.store, writer.run, step - 1);
  return nextTemperature(before["rollout/temperature"] ?? temperature, before.entropy ?? null, step - 1, temperatureControl);
}
