// Starts of a run: the first and each resume, with versions and devices. A run may be resumed with another torch or on another
// GPU; a step was computed with the versions and devices of the last start before it.

import type { Served, Weights } from "../llm/llm.ts";
import type { CallForm } from "../llm/text/dialect.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

/** The devices of a run. */
export interface Devices {
  /** "cpu", "metal", or CUDA with its GPUs: "cuda (NVIDIA L4)". */
  readonly engine: string;
  /** The engine's weights, by role. */
  readonly policy: Weights;
  readonly simulator: Weights | Pick<Served, "server">;
  /** "cpu", "mps", or a CUDA device with its GPU: "cuda:0 (NVIDIA L4)". */
  readonly learner: string;
  /** Data type of the learner's frozen weights: "float32" or "bfloat16". */
  readonly dtype: string;
  /** torch's version with its build: "2.13.0+cpu". */
  readonly torch: string;
}

export interface Start extends Devices {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Versions of Playact, Node and the engine's packages. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Stores a start of the run, now; the first one also settles how its policy writes calls. */
export function recordStart(writer: Writer, start: Omit<Start, "at">, form: CallForm): void {
  write(writer, (database) => {
    database
      .prepare(
        `INSERT INTO start (run, at, versions, torch, engine, policy_dtype, policy_gpu_layers, policy_layers, simulator_dtype,
           simulator_gpu_layers, simulator_layers, simulator_server, learner, learner_dtype) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[writer.run.id, new Date().toISOString(), JSON.stringify(start.versions), start.torch, start.engine],
        ...[...columnsOf(start.policy), ...simulatorColumnsOf(start.simulator), start.learner, start.dtype],
      );
    database
      .prepare("UPDATE run SET dialect = ?, markers = ? WHERE id = ? AND dialect IS NULL")
      .run(form.dialect, form.markers, writer.run.id);
  });
}

/** The last start of a run; null if none is stored. */
export function lastStart(store: Store, run: Pick<RunRow, "id">): Start | null {
  return select(store, "run = @id", run.id);
}

/** The last start before an episode ended; null if none is stored. */
export function startOfTrajectory(store: Store, trajectory: number): Start | null {
  return select(
    store,
    `run = (SELECT task.run FROM trajectory JOIN task ON task.id = trajectory.task WHERE trajectory.id = @id)
     AND at <= (SELECT ended_at FROM trajectory WHERE id = @id)`,
    trajectory,
  );
}

function columnsOf({ dtype, gpuLayers, layers }: Weights) {
  return [dtype, gpuLayers, layers];
}

/** Of a server's model only the name is known. */
function simulatorColumnsOf(simulator: Start["simulator"]) {
  return "server" in simulator ? ["unknown", 0, 0, simulator.server] : [...columnsOf(simulator), null];
}

type Columns = Omit<Start, "versions" | "policy" | "simulator"> & {
  readonly [name in "versions" | "policy" | "simulator"]: string;
} & { readonly server: string | null };

function select(store: Store, where: string, id: number): Start | null {
  const weights = (role: string) =>
    `json_object('dtype', ${role}_dtype, 'gpuLayers', ${role}_gpu_layers, 'layers', ${role}_layers) AS ${role}`;
  const row = store.database
    .prepare<[{ readonly id: number }], Columns>(
      `SELECT at, versions, torch, engine, ${weights("policy")}, ${weights("simulator")}, learner, learner_dtype AS dtype,
              simulator_server AS server
       FROM start WHERE ${where} ORDER BY id DESC LIMIT 1`,
    )
    .get({ id });
  if (row === undefined) return null;
  const { versions, policy, simulator, server, ...plain } = row;
  const played = server === null ? JSON.parse(simulator) : { server };
  return { ...plain, versions: JSON.parse(versions), policy: JSON.parse(policy), simulator: played };
}
