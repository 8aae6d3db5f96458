// How an episode comes about: the policy plays a task in the simulated world, and the judge gives the verdict. And how many
// of them become the groups of a step or of an evaluation, each committed the moment it ends.
import type { Config } from "../config/config.ts";
import { findModel } from "../models/manifest.ts";
import { type Court, judge } from "../reward/judge.ts";
import { demonstrate } from "../rollout/demonstration.ts";
import { rollOutGroups } from "../rollout/group.ts";
import { rollOut, type Scene } from "../rollout/rollout.ts";
import { criteriaCap } from "../simulator/criteria.ts";
import { loadTrajectories, saveTrajectory } from "../store/trajectories.ts";
import type { Purpose, StoredGroup, Task, Trajectory } from "../types.ts";
import { commit } from "./commit.ts";
import { counted, type Session } from "./session.ts";

/** What episodes and their verdicts need of a session. */
type Stage = Pick<Session, "config" | "engine" | "template" | "dialect" | "tally" | "signal">;

export interface Manner {
  /** Of sampling; 0 is greedy. */
  readonly temperature: number;
  readonly verdict: Config["reward"]["verdict"];
}

/** Plays one episode to its verdict; all its draws derive from `names`. */
export type PlayEpisode = (task: Task, sample: number, names: readonly (string | number)[]) => Promise<Trajectory>;

export function playerOf(session: Stage, { temperature, verdict }: Manner): PlayEpisode {
  const scene = sceneOf(session, temperature);
  const court = courtOf(session, verdict);
  return async (task, sample, names) => judge(await rollOut(task, sample, names, scene), court);
}

/** The right episode of a task, as its blueprint has it, and what the rules say to it. */
export function demonstrated(session: Stage, task: Task, names: readonly (string | number)[]): Promise<Trajectory> {
  const { engine, template, dialect, config } = session;
  const { vocabulary } = engine;
  const scene = { vocabulary, template, dialect, policyVersion: 0, toolChars: config.rollout.toolChars };
  return judge({ trajectory: demonstrate(task, names, scene), lines: [] }, courtOf(session, "rules"));
}

/** Where the groups of a step or of an evaluation belong, and how they are played. */
export interface Playing extends Manner {
  readonly step: number;
  readonly purpose: Purpose;
  /** Of an evaluation: which policy is judged. */
  readonly phase?: string;
  readonly groupSize: number;
  /** Seed names; the task's index and the sample are added. */
  readonly names: readonly (string | number)[];
}

/** Plays every task `groupSize` times; what was played before a resume is taken over. */
export async function playGroups(
  session: Session,
  tasks: ReadonlyMap<number, Task>,
  playing: Playing,
): Promise<readonly StoredGroup[]> {
  const { writer, engine } = session;
  const play = playerOf(session, playing);
  const done = loadTrajectories(writer.store, writer.run, playing);
  let finished = done.length;
  const total = tasks.size * playing.groupSize;
  return rollOutGroups({
    tasks,
    groupSize: playing.groupSize,
    done,
    concurrency: engine.sequences.policy + engine.sequences.simulator,
    play: (task, index, sample) => {
      session.pause();
      return play(task, sample, [...playing.names, index, sample]);
    },
    keep: async (task, trajectory) => {
      const id = await commit(session, () => saveTrajectory(writer, { ...playing, task }, trajectory));
      session.progress({ kind: "count", text: "episodes", done: ++finished, of: total });
      return id;
    },
  });
}

function sceneOf(session: Stage, temperature: number): Scene {
  const { config, engine, template, dialect, signal } = session;
  return {
    policy: engine.policy,
    vocabulary: engine.vocabulary,
    template,
    dialect,
    simulator: engine.simulator,
    patience: counted(session),
    temperature,
    turnMs: config.rollout.turnSeconds * 1000,
    parallelCalls: config.rollout.parallelCalls,
    toolChars: config.rollout.toolChars,
    user: config.simulator.user,
    tools: config.simulator.tools,
    withhold: config.simulator.withhold,
    signal,
  };
}

function courtOf(session: Stage, kind: Config["reward"]["verdict"]): Court {
  const { config, engine, dialect, signal } = session;
  const { withhold } = config.simulator;
  return {
    simulator: engine.simulator,
    patience: counted(session),
    dialect,
    kind,
    withhold,
    maxCriteria: config.simulator.maxCriteria ?? criteriaCap(findModel(config.models.simulator).parameters),
    scales: new Map(),
    signal,
  };
}
