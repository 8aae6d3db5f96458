// Many concurrent episodes: tasks x samples, in the order of the tasks so that a group's shared prompt is computed once. Each
// trajectory is passed to `keep` (and committed there) as soon as it ends; those of an interrupted step are reused. Departs from
// TRUSTEE in two ways, both off in its preset: a group in which nobody succeeds gets the right episode of its task as a guide,
// and one whose first half agrees is stopped (agreement.ts). What happens to a group follows from its trajectories alone, so a
// resumed step makes the same groups, whatever was stored before.
import { type WorkItem, workOff } from "../concurrent.ts";
import type { Group, Task, Trajectory } from "../types.ts";
import { agreementOf, firstHalf, noneSolved } from "./agreement.ts";

export interface Rollouts {
  /** Tasks by index; holes are tasks that could not be written. */
  readonly tasks: ReadonlyMap<number, Task>;
  readonly groupSize: number;
  /** Trajectories of the same policy version from before an interruption, guides and those of spare tasks among them. */
  readonly done: readonly { readonly id: number; readonly taskIndex: number; readonly trajectory: Trajectory }[];
  /** Most episodes at the same time. */
  readonly concurrency: number;
  /** Plays one episode to its verdict. An exception ends the step; Stopped lets the episodes in progress finish first. */
  readonly play: (task: Task, index: number, sample: number) => Promise<Trajectory>;
  /** Stores a trajectory and returns its row id. */
  readonly keep: (taskIndex: number, trajectory: Trajectory) => Promise<number>;
  /** The guide of a task, judged; null if the rules do not approve it. Absent: there are no guides. */
  readonly guide?: (task: Task, index: number) => Promise<Trajectory | null>;
  /** Absent: all groups are played whole. */
  readonly stopAgreed?: StopAgreed;
}

/** How groups whose first half agrees are stopped. One that agrees on failure needs a guide, or is played on. */
export interface StopAgreed {
  /** Most spare tasks. */
  readonly spares: number;
  /** Spare task `number`, from 0, for the time of a group that agrees on success; null if it could not be written. */
  readonly spare: (number: number) => Promise<{ readonly index: number; readonly task: Task } | null>;
  /** Receives the change in the number of episodes to be played. */
  readonly changed: (episodes: number) => void;
}

interface Member {
  readonly id: number;
  readonly trajectory: Trajectory;
}

/** A group while it is played. */
interface Playing {
  readonly index: number;
  readonly task: Task;
  readonly isSpare: boolean;
  /** By sample. */
  readonly members: Map<number, Member>;
  /** Samples to be played, as far as decided. */
  wanted: number;
  stopped: boolean;
  guide: Member | null;
}

/** Plays the missing episodes and returns the groups, by index, their members ordered by sample. */
export async function rollOutGroups(rollouts: Rollouts): Promise<Group[]> {
  const { tasks, groupSize, done, concurrency, play, keep, stopAgreed } = rollouts;
  const groups = new Map<number, Playing>();
  let spares = 0;

  /** Opens a group with what is stored of it; returns what is to be done first. */
  function open(index: number, task: Task, isSpare: boolean): readonly WorkItem[] {
    const stored = done.filter(({ taskIndex }) => taskIndex === index);
    const sampled = stored.filter(({ trajectory }) => trajectory.author === "policy");
    const members = new Map(sampled.map(({ id, trajectory }): [number, Member] => [trajectory.sample, { id, trajectory }]));
    const [guide = null] = stored
      .filter(({ trajectory }) => trajectory.author === "blueprint")
      .map(({ id, trajectory }): Member => ({ id, trajectory }));
    const wanted = stopAgreed === undefined ? groupSize : firstHalf(groupSize);
    const group: Playing = { index, task, isSpare, members, wanted, stopped: false, guide };
    groups.set(index, group);
    return missingOf(group);
  }

  /** The episodes that a group lacks; without any, its next decision. */
  function missingOf(group: Playing): readonly WorkItem[] {
    const missing = Array.from({ length: group.wanted }, (_, sample) => sample).filter((sample) => !group.members.has(sample));
    if (missing.length === 0) return [() => decide(group)];
    return missing.map((sample) => async () => {
      const trajectory = await play(group.task, group.index, sample);
      group.members.set(sample, { id: await keep(group.index, trajectory), trajectory });
      return group.members.size < group.wanted ? [] : decide(group);
    });
  }

  /** What follows when all that a group wanted is played. */
  async function decide(group: Playing): Promise<readonly WorkItem[]> {
    const played = membersOf(group).map(({ trajectory }) => trajectory);
    const trajectories = played.filter(({ sample }) => sample < group.wanted); // more is stored of a group that was played on
    if (group.wanted === groupSize) {
      if (noneSolved(trajectories)) await guided(group);
      return [];
    }
    const agreed = agreementOf(trajectories);
    group.stopped = agreed === "success" || (agreed === "failure" && (await guided(group)));
    if (group.stopped) {
      stopAgreed?.changed(group.wanted - groupSize);
      return agreed === "success" && stopAgreed !== undefined && spares < stopAgreed.spares
        ? [spareTask(stopAgreed, spares++)]
        : [];
    }
    group.wanted = groupSize;
    return missingOf(group);
  }

  /** Gives a group its guide, if it has one; it is kept at once. */
  async function guided(group: Playing): Promise<boolean> {
    if (group.guide !== null) return true;
    const trajectory = (await rollouts.guide?.(group.task, group.index)) ?? null;
    if (trajectory !== null) group.guide = { id: await keep(group.index, trajectory), trajectory };
    return group.guide !== null;
  }

  let drawing: Promise<unknown> = Promise.resolve();
  /** One after the other, so that the same tasks are known to each whatever the timing. */
  function spareTask({ spare, changed }: StopAgreed, number: number): WorkItem {
    return async () => {
      const mine = drawing.then(() => spare(number));
      drawing = mine.catch(() => undefined);
      const drawn = await mine;
      if (drawn === null) return [];
      changed(groupSize);
      return open(drawn.index, drawn.task, true);
    };
  }

  await workOff(
    [...tasks].flatMap(([index, task]) => open(index, task, false)),
    concurrency,
  );
  return [...groups.values()].sort((a, b) => a.index - b.index).map((group) => stored(group, rollouts));
}

function membersOf({ members }: Playing): readonly Member[] {
  return [...members].sort(([a], [b]) => a - b).map(([, member]) => member);
}

function stored(group: Playing, { groupSize, stopAgreed }: Rollouts): Group {
  const { index, task, guide, stopped, isSpare } = group;
  const members = membersOf(group);
  return {
    ...{ index, task, trajectories: members.map(({ trajectory }) => trajectory), ids: members.map(({ id }) => id) },
    ...(guide === null ? {} : { guide }),
    ...(stopAgreed === undefined ? {} : { stopped, unconditional: isSpare ? 0 : firstHalf(groupSize) }),
  };
}
