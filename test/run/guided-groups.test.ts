// The groups of a step that may be guided, stopped and replaced, with a real store and the scripted engine: a process that dies
// at any commit and is started again comes to the same groups.
import { setMaxListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { assignAdvantages } from "../../src/reward/assign.ts";
import { draws } from "../../src/rng.ts";
import { drawSpare } from "../../src/run/draw/spare.ts";
import { groupMetrics } from "../../src/run/metrics.ts";
import { playGroups } from "../../src/run/play.ts";
import type { Session } from "../../src/run/session.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { Writer } from "../../src/store/lease.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { loadTasks, saveTask } from "../../src/store/tasks.ts";
import { anyTools } from "../../src/tools/distractors.ts";
import type { Group, Json, JsonObject } from "../../src/types.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { blueprint, findTrain, found } from "../support/blueprint.ts";
import { planWith } from "../support/plan.ts";
import { dyingAt, Killed, type Moment, storeWith } from "../support/whole-run.ts";

/** Trips that the policy always, never, and sometimes gets right: the planned tasks, in this order. Spare tasks are easy. */
const cities = ["Bergen", "Narva", "Riga"];
const [easy, hopeless] = cities;
const level = 1;
const shape: ConfigInput = {
  seed: 5,
  tasks: { perStep: 3, decline: 0, hard: 0, parallel: 0, novelty: null },
  difficulty: presets.trustee.difficulty,
  engine: { policyContext: 4096 },
  rollout: { groupSize: 4, tokensPerTurn: 200, simulatorTries: 1 },
};
const whole: ConfigInput = { ...shape, rollout: { ...shape.rollout, guide: "off", stopAgreed: false } };

function session(writer: Writer, moment: Moment, input: ConfigInput): Session {
  const engine = scriptedEngine({
    say: (prompt, { seed, temperature }) => {
      const to = cities.find((city) => prompt.includes(city)) ?? "";
      const right = to === easy || (to !== hopeless && draws("turn", seed).uniform() < 0.6);
      if (temperature === 0 || !right) return "I cannot find a train.";
      const result = /NT\d+/.exec(prompt);
      if (result !== null) return `The train ${result[0]} departs at 08:25.`;
      return `<tool_call>\n{"name": "find_train", "arguments": {"from": "Oslo", "to": "${to}", "day": "${/2027-03-\d\d/.exec(prompt)?.[0]}"}}\n</tool_call>`;
    },
    reply: (request): Json => {
      if ("arguments_1" in (request.schema.properties as JsonObject)) {
        const day = `2027-03-${draws("reply", request.seed).integer(10, 28)}`;
        return { arguments_1: { from: "Oslo", to: "Bergen", day }, result_1: { train_id: "NT4", departs: "08:25" } };
      }
      const day = /day: (\S+)/.exec(request.messages.at(-1)?.content ?? "")?.[1] ?? "";
      return { message: `Which train goes from Oslo to Bergen on ${day}?` };
    },
  });
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // every reply listens
  return {
    config: configSchema.parse(input),
    writer: { ...writer, store: storeWith(writer.store, moment) },
    engine,
    learner: scriptedLearner(),
    plan: planWith(),
    progress: () => undefined,
    template: episodeTemplate(engine.vocabulary, { dialect: "hermes", markers: "pieces" }),
    toolsets: { train: [{ domain: "travel", name: "trains", tools: [findTrain] }], heldOut: [] },
    embed: null,
    distractors: anyTools,
    memory: null,
    usage: newUsage(),
    folder: "",
    pause: () => undefined,
    signal,
  };
}

/** The groups of step 1, as train() plays them. */
async function step(writer: Writer, moment: Moment, input: ConfigInput = shape): Promise<readonly Group[]> {
  const one = session(writer, moment, input);
  return playGroups(one, loadTasks(writer.store, writer.run, 1, "train"), {
    ...{ step: 1, purpose: "train", names: [one.config.seed, "step", 1] },
    ...{ groupSize: one.config.rollout.groupSize, temperature: 1, verdict: "rules" },
    spare: (number) => drawSpare(one, { step: 1, level, number }),
  });
}

const never = () => undefined;
const opened = (temporary: ReturnType<typeof temporaryStore>) => {
  const writer = newWriter(temporary.store);
  openStep(writer, 1, { level, policyVersion: 0 });
  for (const [index, to] of cities.entries()) {
    const expected = [{ ...found, arguments: { ...found.arguments, to } }];
    const firstMessage = `Which train goes from Oslo to ${to} on ${found.arguments.day}?`;
    const task = blueprint({ id: `train-${index}`, expected, firstMessage, tools: [findTrain] });
    saveTask(writer, { step: 1, purpose: "train", index }, task);
  }
  return writer;
};
/** What a group is, without row ids and seconds. */
const read = (groups: readonly Group[]) =>
  groups.map(({ index, task, trajectories, guide, stopped, unconditional }) => ({
    ...{ index, task, stopped, unconditional },
    members: [...trajectories, ...(guide === undefined ? [] : [guide.trajectory])].map((trajectory) => [
      ...[trajectory.author, trajectory.sample, trajectory.seed, trajectory.verdict?.reward],
      trajectory.messages.map(({ ids }) => ids),
    ]),
  }));
const advantage = { mode: "uniform", normalizeStd: true } as const;

describe("a step whose groups may be guided and stopped", () => {
  test("gives failed groups their guide, stops those that agree, and plays spare tasks for those that succeed", async () => {
    using temporary = temporaryStore();
    const writer = opened(temporary);
    const groups = await step(writer, never);
    // all spare tasks succeed too: the last one would make room for another, but there are as many as planned tasks
    expect(groups.map(({ index, stopped, trajectories }) => [index, stopped, trajectories.map(({ sample }) => sample)])).toEqual([
      [0, true, [0, 1]],
      [1, true, [0, 1]],
      [2, false, [0, 1, 2, 3]],
      ...[3, 4, 5].map((index) => [index, true, [0, 1]]),
    ]);
    expect(groups.map(({ guide }) => guide !== undefined)).toEqual([false, true, false, false, false, false]);
    const shown = groups[1]?.guide?.trajectory;
    expect(shown).toMatchObject({ author: "blueprint", sample: 4, verdict: { reward: 1, rules: 1 } });
    const spare = groups.slice(3);
    expect(spare.map(({ task }) => task.id)).toEqual(Array(3).fill(expect.stringMatching(/^spare-\d+-/)));
    expect(new Set(groups.map(({ task }) => task.id)).size).toBe(groups.length);

    const scored = assignAdvantages(groups, advantage);
    closeStep(writer, 1, { nextLevel: 1, nextPolicyVersion: 1, metrics: {}, checkpoint: null, groups: scored });
    // the store says the same as the metrics: over the first halves of the planned tasks, without guides
    const first = groups.filter(({ index }) => index < 3).flatMap(({ trajectories }) => trajectories.slice(0, 2));
    const mean = first.reduce((sum, { verdict }) => sum + (verdict?.reward ?? Number.NaN), 0) / first.length;
    expect(groupMetrics(scored).reward).toBeCloseTo(mean, 12);
    const [summary] = temporary.store.database.prepare("SELECT reward_mean, trajectories FROM step_summary").raw().all();
    expect(summary).toEqual([expect.closeTo(mean, 12), groups.flatMap(({ trajectories }) => trajectories).length]);
    const guides = groups.flatMap(({ guide }) => guide ?? []);
    const trained = temporary.store.database
      .prepare<[number], number>("SELECT advantage FROM message WHERE trajectory = ? AND trained = 1")
      .pluck();
    for (const { id } of guides) for (const value of trained.all(id)) expect(value).toBeGreaterThan(0);
  });

  test("killed at any commit and started again comes to the same groups, spare tasks and guides", async () => {
    using uninterrupted = temporaryStore();
    const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
    const expected = read(await step(opened(uninterrupted), moment));
    expect(seen.length).toBeGreaterThan(30);
    for (let n = 1; n <= seen.length; n++) {
      using temporary = temporaryStore();
      const writer = opened(temporary);
      await expect(step(writer, dyingAt(n).moment), `moment ${n}`).rejects.toThrow(Killed);
      expect(read(await step(writer, never)), `moment ${n}`).toEqual(expected);
      const rows = (sql: string) => temporary.store.database.prepare(sql).pluck().get();
      expect(rows("SELECT count(*) FROM trajectory"), `moment ${n}`).toBe(expected.flatMap(({ members }) => members).length);
      expect(rows("SELECT count(*) FROM task"), `moment ${n}`).toBe(expected.length);
    }
  });

  test("plays no episode otherwise than a step that has neither: the same first halves, seed by seed", async () => {
    using stopping = temporaryStore();
    using plain = temporaryStore();
    const some = await step(opened(stopping), never);
    const all = await step(opened(plain), never, whole);
    expect(all.map((group) => [group.trajectories.length, group.guide, group.stopped])).toEqual(
      Array(3).fill([4, undefined, undefined]),
    );
    for (const group of all) {
      const mine = some.find(({ index }) => index === group.index)?.trajectories ?? [];
      expect(mine.length).toBeGreaterThanOrEqual(2);
      const told = ({ seed, messages }: (typeof mine)[number]) => ({ seed, messages });
      expect(mine.map(told)).toEqual(group.trajectories.slice(0, mine.length).map(told));
    }
  });

  test("that is only guided plays every group whole, and its guides join behind all samples", async () => {
    using temporary = temporaryStore();
    const guided = { ...shape, rollout: { ...shape.rollout, stopAgreed: false } };
    const groups = await step(opened(temporary), never, guided);
    expect(groups.map(({ trajectories }) => trajectories.length)).toEqual([4, 4, 4]);
    expect(groups.map(({ guide }) => guide !== undefined)).toEqual([false, true, false]);
  });
});
