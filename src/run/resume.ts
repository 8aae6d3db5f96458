// Resumes a run at the last closed step with a complete checkpoint. Reopens the step after it, restores the learner and swaps
// the adapter in. A run without a closed step begins with the checkpoint that it goes on from, if it has one (parent.ts). Tidies
// the run's folder last: nothing is moved before the checkpoint is loaded, unless the run goes back to an earlier one. That deletes
// closed steps, so that the store is copied first.
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { PlayactError } from "../errors.ts";
import {
  adapterFile,
  type Checkpoint,
  checkpointFolder,
  listCheckpoints,
  strayFolders,
  verifyCheckpoint,
} from "../store/checkpoints.ts";
import { lastClosedStep, metricsOf, reopenAfter } from "../store/steps.ts";
import { copyStore } from "../store/store.ts";
import { commit } from "./commit.ts";
import { parentCheckpoint } from "./parent.ts";
import { whileEngineRests } from "./residency.ts";
import type { Session } from "./session.ts";
import { nextTemperature } from "./temperature.ts";
import { lostFolders, setAside, tidy } from "./tidy.ts";

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
    await goBack(session, checkpoint.step, last.number);
    last = lastClosedStep(store, run) ?? last;
  }
  await load(session, checkpoint, last.nextPolicyVersion);
  await tidy(session);
  const temperature = temperatureOf(session, last.number + 1);
  return { closed: last.number, level: last.nextLevel, version: last.nextPolicyVersion, temperature };
}

/**
 * Deletes the steps after an earlier checkpoint, up to `last`. Their folders are moved away first, while their rows still stand: after
 * an end in between these checkpoints are missing, and the next start goes back the same way. Without their rows it would take the
 * folders for those of a newer store. @throws PlayactError("disk") if one cannot be moved; nothing is deleted then
 */
async function goBack(session: Session, to: number, last: number): Promise<void> {
  const { writer, progress } = session;
  const { store, run } = writer;
  const later = listCheckpoints(store, run).filter(({ step }) => step > to);
  const folders = later.map((checkpoint) => checkpointFolder(store, checkpoint)).filter((folder) => existsSync(folder));
  const [stayed] = [
    ...(await setAside(session, folders, "is of a step that is done again")),
    ...(await setAside(session, lostFolders(session))),
  ];
  if (stayed !== undefined)
    throw new PlayactError(
      "disk",
      `Run ${run.name} cannot go back to the checkpoint of step ${to} while ${stayed} is in the way: move it out of ${session.folder}, then resume.`,
    );
  let n = 1;
  const copy = () => `${store.path}.${run.name}-${n}.backup`;
  while (existsSync(copy())) n++;
  await commit(session, () => copyStore(store, copy()));
  const steps = last === to + 1 ? `step ${last} is` : `steps ${to + 1} to ${last} are`;
  const text = `run ${run.name} goes back to the checkpoint of step ${to}: ${steps} deleted, with what was played, evaluated and marked there, and done again. The store as it was is ${copy()}; remove it if you do not need it`;
  progress({ kind: "warning", text, step: last });
  await commit(session, () => reopenAfter(writer, to));
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
  await whileEngineRests({ engine, learner, plan }, () => learner.restore(folder));
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
