import { describe, expect, test } from "vitest";
import { Stopped } from "../../src/errors.ts";
import { type Rollouts, rollOutGroups } from "../../src/rollout/group.ts";
import type { Task, Trajectory } from "../../src/types.ts";
import { blueprint, found, says } from "../support/blueprint.ts";
import { episodeOf, type Play, stage, verdictOn } from "../support/stage.ts";
import { aborted, judged } from "../support/trajectory.ts";

const tasks = new Map([
  [0, blueprint({ id: "first" })],
  [2, blueprint({ id: "third" })], // task 1 could not be written
]);

interface Kept {
  readonly id: number;
  readonly taskIndex: number;
  readonly trajectory: Trajectory;
}

function open(play: Play = { turns: ["I cannot."] }, change: Partial<Rollouts> & { readonly stopping?: () => boolean } = {}) {
  const kept: Kept[] = [];
  const played = stage(play);
  const { asked } = played;
  const { stopping = () => false, ...changed } = change;
  const rollouts: Rollouts = {
    tasks,
    groupSize: 3,
    done: [],
    concurrency: 2,
    play: async (task, index, sample) => {
      if (stopping()) throw new Stopped();
      const episode = await episodeOf(played, task, ["run", 1, index, sample], sample);
      return verdictOn(played, episode, "rules");
    },
    keep: async (taskIndex, trajectory) => kept.push({ id: 10 + kept.length, taskIndex, trajectory }) + 9,
    ...changed,
  };
  return { run: () => rollOutGroups(rollouts), kept, asked };
}
const places = (kept: readonly Kept[]) => kept.map(({ taskIndex, trajectory }) => `${taskIndex}/${trajectory.sample}`);

describe("the groups of a step", () => {
  test("are rolled out whole, in the order of tasks and samples, each trajectory judged and kept as it ends", async () => {
    const { run, kept } = open();
    const groups = await run();
    expect(groups.map(({ index, task, trajectories }) => [index, task.id, trajectories.map(({ sample }) => sample)])).toEqual([
      [0, "first", [0, 1, 2]],
      [2, "third", [0, 1, 2]],
    ]);
    expect(places(kept).sort()).toEqual(["0/0", "0/1", "0/2", "2/0", "2/1", "2/2"]);
    expect(kept.every(({ trajectory }) => trajectory.verdict?.reward === -1)).toBe(true);
    const byId = new Map(kept.map(({ id, trajectory }) => [id, trajectory]));
    for (const { ids, trajectories } of groups) expect(ids.map((id) => byId.get(id))).toEqual(trajectories);
  });

  test("take over what was finished before and run only the missing episodes, which come out as they would have", async () => {
    const play: Play = { turns: [null] };
    const whole = open(play);
    const groups = await whole.run();
    const done = whole.kept.filter(({ taskIndex, trajectory }) => taskIndex === 0 || trajectory.sample === 1);
    const resumed = open(play, { done });
    const again = await resumed.run();
    expect(places(resumed.kept)).toEqual(["2/0", "2/2"]);
    const read = (all: typeof groups) =>
      all.flatMap(({ trajectories }) => trajectories.map(({ messages, sample }) => ({ messages, sample })));
    expect(read(again)).toEqual(read(groups));
    expect(again[0]?.trajectories[0]).toBe(done.find(({ trajectory }) => trajectory.sample === 0)?.trajectory);
  });

  test("that were all finished before ask no model", async () => {
    const first = open();
    await first.run();
    const again = open({}, { done: first.kept });
    expect(await again.run()).toHaveLength(2);
    expect([again.asked.samples, again.kept]).toEqual([[], []]);
  });

  test("have samples that differ by their seeds alone", async () => {
    const { run } = open({ turns: [null] });
    const texts = (await run()).flatMap(({ trajectories }) => trajectories.map(({ messages }) => messages.at(-1)?.text));
    expect(new Set(texts).size).toBe(6);
  });

  test("stopped on request: the episodes in progress finish and are kept, no other starts, and there are no groups", async () => {
    let stop = false;
    const { run, kept, asked } = open(
      {
        say: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          stop = true;
          return "I cannot.";
        },
      },
      { stopping: () => stop },
    );
    await expect(run()).rejects.toThrow(Stopped);
    expect(places(kept).sort()).toEqual(["0/0", "0/1"]); // as many as run at a time
    expect(asked.samples).toHaveLength(2);
  });

  test("asked to stop when nothing is missing are handed over all the same", async () => {
    const first = open();
    await first.run();
    expect(await open({}, { done: first.kept, stopping: () => true }).run()).toHaveLength(2);
  });

  test("never run more episodes at a time than allowed", async () => {
    for (const concurrency of [1, 4, 100]) {
      let running = 0;
      let most = 0;
      const { run } = open(
        {
          say: async () => {
            most = Math.max(most, ++running);
            for (let wait = 0; wait < 5; wait++) await new Promise((resolve) => setImmediate(resolve));
            running--;
            return "I cannot.";
          },
        },
        { concurrency },
      );
      await run();
      expect(most).toBe(Math.min(concurrency, 6));
    }
  });

  test("keep an aborted episode as a member without a verdict", async () => {
    const hamar = says({ ...found, arguments: { ...found.arguments, to: "Hamar" } });
    const { run, kept } = open({ turns: [hamar], reply: () => "broken" });
    const groups = await run();
    expect(groups.flatMap(({ trajectories }) => trajectories.map(({ status }) => status))).toEqual(Array(6).fill("aborted"));
    expect(kept.map(({ trajectory }) => trajectory.verdict)).toEqual(Array(6).fill(null));
  });

  test("fail as a whole when an episode throws", async () => {
    const broken = {
      keep: () => {
        throw new Error("disk full");
      },
    };
    await expect(open(undefined, broken).run()).rejects.toThrow("disk full");
  });
});

