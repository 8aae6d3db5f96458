// Where a run stands: the last closed step whose checkpoint is whole. Opens again what lies after it, restores the learner,
// swaps the adapter in, and tidies the run's folder last: nothing is moved before the run stands on what it needs.
import { basename } from "node:path";
import { PlayactError } from "../errors.ts";
import { checkpointFolder, strayFolders, verifyCheckpoint } from "../store/checkpoints.ts";
import { lastClosedStep, metricsOf, reopenAfter } from "../store/steps.ts";
import { adapterIn } from "./checkpoint.ts";
import { commit } from "./commit.ts";
import type { Session } from "./session.ts";
import { nextTemperature } from "./temperature.ts";
import { tidy } from "./tidy.ts";

export interface RunState {
  /** Last closed step: 0 is the warm-up, -1 where nothing is closed. */
  readonly closed: number;
  /** Level of the next step. */
  readonly level: number;
  /** Policy version of the next step. */
  readonly version: number;
  /** Sampling temperature of the next step. */
  readonly temperature: number;
}

/** Brings learner and engine to where the run stands. */
export async function resume(session: Session): Promise<RunState> {
  const { config, writer, learner, engine } = session;
  const { store, run } = writer;
  let last = lastClosedStep(store, run);
  if (last === null) {
    await tidy(session);
    return { closed: -1, level: config.curriculum.start, version: 0, temperature: config.rollout.temperature };
  }

  const { checkpoint, skipped } = await verifyCheckpoint(store, run);
  for (const text of skipped) session.progress({ kind: "phase", text, step: last.number });
  if (checkpoint === null) throw new PlayactError("store", noCheckpoint(session, last.number));
  if (checkpoint.step < last.number) {
    await commit(session, () => reopenAfter(writer, checkpoint.step));
    last = lastClosedStep(store, run) ?? last;
  }
  const folder = checkpointFolder(store, checkpoint);
  const gguf = await adapterIn(folder);
  if (gguf === null)
    throw new PlayactError("store", `The checkpoint ${folder} holds no GGUF adapter although its files match. Start a new run.`);
  await learner.restore(folder);
  await engine.swap({ path: gguf, hash: checkpoint.adapterHash }, last.nextPolicyVersion);
  await tidy(session);
  const temperature = temperatureOf(session, last.number + 1);
  return { closed: last.number, level: last.nextLevel, version: last.nextPolicyVersion, temperature };
}

/** Why a run cannot go on. Its folder is left as it is: what lies there may be all that the newer store needs. */
function noCheckpoint({ writer, folder }: Session, closed: number): string {
  const { store, run } = writer;
  const head = `Run ${run.name} has ${closed} closed steps but no whole checkpoint: `;
  const strays = strayFolders(store, run, folder)
    .map((path) => basename(path))
    .filter((name) => !name.endsWith(".tmp"));
  if (strays.length === 0)
    return `${head}its files in ${folder} were removed or changed. Start a new run; its trajectories stay in the store.`;
  return `${head}${folder} holds ${strays.join(", ")}, which ${store.path} does not know. If the store is an older copy, put the newer one back and resume; else start a new run. Nothing was removed: their adapters can be used as they are.`;
}

/** The temperature of a step: what the step before it, as recorded, leads to; the config's at the beginning. */
export function temperatureOf({ config, writer }: Pick<Session, "config" | "writer">, step: number): number {
  const { temperature, temperatureControl } = config.rollout;
  if (!temperatureControl.on) return temperature;
  const before = metricsOf(writer.store, writer.run, step - 1);
  return nextTemperature(before["rollout/temperature"] ?? temperature, before.entropy ?? null, step - 1, temperatureControl);
}
