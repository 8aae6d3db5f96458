// The verdict by a rubric, from played episodes: what rules decide alone, and what the verifier is asked.
import { describe, expect, test } from "vitest";
import { type JudgeOptions, openJudge } from "../../src/reward/judge.ts";
import type { Json, Rubric, Task } from "../../src/types.ts";
import { blueprint, declined, found, says } from "../support/blueprint.ts";
import { cancelAda, findAda, moveAda, moving } from "../support/piano-school.ts";
import { episodeOf, type Play, picking, stage } from "../support/stage.ts";

const pay = { items: "rules", weights: { subGoals: 0.5, questions: 0.5 }, leastGoals: 0.3, gate: "any" } as const;
const [held] = moving().heldBack;
const sentence = held?.sentence ?? "";

interface Judging {
  readonly turns: readonly string[];
  readonly task?: Task;
  readonly choose?: Play["choose"];
  readonly rubric?: JudgeOptions["rubric"];
  readonly reply?: (seed: number) => Json;
}

/** The judged episode and what the verifier was asked. */
async function judged({ turns, task = moving(), choose, rubric = pay, reply }: Judging) {
  const said = [...turns];
  const episode = await episodeOf(stage({ turns: said, ...(choose === undefined ? {} : { choose }) }), task);
  const { simulator, asked } = stage(reply === undefined ? {} : { reply: ({ seed }) => reply(seed) });
  const judge = openJudge({ verdict: "rubric", dialect: "hermes", withhold: [], maxCriteria: 5, rubric });
  const trajectory = await judge(episode, simulator);
  return { trajectory, verdict: trajectory.verdict, asked: asked.replies };
}

const asking = () => picking(sentence, "Thanks, that is all I needed.");
const report = "It is moved: PL-4827, Ada Moen, 2027-03-16, north, booked.";

describe("a rubric by rules", () => {
  test("pays the right episode in full and asks no model", async () => {
    const { verdict, asked } = await judged({
      turns: ["Which day should it be?", says(findAda), says(moveAda), report],
      choose: asking(),
    });
    expect(verdict).toMatchObject({ reward: 1, rules: 1, judge: null });
    expect(verdict?.items?.map(({ section, met, by }) => [section, met, by])).toEqual([
      ["forbidden", true, "rule"],
      ["subGoals", true, "rule"],
      ["subGoals", true, "rule"],
      ["questions", true, "rule"],
    ]);
    expect(asked).toEqual([]);
  });

  test("pays half without the question, and nothing for doing nothing, for only asking, or with the forbidden call", async () => {
    const guessed = await judged({
      turns: [says(findAda), says(moveAda), report],
      choose: picking("Thanks, that is all I needed."),
    });
    expect(guessed.verdict).toMatchObject({ reward: 0.5, reason: "not asked: the day is asked for before it is used" });
    const silent = moving({ limits: { ...moving().limits, userReplies: 0 } });
    expect((await judged({ turns: ["Hello."], task: silent })).verdict?.reward).toBe(0);
    const once = moving({ limits: { ...moving().limits, userReplies: 1 } });
    const asks = await judged({ turns: ["Which day should it be?", "Noted."], task: once, choose: picking(sentence) });
    expect(asks.verdict).toMatchObject({ reward: 0, fault: { code: "no_call" } });
    const breaks = await judged({
      turns: ["Which day should it be?", says(findAda), says(moveAda), says({ ...cancelAda, arguments: {} }), report],
      choose: asking(),
    });
    expect(breaks.verdict).toMatchObject({ reward: 0, fault: { code: "broken_restriction" } });
  });

  test("is derived for other tasks too, and pays a missing call 0, not -1", async () => {
    expect((await judged({ turns: ["No idea."], task: blueprint() })).verdict).toMatchObject({ reward: 0, rules: 0 });
    expect((await judged({ turns: [says(found), "NT418 at 08:25."], task: blueprint() })).verdict?.reward).toBe(1);
    expect((await judged({ turns: ["I can't do that: no tool of mine can."], task: declined() })).verdict?.reward).toBe(1);
  });

  test("without items ends the run in a sentence", async () => {
    const task = blueprint({ rubric: { forbidden: [], subGoals: [], questions: [] } });
    await expect(judged({ turns: [says(found), "NT418."], task })).rejects.toThrow("A rubric needs at least one item");
  });
});

describe("items that no rule can tell", () => {
  const rubric: Rubric = {
    forbidden: [{ text: "Promises no refund.", rule: null }],
    subGoals: [
      { text: "find_train is called with the right values", rule: { kind: "called", call: 0 } },
      { text: "The user learns when the train leaves.", rule: null },
    ],
    questions: [{ text: "Asks how many travel.", rule: null }],
  };
  const task = blueprint({ rubric, background: "I travel with my two children." });
  const turns = [says(found), "NT418 leaves at 08:25."];
  const evidence = "NT418 leaves at 08:25.";
  const reply = { item_1: { evidence, kept: true }, item_2: { evidence, reached: true }, item_3: { evidence, asked: false } };

  test("are decided by the verifier, all in one question, beside those that rules decide", async () => {
    const { verdict, asked } = await judged({ turns, task, reply: () => reply });
    expect(asked).toHaveLength(1);
    expect(verdict?.items).toEqual([
      { section: "forbidden", text: "Promises no refund.", met: true, by: "model" },
      { section: "subGoals", text: "find_train is called with the right values", met: true, by: "rule" },
      { section: "subGoals", text: "The user learns when the train leaves.", met: true, by: "model" },
      { section: "questions", text: "Asks how many travel.", met: false, by: "model" },
    ]);
    expect(verdict).toMatchObject({ reward: 0.5, rules: 0.75, judge: 2 / 3, reason: "not asked: Asks how many travel." });
  });

  test("include all of them where the config leaves them to the verifier", async () => {
    const answers = {
      ...reply,
      item_2: { evidence, reached: false },
      item_3: { evidence, reached: true },
      item_4: { evidence, asked: true },
    };
    const { verdict, asked } = await judged({ turns, task, rubric: { ...pay, items: "written" }, reply: () => answers });
    expect(asked).toHaveLength(1);
    expect(verdict?.items?.every(({ by }) => by === "model")).toBe(true);
    expect(verdict).toMatchObject({ reward: 0.75, judge: 0.75 });
  });

  test("are asked with the conversation, the background and each item under what its section means", async () => {
    const { asked } = await judged({ turns, task, reply: () => reply });
    const prompt = asked[0]?.messages.at(-1)?.content ?? "";
    const parts = [
      ...["I travel with my two children.", '{"name": "find_train", "arguments": {"from": "Oslo"', '{"train_id": "NT418"'],
      ...["NT418 leaves at 08:25.", "kept to the rule", "item_1: Promises no refund."],
      ...["calls and results show", "item_2: The user learns when the train leaves."],
      ...["asked the user for it", "item_3: Asks how many travel."],
    ];
    const places = parts.map((part) => prompt.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(asked[0]?.temperature).toBe(0.1);
  });

  test("fail as a value: the episode is aborted, with no reward", async () => {
    const { trajectory, asked } = await judged({ turns, task, reply: (seed) => ({ item_1: seed }) });
    expect(trajectory).toMatchObject({
      status: "aborted",
      verdict: null,
      failure: { boundary: "verifier", code: "invalid_reply" },
    });
    expect(asked).toHaveLength(3);
  });
});
