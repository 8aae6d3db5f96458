// One line per run, for `playact runs`: the state of each run, from the store alone.
import { liveHolder } from "./lease.ts";
import { adapterPath } from "./named-step.ts";
import type { RunStatus } from "./run-row.ts";
import { type ListedRun, listRuns } from "./runs.ts";
import { bestCheckpoint } from "./selection.ts";
import { lastStart } from "./starts.ts";
import { lastClosedStep, openStepOf } from "./steps.ts";
import type { Store } from "./store.ts";

export interface RunOverview {
  readonly run: string;
  readonly preset: string;
  /** Also "interrupted" if the stored status is running but no process writes the run. */
  readonly status: RunStatus;
  /** Closed GRPO steps; the warm-up (step 0) is not counted. */
  readonly steps: number;
  /** GRPO steps in the config; null if it has no such key. */
  readonly of: number | null;
  /** Level of the next step; null before the first step if the config has no start level. */
  readonly level: number | null;
  /** Mean reward of the last closed GRPO step; null before the first. */
  readonly reward: number | null;
  /** ISO 8601, UTC. */
  readonly started: string;
  /** Devices of engine and learner at the last start; null before the first. */
  readonly engine: string | null;
  readonly learner: string | null;
  /** The step whose checkpoint is the best; null before the first checkpoint. */
  readonly best: number | null;
  /** Its GGUF adapter, the one to use (or its folder if there is none). */
  readonly adapter: string | null;
  /** Why it failed or was interrupted, or why this version cannot resume it. */
  readonly note: string | null;
}

/** All runs, latest first. */
export function overview(store: Store): readonly RunOverview[] {
  return listRuns(store).map((run) => ({
    run: run.name,
    preset: run.preset,
    status: run.status === "running" && liveHolder(store, run) === null ? "interrupted" : run.status,
    ...progress(store, run),
    started: run.createdAt,
    ...places(store, run),
    ...bestAdapter(store, run),
    note: run.config === null ? `cannot be resumed: ${run.fault}` : run.note,
  }));
}

function progress(store: Store, run: ListedRun): Pick<RunOverview, "steps" | "of" | "level" | "reward"> {
  const { database } = store;
  const steps = database
    .prepare<[number], number>("SELECT count(closed_at) FROM step WHERE run = ? AND number > 0")
    .pluck()
    .get(run.id);
  const last = lastClosedStep(store, run);
  const reward = database
    .prepare<[number, number], number | null>(
      "SELECT avg(reward) FROM episode WHERE run_id = ? AND step = ? AND step > 0 AND purpose = 'train' AND author = 'policy' AND NOT conditional",
    )
    .pluck()
    .get(run.id, last?.number ?? 0);
  const asked = database
    .prepare<[number], { of: number | null; start: number | null }>(
      "SELECT config ->> '$.steps' AS of, config ->> '$.curriculum.start' AS start FROM run WHERE id = ?",
    )
    .get(run.id);
  const level = openStepOf(store, run)?.level ?? last?.nextLevel ?? asked?.start ?? null;
  return { steps: steps ?? 0, of: asked?.of ?? null, level, reward: reward ?? null };
}

function places(store: Store, run: ListedRun): Pick<RunOverview, "engine" | "learner"> {
  const { engine, learner } = lastStart(store, run) ?? { engine: null, learner: null };
  return { engine, learner };
}

function bestAdapter(store: Store, run: ListedRun): Pick<RunOverview, "best" | "adapter"> {
  const best = bestCheckpoint(store, run);
  return { best: best?.step ?? null, adapter: best && adapterPath(store, best) };
}
