// A whole run of train() with the doubles of engine and learner and a real store: two steps after a warm-up in a third of a
// second, with a callback at each moment at which a process may end, and the run's complete results.
import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type BetterSqlite from "better-sqlite3";
import { type Config, configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import { PlayactError } from "../../src/errors.ts";
import { trainedPart } from "../../src/learner/batch.ts";
import type { Learner, UpdateRequest } from "../../src/learner/learner.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { type ChatModel, type Engine, noCounters, type ReplyRequest } from "../../src/llm/llm.ts";
import { type Script, scriptedEngine } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { draws } from "../../src/rng.ts";
import { memoryOf } from "../../src/run/memory.ts";
import { restAtFirst } from "../../src/run/residency.ts";
import type { ProgressEvent, Session } from "../../src/run/session.ts";
import { newUsage, type Usage } from "../../src/simulator/usage.ts";
import { checkpointFolder, listCheckpoints } from "../../src/store/checkpoints.ts";
import { runFolder } from "../../src/store/home.ts";
import { acquireLease, releaseLease } from "../../src/store/lease.ts";
import type { RunRow } from "../../src/store/run-row.ts";
import { createRun } from "../../src/store/runs.ts";
import type { Store } from "../../src/store/store.ts";
import { anyTools } from "../../src/tools/distractors.ts";
import { train } from "../../src/train.ts";
import type { Json, JsonObject, ToolSpec } from "../../src/types.ts";
import type { Temporary } from "../store/temporary.ts";
import { openRequest } from "../suites/learner.suite.ts";
import { findTrain } from "./blueprint.ts";
import { planWith } from "./plan.ts";

export const cities = ["Bergen", "Trondheim", "Narva", "Malmo", "Turku", "Vaasa", "Tartu", "Riga"];
/** The run's config without a change. */
export const wholeConfig = configSchema.parse({
  steps: 2,
  seed: 5,
  keepCheckpoints: 0,
  tasks: { perStep: 2, decline: 0, hard: 0, parallel: 0, novelty: null },
  difficulty: presets.trustee.difficulty,
  curriculum: presets.trustee.curriculum,
  engine: { policyContext: 4096 },
  rollout: { groupSize: 2, tokensPerTurn: 200, simulatorTries: 1 },
  learner: { klCoef: 0.001, tasksPerMinibatch: 4 },
  evaluation: { tasks: 1, decisions: 2, every: 1 },
  warmup: { when: "always", demonstrations: 2, declineShare: 0.5, epochs: 1, batch: 2 },
});

/** A moment at which a process may end; called before and after everything with an effect outside the process. */
export type Moment = (name: string) => void;

export class Killed extends Error {}

/** Ends the process at the n-th moment, and fails everything that it tries after that. */
export function dyingAt(n: number): { readonly moment: Moment; readonly seen: readonly string[] } {
  const seen: string[] = [];
  const moment = (name: string) => {
    seen.push(name);
    if (seen.length >= n) throw new Killed(name);
  };
  return { moment, seen };
}

/** A store that calls `moment` around each commit. */
export function storeWith({ path, database }: Store, moment: Moment): Store {
  const transaction = (work: (database: BetterSqlite.Database) => unknown) => {
    const real = database.transaction(work);
    const immediate = (given: BetterSqlite.Database) => {
      moment("before a commit");
      const value = real.immediate(given);
      moment("after a commit");
      return value;
    };
    return { immediate };
  };
  const proxy = new Proxy(database, {
    get(target, name) {
      if (name === "transaction") return transaction;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { path, database: proxy, [Symbol.dispose]: () => undefined };
}

/** The simulator's replies, for a double in this process or behind a server. */
export const simulatorReply = (request: Pick<ReplyRequest, "schema" | "seed" | "messages">): Json => {
  if ("arguments_1" in (request.schema.properties as JsonObject)) {
    const to = draws("reply", request.seed).pick(cities);
    return { arguments_1: { from: "Oslo", to, day: "2027-03-02" }, result_1: { train_id: "NT4", departs: "08:25" } };
  }
  const to = /to: (\w+)/.exec(request.messages.at(-1)?.content ?? "")?.[1] ?? "";
  return { message: `Which train goes from Oslo to ${to} on 2027-03-02?` };
};

/** Calls first, blueprint and rules. */
function usualScript(decide: Process["decide"]): Script {
  return {
    // some turns are the call that the user asked for or a report; the others depend on the adapter
    say: (prompt, { seed, temperature }, { adapter, version }) => {
      if (!prompt.includes("Oslo")) return "Which?"; // a task of the probe
      if (temperature === 0 && decide?.(version) === false) return "I have not decided.";
      if (draws("turn", seed, adapter ?? "base").uniform() < 0.4) return `There is no train, says ${adapter?.slice(0, 8)}.`;
      const to = cities.find((city) => prompt.includes(city)) ?? "Bergen";
      if (prompt.includes("departs")) return "The train NT4 departs at 08:25.";
      return `<tool_call>\n{"name": "find_train", "arguments": {"from": "Oslo", "to": "${to}", "day": "2027-03-02"}}\n</tool_call>`;
    },
    reply: simulatorReply,
  };
}

function engineWith(moment: Moment, script: Script, simulator?: ChatModel): Engine {
  const engine = scriptedEngine(script);
  return {
    ...engine,
    simulator: simulator ?? engine.simulator,
    get policy() {
      return engine.policy;
    },
    swap: async (adapter, version) => {
      moment("before a swap");
      const policy = await engine.swap(adapter, version);
      moment("after a swap");
      return policy;
    },
    counters: () => ({ policy: noCounters, simulator: noCounters }),
  };
}

/** Tokens of a sample. */
const anyLength = 100_000;

/**
 * Gives the log-probs of an engine of its own, so that the probe after a swap finds what it expects, and runs out of memory on a
 * sample that is too long, as the real one would.
 */
function learnerWith({ moment = () => {}, updated, longestSample = anyLength }: Process): Learner {
  const learner = scriptedLearner();
  /** Has the adapter that was saved or restored last. */
  const own = scriptedEngine();
  return {
    ...learner,
    logprobs: async (samples, which, temperature) => {
      await learner.logprobs([], which, temperature); // refused at rest
      return Promise.all(samples.map((ids) => own.score(ids)));
    },
    update: async (request) => {
      moment("before an update");
      updated?.(request);
      if (request.minibatches.flat().some((sample) => trainedPart(sample).length > longestSample))
        throw new PlayactError("memory", "one update ran out of memory twice");
      const reply = await learner.update(request);
      moment("after an update");
      return reply;
    },
    save: async (folder) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "half"), "");
      moment("in a save");
      rmSync(join(folder, "half"));
      const saved = await learner.save(folder);
      await own.swap({ path: saved.gguf, hash: saved.hash }, 0);
      moment("after a save");
      return saved;
    },
    restore: async (folder) => {
      await learner.restore(folder);
      const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".gguf")) ?? "");
      await own.swap({ path, hash: createHash("sha256").update(readFileSync(path)).digest("hex") }, 0);
    },
  };
}

