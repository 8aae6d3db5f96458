import { describe, expect, test } from "vitest";
import { Stopped } from "../../src/errors.ts";
import { type Rollouts, rollOutGroups } from "../../src/rollout/group.ts";
import type { Trajectory } from "../../src/types.ts";
import { blueprint, found, says } from "../support/blueprint.ts";
import { episodeOf, type Play, stage, verdictOn } from "../support/stage.ts";

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
  }, 20_000);

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
