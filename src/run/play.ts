// Plays one episode: the policy plays a task in the simulated world, and the judge gives the verdict. Also plays the groups of a
// step or of an evaluation, and commits each episode as soon as it ends.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { withFirstTurnVerdict } from "../reward/first-turn.ts";
import { trialCounts } from "../reward/trials.ts";
import { firstHalf } from "../rollout/agreement.ts";
import { rollOutGroups } from "../rollout/group.ts";
import { type Player, rollOut, rollOutFirstTurn } from "../rollout/rollout.ts";
import { collected } from "../simulator/exchanges.ts";
import { endingWhenAway, gone } from "../simulator/server-away.ts";
import { counted, newUsage } from "../simulator/usage.ts";
import { openWorld } from "../simulator/world.ts";
import { loadTrajectories, saveTrajectory } from "../store/trajectories.ts";
import type { Group, Purpose, Task, Trajectory } from "../types.ts";
import { commit } from "./commit.ts";
import { guideOf } from "./demonstrated.ts";
import { judgeOf, type PlayingSession } from "./judge-of.ts";
import { type Session, simulatorOf } from "./session.ts";

export interface PlayOptions {
  /** Sampling temperature; 0 is greedy. */
  readonly temperature: number;
  /** How it is judged; `first-turn`: only the first turn is played, and judged by reward/first-turn.ts. */
  readonly verdict: Config["reward"]["verdict"] | "first-turn";
  /** What the player is shown in place of the task; absent: the task. World and judge know the task alone. */
  readonly shownAs?: (task: Task) => Task;
  /** Every fault of the simulator's server ends the run: what an episode came to would be kept. Absent: only if the server is gone. */
  readonly endsWhenAway?: boolean;
}

/** Plays one episode to its verdict; all its draws derive from `names`. */
export type PlayEpisode = (task: Task, sample: number, names: readonly (string | number)[]) => Promise<Trajectory>;

export function playerOf(session: PlayingSession, options: PlayOptions): PlayEpisode {
  const { temperature, verdict, shownAs = (task) => task, endsWhenAway = false } = options;
  const { config, engine, memory = null } = session;
  const { policy, vocabulary } = engine;
  const player: Player = { ...session, policy, vocabulary, temperature, rollout: config.rollout, trial: config.trial };
  if (verdict === "first-turn") {
    return async (task, sample, names) =>
      withFirstTurnVerdict(await rollOutFirstTurn(task, player, { sample, names }), session.template.dialect);
  }
  const judge = judgeOf(session, verdict);
  const isServed = serverOf(config.models.simulator) !== null;
  return async (task, sample, names) => {
    const usage = newUsage();
    const { exchanges, keep } = collected(config.store.exchanges);
    const asked = simulatorOf(session).noting({ usage, keep });
    const simulator = isServed || endsWhenAway ? endingWhenAway(asked, endsWhenAway ? undefined : gone) : asked;
    const world = openWorld(task, simulator, { ...config.simulator, memory, trial: config.trial.world }, names);
    const { trajectory: played, lines } = await rollOut(shownAs(task), player, world, { sample, names });
    const trajectory = await judge({ trajectory: { ...played, task }, lines }, simulator);
    const trials = countsTrials(config) ? trialCounts(trajectory, config.trial.world) : {};
    return { ...trajectory, counts: { ...counted(usage), ...trajectory.counts, ...trials }, exchanges };
  };
}

/** Whether a run has trials, or tools that are not what their pages say. */
function countsTrials({ trial, tasks, evaluation }: Config): boolean {
  return trial.turns > 0 || tasks.drift > 0 || evaluation.perCell > 0;
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
): Promise<readonly Group[]> {
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
  const groups = await rollOutGroups({
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
  const before = new Set(done.map(({ id }) => id));
  const played = groups.flatMap(({ trajectories, ids }) =>
    trajectories.filter((_, member) => !before.has(ids[member] ?? Number.NaN)),
  );
  const late = lateTurns(played, session.config);
  if (late !== null) session.progress({ kind: "warning", text: late, step: playing.step });
  return groups;
}

/** What to say where a slow machine cut turns off; null: it did not. */
function lateTurns(played: readonly Trajectory[], { rollout }: Pick<Config, "rollout">): string | null {
  const late = played.filter(({ stopReason }) => stopReason === "turn_deadline").length;
  if (late === 0) return null;
  return `${late} of ${played.length} episodes ended because a turn took more than ${rollout.turnSeconds} s, and are judged as they are: for a run on this machine raise rollout.turnSeconds or lower engine.policySequences`;
}