export interface Process {
  readonly moment?: Moment;
  readonly progress?: (event: ProgressEvent) => void;
  readonly token: string;
  /** The process's counts of simulator usage. */
  readonly usage?: Usage;
  /** Plays the simulator in place of the double's. */
  readonly simulator?: ChatModel;
  /** Tokens of the longest sample that fits into the learner's memory. */
  readonly longestSample?: number;
  /** Whether the policy of a version decides as always when it plays greedily; false: all it says is wrong. */
  readonly decide?: (version: number) => boolean;
  /** Plays another world than the usual one, with these tools. */
  readonly script?: Script;
  readonly tools?: readonly ToolSpec[];
  /** Seats the teacher of the warm-up. */
  readonly withTeacher?: Session["withTeacher"];
  /** Gets each request to train. */
  readonly updated?: (request: UpdateRequest) => void;
}

/** One process that trains the run until it ends or dies. */
export async function life({ store, home }: Temporary, run: RunRow, lived: Process) {
  const { moment = () => {}, progress = () => {}, usage = newUsage(), token, longestSample = anyLength } = lived;
  const writer = { ...acquireLease(store, run, { pid: process.pid, token }), store: storeWith(store, moment) };
  const engine = engineWith(moment, lived.script ?? usualScript(lived.decide), lived.simulator);
  const learner = learnerWith(lived);
  await learner.open(openRequest);
  const { residency } = run.config.engine;
  const plan = planWith(longestSample, residency === "auto" ? "together" : residency);
  await restAtFirst(learner, plan);
  const toolset = { domain: "travel", name: "trains", tools: lived.tools ?? [findTrain] };
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // as in the worker: every wait adds one
  const session: Session = {
    ...{ config: run.config, writer, engine, learner, progress, plan },
    ...(lived.withTeacher === undefined ? {} : { withTeacher: lived.withTeacher }),
    template: episodeTemplate(engine.vocabulary, { dialect: "hermes", markers: "pieces" }),
    toolsets: { train: [toolset], heldOut: [toolset] },
    embed: null,
    distractors: anyTools,
    memory: memoryOf(run.config, { writer, progress, signal }),
    usage,
    folder: runFolder(home, run.name),
    pause: () => undefined,
    signal,
  };
  mkdirSync(session.folder, { recursive: true });
  try {
    await train(session);
  } finally {
    releaseLease({ store, token }); // as the supervisor does for a worker that has ended
  }
}

