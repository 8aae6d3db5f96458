import { describe, expect, test } from "vitest";
import type { ChooseRequest } from "../../src/llm/llm.ts";
import { type Court, conductOf, judge } from "../../src/reward/judge.ts";
import { rollOut } from "../../src/rollout/rollout.ts";
import { newTally } from "../../src/simulator/usage.ts";
import type { Episode, Task } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, limits, says } from "../support/blueprint.ts";
import { isSilent, type Play, stage } from "../support/stage.ts";
import { aborted, trajectory } from "../support/trajectory.ts";

const answer = "You can take NT418 at 08:25.";
const task = blueprint();
/** Valid, and of no use. */
const unasked = { name: "book_seats", arguments: { train_id: "X1", seats: 1 } };
const text = (request: ChooseRequest) => request.messages.at(-1)?.content ?? "";

/** Log-odds: 2 for the true report, -2 for doing nothing, `own` for the episode's answer. */
const weigh = (own: number) => (request: ChooseRequest) =>
  text(request).includes(task.report) ? [0, -2] : text(request).includes(answer) ? [own, 0] : [-2, 0];

async function played(turns: readonly string[], own: Task = task, play: Play = {}): Promise<Episode> {
  return rollOut(own, 0, ["judge"], stage({ turns, ...play }).scene);
}

function court(play: Play, change: Partial<Court> = {}) {
  const { scene, asked } = stage(play);
  const { simulator, patience, dialect } = scene;
  return {
    asked: asked.choices,
    replies: asked.replies,
    court: {
      simulator,
      patience,
      dialect,
      kind: "mixed",
      withhold: [],
      maxCriteria: 5,
      scales: new Map(),
      ...change,
    } satisfies Court,
  };
}

