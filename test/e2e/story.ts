// One small run of the command line with the real model and learner, stopped three times: interrupted by the user in the
// warm-up, its worker killed in step 1, its supervisor killed in step 2, then resumed to its end. The tests read the result.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelsFolder } from "../../src/models/folder.ts";
import { pythonPath } from "../../src/models/python.ts";
import { openStore } from "../../src/store/store.ts";
import { buildPackage } from "../support/built.ts";
import { type Ended, type Started, startPlayact } from "../support/playact.ts";
import { childrenOf, isRunning, until } from "../support/processes.ts";

export const shape = { steps: 2, tasks: 2, samples: 3, demonstrations: 4 } as const;

/** Tools with short descriptions, for small tasks that the smallest simulator can write. */
const tools = ["light", "heater", "fan"].map((device) => {
  const room = { type: "string", enum: ["kitchen", "bedroom", "garage"] };
  const state = { type: "string", enum: ["on", "off"] };
  const object = (properties: object) => ({ type: "object", properties, required: Object.keys(properties) });
  return {
    name: `switch_${device}`,
    description: `Switches the ${device} of a room on or off.`,
    parameters: object({ room, state }),
    returns: object({ watts: { type: "integer", minimum: 0, maximum: 99 } }),
  };
});

/** Arguments of a run with other settings. */
export const set = (settings: Readonly<Record<string, unknown>>) =>
  Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

/** The smallest run that has every part; learning rates are very high, so that a few updates clearly change log-probs. */
export const settings = {
  "tasks.perStep": shape.tasks,
  "tasks.hard": 0,
  "rollout.groupSize": shape.samples,
  "rollout.tokensPerTurn": 24,
  "warmup.when": "always",
  "warmup.demonstrations": shape.demonstrations,
  "warmup.batch": 2,
  "warmup.epochs": 2,
  "warmup.learningRate": 1e-3,
  "learner.rank": 4,
  "learner.learningRate": 1e-3,
  "engine.threads": 1,
};

export interface Home extends AsyncDisposable {
  /** File of the user's own tools. */
  readonly tools: string;
  start(...words: readonly string[]): Started;
  rows<Row>(sql: string): readonly Row[];
}

export interface Story {
  /** `train`, then Ctrl-C once the first task is stored. */
  readonly interrupted: Ended & { readonly status: string; readonly tasks: readonly object[] };
  /** What was stored after the worker's death in step 1. */
  readonly worker: Killed;
  /** The same for the supervisor in step 2; `survivors` are the run's processes that still ran after it. */
  readonly supervisor: Killed & { readonly stdout: string; readonly stderr: string };
  /** `train --resume` to the end. */
  readonly finished: Ended;
}

interface Killed {
  readonly step: OpenStep;
  readonly stored: ReadonlyMap<number, string>;
}

interface OpenStep {
  readonly number: number;
  readonly trajectories: number;
}

/** A built Playact with an empty home. */
export function newHome(): Home {
  const built = buildPackage();
  const folder = mkdtempSync(join(tmpdir(), "playact-e2e-"));
  const toolsFile = join(folder, "tools.json");
  writeFileSync(toolsFile, JSON.stringify(tools));
  const started: Started[] = [];
  const environment = { PLAYACT_HOME: folder, PLAYACT_MODELS: modelsFolder(), PLAYACT_PYTHON: pythonPath() };
  return {
    tools: toolsFile,
    start: (...words) => {
      const one = startPlayact(built.path("cli.js"), words, folder, environment);
      started.push(one);
      return one;
    },
    rows: (sql) => {
      using store = openStore(join(folder, "playact.db"), { readonly: true });
      return store.database.prepare<[], never>(sql).all();
    },
    [Symbol.asyncDispose]: async () => {
      for (const { child } of started) child.kill("SIGKILL"); // left by a failed test; their workers end with them
      await Promise.all(started.map((one) => one.ended));
      rmSync(folder, { recursive: true, maxRetries: 10 });
      built[Symbol.dispose]();
    },
  };
}

export async function play(home: Home): Promise<Story> {
  const steps = String(shape.steps);
  const first = home.start("train", "--preset", "tiny", "--steps", steps, "--tools", home.tools, "--json", ...set(settings));
  await until(() => asked(home, first, "SELECT 1 FROM task").length > 0);
  first.child.kill("SIGINT");
  const [status = ""] = await first.ended.then(() => home.rows<{ status: string }>("SELECT status FROM run")).then(statuses);
  const interrupted = { ...(await first.ended), status, tasks: home.rows<object>("SELECT * FROM task ORDER BY id") };

  const second = home.start("train", "--resume", "--json");
  const worker = await until(() => workerInStep(home, second, 1));
  process.kill(worker, "SIGKILL");
  await until(() => !isRunning(worker));
  const afterWorker = { step: openStep(home), stored: trajectories(home) };

  const successor = await until(() => workerInStep(home, second, 2));
  const learners = childrenOf(successor);
  second.child.kill("SIGKILL");
  await until(() => ![successor, ...learners].some(isRunning));
  const afterSupervisor = { step: openStep(home), stored: trajectories(home) };

  const third = home.start("train", "--resume", "--json");
  return {
    interrupted,
    worker: afterWorker,
    supervisor: { ...afterSupervisor, stdout: second.stdout(), stderr: second.stderr() },
    finished: await third.ended,
  };
}

const statuses = (rows: readonly { readonly status: string }[]) => rows.map((row) => row.status);

/** Every trajectory by id: its whole content except what closing its step adds (advantages). */
export function trajectories(home: Home): ReadonlyMap<number, string> {
  const rows = home.rows<{ id: number }>(`
    SELECT trajectory.id, task.step, task.position, task.name, trajectory.sample, policy_version, seed, status, stop_reason, reward,
           ended_at, message.position AS message, role, text, hex(ids) AS ids, hex(logprobs) AS logprobs, turn_reward, calls
    FROM trajectory JOIN task ON task.id = trajectory.task JOIN message ON message.trajectory = trajectory.id
    ORDER BY trajectory.id, message.position`);
  const contents = new Map<number, string>();
  for (const row of rows) contents.set(row.id, `${contents.get(row.id) ?? ""}${JSON.stringify(row)}\n`);
  return contents;
}

/** The worker that has stored a trajectory of this step and is still in it: the supervisor's child that holds the lease. */
function workerInStep(home: Home, supervisor: Started, step: number): number | null {
  const open = `SELECT 1 FROM episode JOIN step ON step.run = run_id AND step.number = step WHERE step = ${step} AND closed_at IS NULL`;
  if (asked(home, supervisor, open).length === 0) return null;
  const [lease] = home.rows<{ pid: number }>("SELECT pid FROM lease");
  return lease !== undefined && childrenOf(supervisor.pid).includes(lease.pid) ? lease.pid : null;
}

/** Rows of a store that may not exist yet; throws if the process that should fill it has ended. */
function asked(home: Home, writer: Started, sql: string): readonly unknown[] {
  if (writer.child.exitCode !== null)
    throw new Error(`playact ended too early, with ${writer.child.exitCode}:\n${writer.stderr()}`);
  try {
    return home.rows(sql);
  } catch {
    return [];
  }
}

function openStep(home: Home): OpenStep {
  const [step] = home.rows<OpenStep>(`
    SELECT number, (SELECT count(*) FROM episode WHERE step = number AND purpose = 'train') AS trajectories
    FROM step WHERE closed_at IS NULL`);
  if (step === undefined) throw new Error("no step was open: the kill came too late");
  return step;
}