describe("groups that may be stopped", () => {
  /** Groups of four whose episodes come to these rewards, by task and sample; null: aborted. */
  function played(rewards: readonly (readonly (number | null)[])[], change: Partial<Rollouts> = {}, spares = 9) {
    const begun: string[] = [];
    const changes: number[] = [];
    const kept: Kept[] = [];
    const rollouts: Rollouts = {
      tasks: new Map(rewards.slice(0, 2).map((_, index) => [index, blueprint({ id: `task ${index}` })])),
      groupSize: 4,
      done: [],
      concurrency: 4,
      play: async (_, index, sample) => {
        begun.push(`${index}/${sample}`);
        const reward = rewards[index]?.[sample] ?? null;
        return reward === null ? aborted({ sample }) : judged(reward, { sample });
      },
      keep: async (taskIndex, trajectory) => kept.push({ id: kept.length, taskIndex, trajectory }) - 1,
      guide: async () => judged(1, { author: "blueprint", sample: 4 }),
      stopAgreed: {
        spares,
        spare: async (number) => (2 + number < rewards.length ? { index: 2 + number, task: blueprint() } : null),
        changed: (episodes) => changes.push(episodes),
      },
      ...change,
    };
    return { run: () => rollOutGroups(rollouts), begun, changes, kept };
  }
  const shape = (groups: Awaited<ReturnType<typeof rollOutGroups>>) =>
    groups.map(({ trajectories, guide, stopped }) => [trajectories.length, guide !== undefined, stopped]);

  test("end as their first halves say, and say by how many episodes the step changes", async () => {
    const { run, changes } = played([
      [1, 1, -1, -1],
      [-1, -1, 1, 1],
      [1, -1, -1, -1],
    ]);
    expect(shape(await run())).toEqual([
      [2, false, true],
      [2, true, true],
      [4, false, false],
    ]);
    expect(changes.toSorted((a, b) => a - b)).toEqual([-2, -2, 4]);
  });

  test("are played on after a failure that has no approved guide; a guide is asked for again at the end", async () => {
    const none = { guide: async () => null };
    expect(shape(await played([[-1, -1, -1, 1]], none).run())).toEqual([[4, false, false]]);
    expect(shape(await played([[-1, 0, -1, 0.25]]).run())).toEqual([[4, true, false]]);
    expect(shape(await played([[null, null, null, null]]).run())).toEqual([[4, false, false]]);
  });

  test("get no more spare tasks than allowed, and none where none could be written", async () => {
    const four = Array(9).fill([1, 1, 1, 1]);
    expect(await played(four, {}, 3).run()).toHaveLength(5);
    expect(await played(four.slice(0, 2)).run()).toHaveLength(2);
  });

  test("start what follows as soon as they are decided, while others still play their first halves", async () => {
    let free = () => {};
    const blocked = new Promise<void>((resolve) => {
      free = resolve;
    });
    const begun: string[] = [];
    const play = async (_: Task, index: number, sample: number) => {
      begun.push(`${index}/${sample}`);
      if (index === 1 && sample === 1) await blocked;
      if (index === 2 && sample === 3) free(); // it would wait for ever behind a barrier
      return judged(index === 0 ? 1 : sample % 2, { sample });
    };
    const rewards = [[], [], []];
    const { run } = played(rewards, { play });
    expect(shape(await run())).toEqual([
      [2, false, true],
      [4, false, false],
      [4, false, false],
    ]);
    expect(begun.indexOf("2/3")).toBeLessThan(begun.indexOf("1/2"));
  });

  test("are decided by their first half alone, also when more of them is stored", async () => {
    const rewards = [[1, null, 1, 1]]; // one judged member agrees with nobody, so that the group was played on
    const first = played(rewards);
    const groups = await first.run();
    expect(shape(groups)).toEqual([[4, false, false]]);
    const again = played(rewards, { done: first.kept });
    expect(shape(await again.run())).toEqual([[4, false, false]]);
    expect(again.begun).toEqual([]);
  });

  test("keep the guide that is stored", async () => {
    const first = played([[-1, -1]]);
    const [group] = await first.run();
    const again = played([[-1, -1]], { done: first.kept, guide: () => Promise.reject(new Error("another guide")) });
    const [same] = await again.run();
    expect(same?.guide).toEqual(group?.guide);
    expect(again.kept).toEqual([]);
  });
});