describe("judging an episode", () => {
  test("places the judge's log-odds of the report between the anchors", async () => {
    const { court: own } = court({ choose: weigh(1) });
    const { verdict } = await judge(await played([says(found), answer]), own);
    expect(verdict).toMatchObject({ reward: 0.5 + 0.5 * 0.75, rules: 1, judge: 0.75 });
  });

  test("reads a task's anchors once, however many members its group has", async () => {
    const { court: own, asked } = court({ choose: weigh(1) });
    const episode = await played([says(found), answer]);
    await Promise.all([judge(episode, own), judge(episode, own), judge(episode, own)]);
    expect(asked.filter((request) => text(request).includes(task.report))).toHaveLength(3); // the questions of one reading
    expect(asked).toHaveLength(3 + 3 + 3 * 3);
  });

  test("counts the verifier's tokens with the episode and with the run; the anchors' with the first member", async () => {
    const tally = newTally();
    const { court: own } = court({ choose: weigh(1) });
    const counting = { ...own, patience: { ...own.patience, tally } };
    const episode = await played([says(found), answer]);
    const read = async () => (await judge(episode, counting)).counts["tokens_in/verifier"] ?? 0;
    const [first, second] = [await read(), await read()];
    expect(first).toBeGreaterThan(2 * second);
    expect(second).toBeGreaterThan(0);
    expect(tally["tokens_in/verifier"]).toBe(first + second);
  });

  test("tells the judge what the user truly wants, unless that is withheld", async () => {
    const told = async (withhold: Court["withhold"]) => {
      const { court: own, asked } = court({ choose: weigh(1) }, { withhold });
      await judge(await played([says(found), answer]), own);
      return asked.some((request) => text(request).includes(task.intent));
    };
    expect(await told([])).toBe(true);
    expect(await told(["intent"])).toBe(false);
  });

  test("falls back to what the report carries where the judge cannot tell the anchors apart", async () => {
    const { court: own } = court({ choose: () => [-1, -1] });
    const { verdict, status } = await judge(await played([says(found), "You can take NT418."]), own);
    expect(verdict).toMatchObject({ reward: 0.5 + 0.5 * 0.5, judge: null, reason: expect.stringContaining("by rules") });
    expect(status).toBe("terminated");
  });

  test("does not ask the judge where rules decide", async () => {
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
      expect((await judge(episode, court({}).court)).verdict).toMatchObject({ reward, judge: null });
  });

  test("by rules alone never asks it", async () => {
    const { court: own } = court({}, { kind: "rules" });
    const values = ["NT418", "at 08:25"];
    const rewards = await Promise.all(
      [0, 1, 2].map(
        async (told) =>
          (await judge(await played([says(found), `Take ${values.slice(0, told).join(" ")}`]), own)).verdict?.reward,
      ),
    );
    expect(rewards).toEqual([0.5, 0.75, 1]);
  });

  test("passes an aborted episode through, unasked and unjudged", async () => {
    const record = aborted();
    expect(await judge({ trajectory: record, lines: [] }, court({}).court)).toBe(record);
  });

  test.each([
    ["the anchors", (request: ChooseRequest) => !text(request).includes(answer)],
    ["the report", (request: ChooseRequest) => text(request).includes(answer)],
  ])("that fails on %s aborts the episode: no reward, not a zero", async (_, fails) => {
    const { court: own } = court({ choose: (request) => (fails(request) ? [Number.NaN, 0] : weigh(1)(request)) });
    const episode = await played([says(found), answer]);
    expect(await judge(episode, own)).toMatchObject({
      status: "aborted",
      stopReason: "simulator_failed",
      verdict: null,
      failure: { boundary: "verifier", code: "invalid_reply" },
      messages: episode.trajectory.messages,
    });
  });

  test("is cancelled by throwing", async () => {
    const { court: own } = court({ choose: () => new Promise(() => {}) }, { signal: AbortSignal.abort() });
    await expect(judge(await played([says(found), answer]), own)).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("anchored log-odds alone", () => {
  /** 2 for the good end, -2 for the bad one, `own` for the episode. */
  const whole =
    (own: number, bad = -2) =>
    (request: ChooseRequest) =>
      text(request).includes(task.report) ? [2, 0] : text(request).includes("anything else") ? [bad, 0] : [own, 0];

  test("place the whole conduct from -1 to 1, whatever the rules say of it, and keep the margin", async () => {
    for (const [own, reward] of [
      [2, 1],
      [1, 0.5],
      [-2, -1],
      [-9, -1],
    ] as const) {
      const { court: court_ } = court({ choose: whole(own) }, { kind: "log-odds" });
      const { verdict } = await judge(await played([says(unasked), answer]), court_);
      expect(verdict).toMatchObject({ reward, rules: 0, judge: (reward + 1) / 2, margin: 4 });
    }
  });

  test("ask about the whole conduct, and read each task's anchors once", async () => {
    const { court: own, asked } = court({ choose: whole(1) }, { kind: "log-odds" });
    const episode = await played([says(found), answer]);
    await Promise.all([judge(episode, own), judge(episode, own)]);
    expect(asked).toHaveLength(3 + 3 + 2 * 3);
    expect(asked.every((request) => text(request).includes("The assistant's tools: find_train, book_seats"))).toBe(true);
  });

  test("leave a task without margin to the rules alone, which is on record", async () => {
    for (const bad of [2, 3]) {
      const { court: own } = court({ choose: whole(1, bad) }, { kind: "log-odds" });
      const { verdict } = await judge(await played([says(found), "NT418 at 08:25"]), own);
      expect(verdict).toMatchObject({ reward: 1, rules: 1, judge: null, margin: 2 - bad });
    }
  });

  test("that fail abort the episode", async () => {
    const { court: own } = court({ choose: () => [Number.NaN, 0] }, { kind: "log-odds" });
    expect(await judge(await played([says(found), answer]), own)).toMatchObject({ status: "aborted", verdict: null });
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
  const kinds = ["mixed", "log-odds", "written"] as const;

  test.each(without.flatMap(([why, turn]) => kinds.map((kind) => [kind, why, turn] as const)))(
    "is -1 and asks nobody (%s) where a call is due and %s",
    async (kind, _why, turn) => {
      const { court: own } = court({}, { kind });
      expect((await judge(await played([turn, answer]), own)).verdict).toMatchObject({ reward: -1, rules: 0, judge: null });
    },
  );

  test("does not hold where no call is due: there the simulator is asked", async () => {
    const { court: own } = court({ reply: () => ({ reason: "none fits", reward: 1 }) }, { kind: "written" });
    expect((await judge(await played([answer], declined()), own)).verdict).toMatchObject({ reward: 1, judge: 1 });
  });
});

describe("a call that the world refused", () => {
  const args = JSON.stringify(found.arguments);
  const call = (given: string, name = found.name) => `<tool_call>\n{"name": "${name}", "arguments": ${given}}\n</tool_call>`;
  const reply = () => ({ train_id: "NT7", departs: "10:10" });
  const judged = async (turns: readonly string[], own: Task = task, parallelCalls = 3) => {
    const { scene } = stage({ turns, reply }, { parallelCalls });
    return judge(await rollOut(own, 0, ["refused"], scene), court({ reply }, { kind: "rules" }).court);
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
    // and beside the right one it is one too many
    expect((await judged([turn, right, answer])).verdict?.rules).toBe(0.5);
  });

  test("earns nothing where its id was invented, though all its other values are right", async () => {
    const own = chain();
    const invented = says({ name: booked.name, arguments: { ...booked.arguments, train_id: "NT999" } });
    const { verdict, messages } = await judged([right, invented, answer], own);
    expect(messages.flatMap(({ calls }) => calls.map(({ refused }) => refused))).toEqual([undefined, "invented_id"]);
    expect(verdict?.rules).toBeCloseTo(1 / 2);
    expect((await judged([right, invented, says(booked), answer], own)).verdict?.rules).toBeCloseTo(2 / 3);
  });

  test("earns nothing where it was one more than a turn may make", async () => {
    const other = says({ ...found, arguments: { ...found.arguments, to: "Hamar" } });
    const { verdict, messages } = await judged([`${other}\n${right}`, answer], task, 1);
    expect(messages.flatMap(({ calls }) => calls.map(({ refused }) => refused))).toEqual([undefined, "too_many"]);
    expect(verdict?.rules).toBeCloseTo((0.5 + 0.5 * (2 / 3)) / 2);
  });
});

describe("a call that a limit kept from being carried out", () => {
  const late = blueprint({ limits: limits({ toolTurns: 1 }) });
  const spoilt = says({ ...found, arguments: { ...found.arguments, to: "Hamar" } });
  const cut = (text: string) => blueprint({ limits: limits({ tokensPerTurn: text.length }) });

  test("is read by the judge, marked, and not taken for a missing one", async () => {
    const { court: own, replies } = court({ reply: () => ({ reason: "too late", reward: 0 }) }, { kind: "written" });
    const { verdict } = await judge(await played(["<tool_call>oops</tool_call>", says(found)], late), own);
    expect(verdict).toMatchObject({ reward: 0, reason: "too late" });
    expect(replies[0]?.messages.at(-1)?.content).toMatch(/Assistant calls \(not carried out\): \{"name": "find_train"/);
  });

  test("is not made: by rule nothing came of it, and it counts as one call of all", async () => {
    const reply = () => ({ train_id: "NT7", departs: "10:10" });
    const reward = async (turns: readonly string[], own: Task) =>
      (await judge(await played(turns, own, { reply }), court({}, { kind: "rules" }).court)).verdict?.reward;
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

  test("is a call where none fits", async () => {
    const own = declined({ limits: limits({ tokensPerTurn: says(unasked).length }) });
    const { verdict } = await judge(await played([`${says(unasked)} and so on`], own), court({}).court);
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
    rewards.push((await judge(episode, court({}, { kind: "rules" }).court)).verdict?.reward);
  }
  expect(rewards).toEqual([0.5, 0.75]);
});

describe("the margin of the mixed verdict", () => {
  test("is on record where the anchors were read, also where they could not be told apart", async () => {
    const { court: apart } = court({ choose: weigh(1) });
    expect((await judge(await played([says(found), answer]), apart)).verdict).toMatchObject({ margin: 4 });
    const { court: level } = court({ choose: () => [-1, -1] });
    expect((await judge(await played([says(found), answer]), level)).verdict).toMatchObject({ margin: 0, judge: null });
    const { court: unread } = court({});
    expect((await judge(await played([answer]), unread)).verdict).not.toHaveProperty("margin");
  });
});

describe("the conduct read off a record", () => {
  const read = (turns: readonly string[], change: Parameters<typeof trajectory>[1] = {}) =>
    conductOf(trajectory(turns, change), "hermes");
  const { result: _, ...call } = found;

  test("holds the refusals of which the user complained before anything was called, and no others", () => {
    const talk = (first: string, turnReward: number, second = says(found)) => {
      const made = trajectory([first, second, answer]);
      const messages = made.messages.map((message) => (message.text === first ? { ...message, turnReward } : message));
      return conductOf({ ...made, messages }, "hermes").undueRefusals;
    };
    expect(talk("I'm sorry, none of my tools can do that.", -1)).toBe(1);
    expect(talk("I'm sorry, none of my tools can do that.", 1)).toBe(0);
    expect(talk("Which day is it?", -1)).toBe(0);
    expect(talk("I'm sorry, none of my tools can do that.", -1, "No.")).toBe(0); // nothing was called at all: -1 as it is
  });

  test("is every well-formed call of every turn, the malformed ones counted apart", () => {
    expect(read([says(found), `${says(found)}\n<tool_call>\n{]\n</tool_call>`, answer])).toEqual({
      calls: [call, call],
      unexecuted: [],
      undueRefusals: 0,
      malformed: 1,
      report: answer,
      refused: false,
    });
  });

  test.each<[string, readonly string[], Parameters<typeof trajectory>[1]]>([
    ["a call", [says(found)], {}],
    ["a malformed call", ["Here: <tool_call>{]</tool_call>"], {}],
    ["silence", [says(found), ""], {}],
    ["thinking", [says(found), "<think>NT418</think>"], {}],
    ["a text that was cut", [says(found), answer], { status: "truncated", stopReason: "turn_length" }],
    ["a text out of time", [says(found), answer], { status: "truncated", stopReason: "turn_deadline" }],
    ["no turn at all", [], {}],
  ])("that ends in %s has reported nothing", (_name, turns, change) => {
    expect(read(turns, change).report).toBeNull();
  });
});