/** Metrics that count one process's work, not what is stored: they omit drafts and replies that a kill has lost. */
const ofOneProcess = /^(step_time|time\/.*|tasks\/(rejected\/.*|plain_messages)|simulator\/(?!refused|aborted).*)$/;

/** The complete results of a run. */
export function outcome({ store, home }: Temporary, run: RunRow) {
  const rows = (sql: string) => store.database.prepare<[], unknown[]>(sql).raw().all();
  const [newest] = listCheckpoints(store, run);
  return {
    steps: rows("SELECT number, level, policy_version, next_level, next_policy_version FROM step ORDER BY number"),
    tasks: rows("SELECT step, purpose, position, body FROM task ORDER BY step, purpose, position"),
    episodes:
      rows(`SELECT step, purpose, phase, position, sample, trajectory.policy_version, seed, status, reward, ids_sha256, counts
      FROM trajectory JOIN task ON task.id = task ORDER BY step, purpose, phase, position, sample`),
    messages: rows(`SELECT text, hex(ids), hex(logprobs), advantage FROM message JOIN trajectory ON trajectory.id = trajectory
      JOIN task ON task.id = task ORDER BY step, purpose, trajectory.phase, task.position, trajectory.sample, message.position`),
    exchanges: rows(`SELECT step, purpose, phase, task, sample, question.role, attempt, reply, problem, question.seed, prompt
      FROM question LEFT JOIN (SELECT id, sample FROM trajectory) AS played ON played.id = question.trajectory
      ORDER BY step, purpose, phase, task, sample, question.id`),
    metrics: rows("SELECT step, name, value FROM metric ORDER BY step, name").filter((row) => !ofOneProcess.test(String(row[1]))),
    evaluations: rows("SELECT phase, name, value FROM evaluation_metric WHERE phase NOT LIKE '%tasks' ORDER BY phase, name"),
    checkpoints: rows("SELECT step, adapter_hash, files FROM checkpoint ORDER BY step"),
    adapters: listCheckpoints(store, run).map(({ adapterHash }) => adapterHash),
    folders: readdirSync(runFolder(home, run.name)).length,
    newest: newest && readdirSync(checkpointFolder(store, newest)).sort(),
  };
}

export function newRun(temporary: Temporary, change: Partial<Config> = {}): RunRow {
  return createRun(temporary.store, { preset: "tiny", config: { ...wholeConfig, ...change }, versions: {} });
}

/** Folders in lost/, left by a run's deaths. */
export function lostOf({ home }: Temporary): string[] {
  return readdirSync(home).includes("lost") ? readdirSync(join(home, "lost")) : [];
}
