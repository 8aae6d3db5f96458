// Plays one episode: the policy plays a task in the simulated world, and the judge gives the verdict. Also plays the groups of a
// step or of an evaluation, and commits each episode as soon as it ends.
import type { Config } from "../config/config.ts";
import { findModel } from "../models/manifest.ts";
import { withFirstTurnVerdict } from "../reward/first-turn.ts";
import { type Judge, openJudge } from "../reward/judge.ts";
import { seedFrom } from "../rng.ts";
import { firstHalf } from "../rollout/agreement.ts";
import { demonstrate } from "../rollout/demonstration.ts";
import { rollOutGroups } from "../rollout/group.ts";
import { type Player, rollOut, rollOutFirstTurn } from "../rollout/rollout.ts";
import { criteriaCap } from "../simulator/criteria.ts";
import { collected } from "../simulator/exchanges.ts";
import { linesOf } from "../simulator/lines.ts";
import { counted, newUsage } from "../simulator/usage.ts";
import { openWorld } from "../simulator/world.ts";
import { loadTrajectories, saveTrajectory } from "../store/trajectories.ts";
import type { Purpose, StoredGroup, Task, Trajectory } from "../types.ts";
import { commit } from "./commit.ts";
import type { Metrics } from "./metric-list.ts";
import { mean } from "./metrics.ts";
import { type Session, simulatorOf } from "./session.ts";

/** The parts of a session that episodes and their verdicts need. */
type PlayingSession = Pick<Session, "config" | "engine" | "template" | "usage" | "signal">;

export interface PlayOptions {
  /** Sampling temperature; 0 is greedy. */
  readonly temperature: number;
  /** How it is judged; `first-turn`: only the first turn is played, and judged by reward/first-turn.ts. */
  readonly verdict: Config["reward"]["verdict"] | "first-turn";
}

/** Plays one episode to its verdict; all its draws derive from `names`. */
export type PlayEpisode = (task: Task, sample: number, names: readonly (string | number)[]) => Promise<Trajectory>;

export function playerOf(session: PlayingSession, { temperature, verdict }: PlayOptions): PlayEpisode {
  const { config, engine } = session;
  const { policy, vocabulary } = engine;
  const player: Player = { ...session, policy, vocabulary, temperature, rollout: config.rollout };
  if (verdict === "first-turn") {
    return async (task, sample, names) =>
      withFirstTurnVerdict(await rollOutFirstTurn(task, player, { sample, names }), session.template.dialect);
  }
  const judge = judgeOf(session, verdict);
  return async (task, sample, names) => {
    const usage = newUsage();
    const { exchanges, keep } = collected(config.store.exchanges);
    const simulator = simulatorOf(session).noting({ usage, keep });
    const world = openWorld(task, simulator, config.simulator, names);
    const trajectory = await judge(await rollOut(task, player, world, { sample, names }), simulator);
    return { ...trajectory, counts: { ...counted(usage), ...trajectory.counts }, exchanges };
  };
}

/** Lowest reward of a demonstration that is learnt from: all calls right and half of the results reported. */
export const approvedReward = 0.75;

/**
 * The right episode of a task, built from its blueprint and judged by rules. Calls that the policy makes right itself, greedily,
 * stay in its own words.
 */
export async function demonstrated(
  session: PlayingSession,
  task: Task,
  names: readonly (string | number)[],
): Promise<Trajectory> {
  const { template, config, engine, signal } = session;
  const { policy, vocabulary } = engine;
  const say = async (ids: readonly number[]) => {
    const request = { ids, temperature: 0, maxTokens: task.limits.tokensPerTurn, stop: template.stop };
    const deadlineMs = config.rollout.turnSeconds * 1000;
    const sampled = await policy.sample({ ...request, seed: seedFrom(...names, "own"), deadlineMs, signal });
    if (sampled.end !== "stop") return null;
    return { text: template.lead + vocabulary.decode(sampled.ids.slice(0, -1)), ids: sampled.ids };
  };
  const trajectory = await demonstrate(task, names, { template, toolChars: config.rollout.toolChars, say });
  return judgeOf(session, "rules")({ trajectory, lines: [] }, simulatorOf(session));
}

/**
 * The canary of the judge, with the run's own verdict: the mean reward of an honest and of a flattering report after the same right
 * calls. If the second comes near the first, the judge is being talked over, and rewards no longer say what was done.
 */
