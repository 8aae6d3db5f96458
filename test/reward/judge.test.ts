import { describe, expect, test } from "vitest";
import type { ChooseRequest } from "../../src/llm/llm.ts";
import { type JudgeOptions, openJudge } from "../../src/reward/judge.ts";
import type { Withheld } from "../../src/simulator/briefing.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { Episode, Task } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, limits, says } from "../support/blueprint.ts";
import { type Change, episodeOf, isSilent, type Play, stage } from "../support/stage.ts";
import { aborted } from "../support/trajectory.ts";

const answer = "You can take NT418 at 08:25.";
const task = blueprint();
/** Valid, and of no use. */
const unasked = { name: "book_seats", arguments: { train_id: "X1", seats: 1 } };
const text = (request: ChooseRequest) => request.messages.at(-1)?.content ?? "";

/** Log-odds: 2 for the true report, -2 for doing nothing, `own` for the episode's answer. */
const weigh = (own: number) => (request: ChooseRequest) =>
  text(request).includes(task.report) ? [0, -2] : text(request).includes(answer) ? [own, 0] : [-2, 0];

async function played(turns: readonly string[], own: Task = task, play: Play = {}): Promise<Episode> {
  return episodeOf(stage({ turns, ...play }), own, ["judge"]);
}

/** A judge over a simulator that answers so, and what it was asked. */
function bench(play: Play, verdict: JudgeOptions["verdict"] = "mixed", change: Change = {}) {
  const { simulator, asked } = stage(play, change);
  const { withhold = [] } = change;
  const judge = openJudge({ verdict, dialect: "hermes", withhold, maxCriteria: 5 });
  return { asked: asked.choices, replies: asked.replies, simulator, judge: (episode: Episode) => judge(episode, simulator) };
}

