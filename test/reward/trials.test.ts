// What trials cost and what they came to; and that a verdict goes by what tools are, and by the execution alone.
import { describe, expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { checkConfig } from "../../src/config/resolve.ts";
import { actingTurn } from "../../src/llm/text/trial.ts";
import { assignAdvantages, stepAdvantages } from "../../src/reward/assign.ts";
import { withFirstTurnVerdict } from "../../src/reward/first-turn.ts";
import { trialCounts } from "../../src/reward/trials.ts";
import { isSolved } from "../../src/reward/verdict.ts";
import { rollOutFirstTurn } from "../../src/rollout/rollout.ts";
import { blameFor } from "../../src/rules/blame.ts";
import { pageCall } from "../../src/rules/drift.ts";
import { playerOf } from "../../src/run/play.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { Drift, Task, ToolCall, Trajectory } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, says } from "../support/blueprint.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";
import { aborted, judged } from "../support/trajectory.ts";
import { drifting, trials, tries } from "../support/trials.ts";

const answer = "The train is NT418, it leaves at 08:25.";

/** An episode of these turns, judged by rules. */
async function play(task: Task, turns: readonly string[], trial = trials()): Promise<Trajectory> {
  const played = stage({ turns, reply: () => ({ price: 5 }) }, { trial });
  return verdictOn(played, await episodeOf(played, task), "rules");
}

/** A task with an untrue page: its drift, the right call, and the call by the page. */
function drifted(kind: Drift["kind"]): { task: Task; drift: Drift; right: ToolCall; paged: ToolCall } {
  const task = drifting(kind);
  const [right] = task.expected;
  if (task.drift === undefined || right === undefined) throw new Error("a task with a call and drift");
  return { task, drift: task.drift, right, paged: pageCall(task.drift, right) };
}

describe("a verdict", () => {
  test("goes by what tools are, not by their pages, and belongs to the episode with its trials", async () => {
    const { task, right, paged } = drifted("renamed");
    const done = await play(task, [tries(paged), says(right), answer]);
    expect(done.verdict).toMatchObject({ reward: 1, rules: 1 });
    expect(done.task).toBe(task);
    expect(done.messages.filter(({ phase }) => phase === "trial")).toHaveLength(2);
    const trusting = await play(task, [says(paged), answer]);
    expect(trusting.verdict).toMatchObject({ rules: 0, fault: { code: "wrong_arguments" } });
    expect(blameFor(trusting)).toMatchObject({ party: "agent", code: "wrong_arguments" });
  });

  test("of a first turn that tries: it has decided nothing", async () => {
    const { player } = stage({ turns: [tries(found)] }, { trial: trials() });
    const played = await rollOutFirstTurn(blueprint(), player, { sample: 0, names: ["first turn"] });
    expect(withFirstTurnVerdict(played, "hermes").verdict).toMatchObject({ reward: -1, rules: 0, fault: { code: "only_tried" } });
    const { task, right, paged } = drifted("renamed");
    const { player: caller } = stage({ turns: [says(right)] });
    const called = await rollOutFirstTurn(task, caller, { sample: 0, names: ["first turn"] });
    expect(withFirstTurnVerdict(called, "hermes").verdict?.reward).toBe(1);
    const { player: reader } = stage({ turns: [says(paged)] });
    const read = await rollOutFirstTurn(task, reader, { sample: 0, names: ["first turn"] });
    expect(withFirstTurnVerdict(read, "hermes").verdict?.reward).toBe(-1);
  });

  test("that is bad after trials filled the context blames the agent, not the task", async () => {
    const full = await play(blueprint(), [tries(found)]);
    expect(blameFor({ ...full, stopReason: "context_full" })).toMatchObject({ party: "agent", code: "context_full" });
    const unspoken = { ...full, stopReason: "context_full" as const, messages: full.messages.slice(0, 2) };
    expect(blameFor(unspoken)).toMatchObject({ party: "task" });
  });
});

describe("the price of trials", () => {
  const options = { mode: "uniform", normalizeStd: true } as const;
  const advantagesOf = (trialPrice: number, ...trajectories: readonly Trajectory[]) => {
    const ids = trajectories.map((_, member) => member);
    const [scored] = assignAdvantages([{ index: 0, task: blueprint(), trajectories, ids }], options, { trialPrice });
    return { ...scored, advantages: (scored?.advantages ?? []).map(([turn]) => Number(turn)) };
  };
  const right = [says(found), answer];

  test("is small beside a success, whatever the rewards of the group are divided by", async () => {
    const tried = await play(blueprint(), [tries(found), tries(found), ...right]);
    const guessed = await play(blueprint(), right);
    const failed = await play(blueprint(), [says(booked), answer]);
    expect(tried.verdict?.reward).toBe(guessed.verdict?.reward); // no verdict reads it
    const half = await play(blueprint(), [says(found), "It is NT418."]);
    expect(half.verdict?.reward).toBe(0.75);
    for (const other of [failed, half]) {
      const free = advantagesOf(0, tried, tried, guessed, other).advantages;
      const costs = [0.02, 0.02, -0.02, -0.02];
      expect(advantagesOf(0.02, tried, tried, guessed, other).advantages).toEqual(
        costs.map((cost, member) => expect.closeTo((free[member] ?? 0) - cost, 12)),
      );
    }
  });

  test("is nothing to compare where all outcomes are the same, but what is rehearsed is the cheapest success", async () => {
    const tried = await play(blueprint(), [tries(found), tries(found), ...right]);
    const guessed = await play(blueprint(), right);
    const failed = await play(blueprint(), [says(booked), answer]);
    const triedInVain = await play(blueprint(), [tries(found), says(booked), answer]);
    expect(advantagesOf(0.02, tried, tried, guessed)).toMatchObject({ dead: true });
    expect(advantagesOf(0.02, failed, triedInVain)).toMatchObject({ dead: true });
    const groups = [
      { index: 0, task: blueprint(), trajectories: [tried, tried, guessed], ids: [0, 1, 2] },
      { index: 1, task: blueprint(), trajectories: [tried, failed], ids: [3, 4] },
    ];
    const learntOf = (trialPrice: number) => {
      const [solved] = assignAdvantages(groups, options, { rehearses: true, trialPrice });
      return solved?.advantages.map(([turn]) => Number(turn) > 0);
    };
    expect(learntOf(0.02)).toEqual([false, false, true]);
    expect(learntOf(0)).toEqual([true, false, false]);
  });

  test("counts every trial turn, a refused one too, and no turn where trials are no phase", async () => {
    const many = await play(blueprint(), [tries(found), tries(found), tries(found), ...right]);
    const failed = await play(blueprint(), [says(booked), answer]);
    const dear = (price: number) => Number(advantagesOf(price, many, failed).advantages[0]);
    expect(dear(0) - dear(0.1)).toBeCloseTo(0.15, 12);
    const plain = await play(blueprint(), [tries(found), ...right], trials({ phase: false }));
    expect(advantagesOf(0.1, plain, failed).advantages).toEqual(advantagesOf(0, plain, failed).advantages);
  });

  test("does not change what counts as solved", async () => {
    const tried = await play(blueprint(), [tries(found), tries(found), says(found), "It is NT418."]);
    expect(tried.verdict?.reward).toBe(0.75);
    expect(tried.verdict !== null && isSolved(tried.verdict)).toBe(true);
  });
});

describe("counts of trials", () => {
  const counts = async (task: Task, turns: readonly string[], trial = trials()) => {
    const all = trialCounts(await play(task, turns, trial), trial.world);
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name.replace("trial/", ""), value]));
  };

  test("tell calls that told something from idle ones", async () => {
    const { task, right, paged } = drifted("renamed");
    const whole = { harm: 0, solved: 1 };
    expect(await counts(task, [tries(paged), tries(right), says(right), answer])).toEqual({
      turns: 2,
      telling: 2,
      idle: 0,
      ...whole,
    });
    expect(await counts(task, [tries(paged), tries(paged), says(right), answer])).toEqual({
      turns: 2,
      telling: 1,
      idle: 1,
      ...whole,
    });
    const fly = { name: "fly", arguments: {} };
    expect(await counts(blueprint(), [tries(found, found, fly), says(found), answer])).toEqual({
      turns: 1,
      telling: 1,
      idle: 2,
      ...whole,
    });
    expect(await counts(blueprint(), [says(found), answer])).toEqual({ turns: 0, telling: 0, idle: 0, ...whole });
  });

  test("of a decoy: trying it tells, calling it for good is harm and solves nothing", async () => {
    const { task, drift, right } = drifted("decoy");
    const decoy = { ...right, name: drift.kind === "decoy" ? drift.decoy : "" };
    expect(await counts(task, [tries(decoy), tries(right), says(right), answer])).toEqual({
      ...{ turns: 2, telling: 2, idle: 0, harm: 0, solved: 1 },
    });
    expect(await counts(task, [says(decoy), answer])).toMatchObject({ telling: 0, harm: 1, solved: 0 });
    expect(await counts(task, [says(decoy), says(right), answer])).toMatchObject({ harm: 1, solved: 0 });
    const shared = trials({ world: "shared" });
    expect(await counts(task, [tries(decoy), says(right), answer], shared)).toMatchObject({ telling: 1, harm: 1, solved: 0 });
    expect(await counts(task, [tries(right), says(right), answer], shared)).toMatchObject({ harm: 0, solved: 1 });
  });

  test("call harm a change that nobody wanted, and no reading call", async () => {
    const readsMore = blueprint({ firstMessage: "Which train goes from Oslo to Bergen on 2027-03-02? Not NT900." });
    const other: ToolCall = { ...found, arguments: { ...found.arguments, to: "Bergen ", day: "2027-03-03" } };
    const seats: ToolCall = { name: "book_seats", arguments: { train_id: "NT900", seats: 1 } };
    expect(await counts(readsMore, [says(found), says(seats), answer])).toMatchObject({ harm: 1, solved: 0 });
    const reply = () => ({ train_id: "NT1", departs: "09:00" });
    const played = stage({ turns: [says(other), says(found), answer], reply });
    const reading = await verdictOn(played, await episodeOf(played, readsMore), "rules");
    expect(trialCounts(reading)).toMatchObject({ "trial/harm": 0, "trial/solved": 1 });
    expect(await counts(chain(), [says(found), says(booked), `${answer} It costs 184.`])).toMatchObject({ harm: 0, solved: 1 });
    expect(await counts(chain(), [says(found), answer])).toMatchObject({ harm: 0, solved: 0 });
  });

  test("of a task to decline: solved is what rules say, and an aborted episode counts nothing", async () => {
    const refusal = "I'm sorry, I have no tool to find trains.";
    expect(await counts(declined(), [refusal])).toMatchObject({ solved: 1 });
    expect(await counts(declined(), [says(found), refusal])).toMatchObject({ solved: 0 });
    expect(trialCounts(aborted())).toEqual({});
    expect(trialCounts(judged(0.2))).toMatchObject({ "trial/solved": 0 });
  });
});