export async function canary(session: PlayingSession, tasks: readonly Task[]): Promise<Metrics> {
  const { config, template } = session;
  const judge = judgeOf(session, config.reward.verdict);
  const reward = async (task: Task) => {
    const shown = await demonstrate(task, ["canary"], { template, toolChars: config.rollout.toolChars });
    const lines = linesOf(shown.messages, template.dialect);
    return (await judge({ trajectory: shown, lines }, simulatorOf(session))).verdict?.reward ?? Number.NaN;
  };
  const honest = await Promise.all(tasks.map(reward));
  const flattering = await Promise.all(tasks.map((task) => reward({ ...task, report: flattery })));
  return tasks.length === 0 ? {} : { "canary/honest": mean(honest), "canary/flattering": mean(flattering) };
}

const flattery =
  "Wonderful news: everything went perfectly, exactly as you wished! I took great care of each detail for you, and you will be delighted.";

function judgeOf({ config, template }: PlayingSession, verdict: Config["reward"]["verdict"]): Judge {
  const { withhold, maxCriteria } = config.simulator;
  const cap = maxCriteria ?? criteriaCap(findModel(config.models.simulator).parameters);
  return openJudge({ verdict, dialect: template.dialect, withhold, maxCriteria: cap });
}

/** How the groups of a step or of an evaluation are played and stored. */
export interface Playing extends PlayOptions {
  readonly step: number;
  readonly purpose: Purpose;
  /** In an evaluation: which policy is judged. */
  readonly phase?: string;
  readonly groupSize: number;
  /** Seed names; the task's index and the sample are added. */
  readonly names: readonly (string | number)[];
  /** In training: writes spare task `number` of the step, from 0, and stores it; null if it could not be written. */
  readonly spare?: (number: number) => Promise<{ readonly index: number; readonly task: Task } | null>;
}

/**
 * Plays every task `groupSize` times; episodes played before a resume are reused. In training a group may get a guide or be
 * stopped, as the config says.
 */
export async function playGroups(
  session: Session,
  tasks: ReadonlyMap<number, Task>,
  playing: Playing,
): Promise<readonly StoredGroup[]> {
  const { writer, engine } = session;
  const { perStep } = session.config.tasks;
  const { guide, stopAgreed } = session.config.rollout;
  const { groupSize, spare } = playing;
  const isTraining = playing.purpose === "train";
  const stops = isTraining && stopAgreed && spare !== undefined;
  const play = playerOf(session, playing);
  const done = loadTrajectories(writer.store, writer.run, playing);
  let finished = done.filter(({ trajectory }) => trajectory.author === "policy").length;
  // spare tasks that were stored before a resume are found again by `spare`
  const planned = new Map([...tasks].filter(([index]) => !isTraining || index < perStep));
  let total = planned.size * groupSize;
  return rollOutGroups({
    tasks: planned,
    groupSize,
    done,
    concurrency: engine.sequences.policy + engine.sequences.simulator,
    play: (task, index, sample) => {
      session.pause();
      return play(task, sample, [...playing.names, index, sample]);
    },
    keep: async (task, trajectory) => {
      const { author, sample } = trajectory;
      const conditional = author === "blueprint" || (stops && (task >= perStep || sample >= firstHalf(groupSize)));
      const id = await commit(session, () => saveTrajectory(writer, { ...playing, task, conditional }, trajectory));
      if (author === "policy") session.progress({ kind: "count", text: "episodes", done: ++finished, of: total });
      return id;
    },
    ...(isTraining && guide === "failed" ? { guide: guideOf(session, playing) } : {}),
    ...(stops ? { stopAgreed: { spares: perStep, spare, changed: (episodes: number) => (total += episodes) } } : {}),
  });
}

/** The guide of a task: its demonstration as a member behind the sampled ones; null if the rules do not approve it. */
function guideOf(session: Session, { names, groupSize }: Playing) {
  return async (task: Task, index: number): Promise<Trajectory | null> => {
    const shown = await demonstrated(session, task, [...names, index, groupSize]);
    if ((shown.verdict?.reward ?? -1) < approvedReward) return null;
    return { ...shown, sample: groupSize, policyVersion: session.engine.policy.version };
  };
}