describe("judging an episode", () => {
  test("places the judge's log-odds of the report between the anchors", async () => {
    const { verdict } = await bench({ choose: weigh(1) }).judge(await played([says(found), answer]));
    expect(verdict).toMatchObject({ reward: 0.5 + 0.5 * 0.75, rules: 1, judge: 0.75 });
  });

  test("counts what was told beside the second call as well as at the end", async () => {
    const turns = [says(found), `It is NT418, at 08:25.\n${says(booked)}`, "Booked, for 184."];
    const { verdict } = await bench({}, "rules").judge(await played(turns, chain()));
    expect(verdict).toMatchObject({ reward: 1, rules: 1 });
    const before = await bench({}, "rules").judge(
      await played([`NT418, at 08:25.\n${says(found)}`, says(booked), "For 184."], chain()),
    );
    expect(before.verdict?.reward).toBeLessThan(1); // nobody could know that yet
  });

  test("reads a task's anchors once, however many members its group has", async () => {
    const { judge, asked } = bench({ choose: weigh(1) });
    const episode = await played([says(found), answer]);
    await Promise.all([judge(episode), judge(episode), judge(episode)]);
    expect(asked.filter((request) => text(request).includes(task.report))).toHaveLength(3); // the questions of one reading
    expect(asked).toHaveLength(3 + 3 + 3 * 3);
  });

  test("charges a task's anchors to the member that asks for them first", async () => {
    const judge = openJudge({ verdict: "mixed", dialect: "hermes", withhold: [], maxCriteria: 5 });
    const { simulator } = bench({ choose: weigh(1) });
    const episode = await played([says(found), answer]);
    const read = async () => {
      const usage = newUsage();
      await judge(episode, simulator.noting({ usage }));
      return usage["tokens_in/verifier"];
    };
    const [first, second] = [await read(), await read()];
    expect(first).toBeGreaterThan(2 * second);
    expect(second).toBeGreaterThan(0);
  });

  test("shows the judge what the user really wants, unless that is withheld", async () => {
    const told = async (withhold: readonly Withheld[]) => {
      const { judge, asked } = bench({ choose: weigh(1) }, "mixed", { withhold });
      await judge(await played([says(found), answer]));
      return asked.some((request) => text(request).includes(task.intent));
    };
    expect(await told([])).toBe(true);
    expect(await told(["intent"])).toBe(false);
  });

  test("falls back to what the report states if the judge cannot distinguish the anchors", async () => {
    const { judge } = bench({ choose: () => [-1, -1] });
    const { verdict, status } = await judge(await played([says(found), "You can take NT418."]));
    expect(verdict).toMatchObject({ reward: 0.5 + 0.5 * 0.5, judge: null, reason: expect.stringContaining("by rules") });
    expect(status).toBe("terminated");
  });

  test("does not ask the judge if rules decide", async () => {
    const cases: [Episode, number][] = [
      [await played([answer]), -1],
      [await played([says({ name: "fly", arguments: {} }), answer]), -1],
      [await played([says(found)], blueprint({ limits: limits({ assistantTurns: 1 }) })), 0.5],
      [await played(["I can't do that: no tool of mine can."], declined()), 1],
      [await played(["The task is complete."], declined()), 0],
      [await played([""], declined()), 0],
      [await played([answer], declined({ limits: limits({ tokensPerTurn: 2 }) })), 0], // cut off
    ];
    for (const [episode, reward] of cases)
      expect((await bench({}).judge(episode)).verdict).toMatchObject({ reward, judge: null });
  });

  test("by rules alone never asks it", async () => {
    const { judge } = bench({}, "rules");
    const values = ["NT418", "at 08:25"];
    const rewards = await Promise.all(
      [0, 1, 2].map(
        async (told) => (await judge(await played([says(found), `Take ${values.slice(0, told).join(" ")}`]))).verdict?.reward,
      ),
    );
    expect(rewards).toEqual([0.5, 0.75, 1]);
  });

  test("passes an aborted episode through, unasked and unjudged", async () => {
    const record = aborted();
    expect(await bench({}).judge({ trajectory: record, lines: [] })).toBe(record);
  });

  test.each([
    ["the anchors", (request: ChooseRequest) => !text(request).includes(answer)],
    ["the report", (request: ChooseRequest) => text(request).includes(answer)],
  ])("that fails on %s aborts the episode: no reward, not a zero", async (_, fails) => {
    const { judge } = bench({ choose: (request) => (fails(request) ? [Number.NaN, 0] : weigh(1)(request)) });
    const episode = await played([says(found), answer]);
    expect(await judge(episode)).toMatchObject({
      status: "aborted",
      stopReason: "simulator_failed",
      verdict: null,
      failure: { boundary: "verifier", code: "invalid_reply" },
      messages: episode.trajectory.messages,
    });
  });

  test("is cancelled by throwing", async () => {
    const { judge } = bench({ choose: () => new Promise(() => {}) }, "mixed", { signal: AbortSignal.abort() });
    await expect(judge(await played([says(found), answer]))).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("the rule before every verdict", () => {
  const called = (text: string) => `<tool_call>\n${text}\n</tool_call>`;
  const without: readonly [string, string][] = [
    ["nothing was called", answer],
    ["the call is malformed", called("{]")],
    ["the call has no arguments", called('{"name": "find_train"}')],
    ["the call is of no offered tool", says({ name: "fly", arguments: {} })],
    ["a call is only talked about", '{"name": "find_train", "arguments": {}}'],
  ];
  const ways = ["mixed", "written"] as const;

  test.each(without.flatMap(([why, turn]) => ways.map((way) => [way, why, turn] as const)))(
    "is -1 and asks nobody (%s) where a call is due and %s",
    async (way, _why, turn) => {
      expect((await bench({}, way).judge(await played([turn, answer]))).verdict).toMatchObject({
        reward: -1,
        rules: 0,
        judge: null,
      });
    },
  );

  test("does not apply if no call is needed: then the simulator is asked", async () => {
    const { judge } = bench({ reply: () => ({ reason: "none fits", reward: 1 }) }, "written");
    expect((await judge(await played([answer], declined()))).verdict).toMatchObject({ reward: 1, judge: 1 });
  });
});

describe("a call that the world refused", () => {
  const args = JSON.stringify(found.arguments);
  const call = (given: string, name = found.name) => `<tool_call>\n{"name": "${name}", "arguments": ${given}}\n</tool_call>`;
  const reply = () => ({ train_id: "NT7", departs: "10:10" });
  const judged = async (turns: readonly string[], own: Task = task, parallelCalls = 3) => {
    return bench({ reply }, "rules").judge(await episodeOf(stage({ turns, reply }, { parallelCalls }), own, ["refused"]));
  };
  const right = says(found);

  test.each<[string, string]>([
    ["unknown_tool", call(args, "fly")],
    ["wrong_arguments", call("{}")],
    ["wrong_arguments", call(args.replace("2027-03-02", "tomorrow"))],
    ["wrong_arguments", call(args.replace("}", ', "__proto__": {}}'))],
    ["wrong_arguments", call(args.replace("}", ', "constructor": "Oslo"}'))],
  ])("earns nothing (%s): %s", async (why, turn) => {
    const { verdict, messages } = await judged([turn, answer]);
    expect(verdict).toMatchObject({ rules: 0, reward: why === "unknown_tool" ? -1 : -0.5 });
    expect(messages.flatMap(({ calls }) => calls)).toEqual([expect.objectContaining({ refused: why })]);
    // and in addition to the right one it is one too many
    expect((await judged([turn, right, answer])).verdict?.rules).toBe(0.5);
  });

  test("earns nothing if its id was invented, though all its other values are right", async () => {
    const own = chain();
    const invented = says({ name: booked.name, arguments: { ...booked.arguments, train_id: "NT999" } });
    const { verdict, messages } = await judged([right, invented, answer], own);
    expect(messages.flatMap(({ calls }) => calls.map(({ refused }) => refused))).toEqual([undefined, "invented_id"]);
    expect(verdict?.rules).toBeCloseTo(1 / 2);
    expect((await judged([right, invented, says(booked), answer], own)).verdict?.rules).toBeCloseTo(2 / 3);
  });

  test("earns nothing if it was one more than a turn may make", async () => {
    const other = says({ ...found, arguments: { ...found.arguments, to: "Hamar" } });
    const { verdict, messages } = await judged([`${other}\n${right}`, answer], task, 1);
    expect(messages.flatMap(({ calls }) => calls.map(({ refused }) => refused))).toEqual([undefined, "too_many"]);
    expect(verdict?.rules).toBeCloseTo((0.5 + 0.5 * (2 / 3)) / 2);
  });
});

describe("a call that a limit kept from being executed", () => {
  const late = blueprint({ limits: limits({ toolTurns: 1 }) });
  const spoilt = says({ ...found, arguments: { ...found.arguments, to: "Hamar" } });
  const cut = (text: string) => blueprint({ limits: limits({ tokensPerTurn: text.length }) });

  test("is read by the judge, marked, and not taken for a missing one", async () => {
    const { judge, replies } = bench({ reply: () => ({ reason: "too late", reward: 0 }) }, "written");
    const { verdict } = await judge(await played(["<tool_call>oops</tool_call>", says(found)], late));
    expect(verdict).toMatchObject({ reward: 0, reason: "too late" });
    expect(replies[0]?.messages.at(-1)?.content).toMatch(/Assistant calls \(not executed\): \{"name": "find_train"/);
  });

  test("is not made: by rule nothing came of it, and it counts as one call of all", async () => {
    const reply = () => ({ train_id: "NT7", departs: "10:10" });
    const reward = async (turns: readonly string[], own: Task) =>
      (await bench({}, "rules").judge(await played(turns, own, { reply }))).verdict?.reward;
    const nothing = -1;
    const written = -0.5; // the right tool, but nothing came of it
    expect(await reward([answer], late)).toBe(nothing);
    expect(await reward([`${says(found)} and so on`], cut(says(found)))).toBe(written);
    expect(await reward([`${says({ name: "fly", arguments: {} })} and so on`], cut("x".repeat(60)))).toBe(nothing);
    // the wrong one was answered, the right one was not: half of what the wrong one alone is worth, for there were two
    const alone = 0.5 + 0.5 * (2 / 3);
    expect(await reward([spoilt, answer], late)).toBeCloseTo(alone - 0.5);
    expect(await reward([spoilt, says(found)], late)).toBeCloseTo(alone / 2 - 0.5);
  });

  test("counts as a call if no tool fits", async () => {
    const own = declined({ limits: limits({ tokensPerTurn: says(unasked).length }) });
    const { verdict } = await bench({}).judge(await played([`${says(unasked)} and so on`], own));
    expect(verdict).toMatchObject({ reward: -1, reason: "called a tool although none fits" });
  });
});

test("a report is what was said aloud at the end: neither a thought nor a complaint behind it changes what it carries", async () => {
  const own = blueprint({ limits: limits({ userReplies: 1, assistantTurns: 2 }) });
  const rewards = [];
  for (const said of ["<think>NT418 at 08:25</think>Done.", "<think>Hm.</think>Take NT418."]) {
    const complains: Play["choose"] = (request) => (isSilent(request) ? [-1, -1] : [-2, -1]);
    const episode = await played([says(found), said], own, { choose: complains });
    expect(episode.trajectory.stopReason).toBe("max_assistant_turns"); // the user complained, nobody could answer
    rewards.push((await bench({}, "rules").judge(episode)).verdict?.reward);
  }
  expect(rewards).toEqual([0.5, 0.75]);
});

describe("the margin of the mixed verdict", () => {
  test("is recorded if the anchors were read, even if they could not be distinguished", async () => {
    const apart = bench({ choose: weigh(1) });
    expect((await apart.judge(await played([says(found), answer]))).verdict).toMatchObject({ margin: 4 });
    const level = bench({ choose: () => [-1, -1] });
    expect((await level.judge(await played([says(found), answer]))).verdict).toMatchObject({ margin: 0, judge: null });
    expect((await bench({}).judge(await played([answer]))).verdict).not.toHaveProperty("margin");
  });
});