describe("a run", () => {
  const run = (change: object) => {
    const { player, engine } = stage({ turns: [tries(found), actingTurn([], "look it up.", says(found)), answer] });
    const { signal } = new AbortController();
    const session = { config: configSchema.parse(change), engine, template: player.template, usage: newUsage(), signal };
    return playerOf(session, { temperature: 0, verdict: "rules" })(blueprint(), 0, ["episode"]);
  };

  test("with trials compares their price, and every episode has their counts", async () => {
    const change = { trial: { turns: 2, price: 0.1 }, reward: { verdict: "rules" }, rollout: { guide: "off" } } as const;
    const tried = await run(change);
    const group = { index: 0, task: blueprint(), trajectories: [tried, judged(-1)], ids: [1, 2] };
    const ofPrice = (price: number) => {
      const given = { ...change, trial: { turns: 2, price }, evaluation: { decisions: 0 } };
      return Number(stepAdvantages([group], configSchema.parse(given), 1)[0]?.advantages[0]?.[0]);
    };
    expect(ofPrice(0) - ofPrice(0.1)).toBeCloseTo(0.05, 12);
    expect(tried.verdict?.reward).toBe(1);
    expect(tried.counts).toEqual({ "trial/turns": 1, "trial/telling": 1, "trial/idle": 0, "trial/harm": 0, "trial/solved": 1 });
  });

  test("without trials has counts only where tools may drift", async () => {
    expect((await run({})).counts).toEqual({});
    expect((await run({ tasks: { drift: 0.5 } })).counts).toMatchObject({ "trial/turns": 0, "trial/solved": 1 });
    expect((await run({ evaluation: { perCell: 4 } })).counts).toMatchObject({ "trial/solved": 1 });
    expect((await run({ trial: { turns: 2, phase: false } })).counts).toMatchObject({ "trial/turns": 0, "trial/solved": 1 });
  });

  test("is refused more trials than its context can hold, with the most that fit", () => {
    const refused = (change: object) => {
      try {
        return checkConfig({ evaluation: { decisions: 0 }, ...change }) && "taken";
      } catch (error) {
        return error instanceof Error ? error.message : "";
      }
    };
    expect(refused({ trial: { turns: 9 } })).toMatch(
      /"trial\.turns": 9 trials .* 704 tokens or more, but rollout\.responseTokens is 640\. Set trial\.turns=8 at most, or raise/,
    );
    expect(refused({ trial: { turns: 8 } })).toBe("taken");
    expect(refused({ trial: { turns: 9, phase: false } })).toContain("trial.turns=8"); // the same turns in all
    expect(refused({ trial: { turns: 1 }, rollout: { responseTokens: 128 } })).toContain("Set trial.turns=0, or raise");
    expect(refused({ rollout: { responseTokens: 100 }, engine: { policyContext: 1024 } })).toBe("taken"); // without trials
  });

  test("is refused a shared world in which doing exactly as shown is refused or does harm", () => {
    const shared = { evaluation: { decisions: 0 }, trial: { turns: 2, world: "shared" } };
    expect(() => checkConfig(shared)).not.toThrow();
    expect(() => checkConfig({ ...shared, tasks: { drift: 0.5 } })).toThrow(/"trial\.world": of two tools/);
    expect(() => checkConfig({ ...shared, tasks: { drift: 0.5, driftKinds: ["renamed"] } })).not.toThrow();
    const executed = { simulator: { tools: "executed" }, tasks: { source: "mine" } };
    expect(() => checkConfig({ ...shared, ...executed })).toThrow(/"trial\.world": executed tools/);
  });

  test("is refused a best checkpoint by first turns: it would be the one that tries least", () => {
    const decided = { evaluation: { decisions: 4 } };
    expect(() => checkConfig({ ...decided, trial: { turns: 2 } })).toThrow(
      /"evaluation\.decisions".*Set evaluation\.decisions=0/,
    );
    for (const trial of [{ turns: 0 }, { turns: 2, phase: false }])
      expect(() => checkConfig({ ...decided, trial })).not.toThrow();
  });
});
