import { describe, expect, test } from "vitest";
import { openJudge } from "../../src/reward/judge.ts";
import type { Withheld } from "../../src/simulator/briefing.ts";
import { criteria, criteriaCap } from "../../src/simulator/criteria.ts";
import type { Json, Line, Task } from "../../src/types.ts";
import { blueprint, chain, declined, found, says } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";
import { trajectory } from "../support/trajectory.ts";

const task = blueprint({ criteria: 3 });
const called: Line = { role: "call", text: JSON.stringify({ name: found.name, arguments: found.arguments }) };
const talk = (...middle: readonly Line[]): Line[] => [
  { role: "user", text: task.firstMessage },
  ...middle,
  { role: "assistant", text: "It is NT418." },
];
const verdict = (reward: number): Json => ({ reason: "The goal is met.", reward });

/** The verdict if the simulator writes these. The record shows a call: without one the simulator is not asked. */
async function judged(lines: readonly Line[], replies: readonly Json[], own: Task = task, withhold: readonly Withheld[] = []) {
  const left = [...replies];
  const { simulator, asked } = stage({ reply: () => left.shift() ?? null });
  const judge = openJudge({ verdict: "written", dialect: "hermes", withhold, maxCriteria: 5 });
  const { verdict, failure } = await judge({ trajectory: trajectory([says(found)], {}, own), lines }, simulator);
  return { verdict, failure, asked: asked.replies, prompt: asked.replies[0]?.messages.at(-1)?.content ?? "" };
}

describe("a written verdict", () => {
  test.each([-1, 0, 1])("of %d is the simulator's own, with its reason", async (reward) => {
    expect((await judged(talk(called), [verdict(reward)])).verdict).toMatchObject({ reason: "The goal is met.", reward });
  });

  test("is asked for its reason first, and may be nothing between -1, 0 and 1", async () => {
    const { verdict: found, asked } = await judged(talk(called), [verdict(0.5), verdict(1)]);
    expect(Object.keys((asked[0]?.schema.properties ?? {}) as object)).toEqual(["reason", "reward"]);
    expect(asked).toHaveLength(2);
    expect(found).toMatchObject({ reward: 1 });
  });

  test("reads calls and results, intent, persona and expected calls", async () => {
    const { prompt } = await judged(talk(called, { role: "result", text: "NT418 departs" }), [verdict(1)]);
    for (const known of [
      task.intent,
      task.persona,
      'find_train {"from": "Oslo"',
      "Tool result: NT418 departs",
      "Assistant: It is NT418.",
    ])
      expect(prompt).toContain(known);
  });

  test("is not told a value that a later call takes from an earlier result: a written world returns another one", async () => {
    const { prompt } = await judged(talk(called), [verdict(1)], chain());
    expect(prompt).toContain('then book_seats {"train_id": "from the result of find_train", "seats": 2}');
  });

  test("does not read what is withheld", async () => {
    const own = blueprint({
      intent: "SECRET INTENT",
      persona: "SECRET PERSONA",
      expected: [{ ...found, arguments: { from: "SECRET CALL" } }],
    });
    const secrets = { intent: "SECRET INTENT", persona: "SECRET PERSONA", "expected-calls": "SECRET CALL" } as const;
    for (const [part, secret] of Object.entries(secrets) as [keyof typeof secrets, string][]) {
      const prompt = async (withhold: readonly (keyof typeof secrets)[]) =>
        JSON.stringify((await judged(talk(called), [verdict(1)], own, withhold)).asked[0]?.messages);
      expect(await prompt([])).toContain(secret);
      expect(await prompt([part])).not.toContain(secret);
      if (part === "expected-calls") expect(await prompt([part])).not.toContain("Expected calls");
    }
  });

  test("of a decline task knows that no tool fits, unless the calls are withheld", async () => {
    const prompt = async (own: Task, withhold: readonly Withheld[] = []) =>
      (await judged(talk(), [verdict(1)], own, withhold)).prompt;
    expect(await prompt(declined())).toContain("no available tool fits");
    expect(await prompt(declined(), ["expected-calls"])).not.toContain("no available tool fits");
  });

  test("has the same prompt up to the conversation for a whole group", async () => {
    const one = await judged(talk(called), [verdict(1)]);
    const two = await judged(
      [{ role: "user", text: task.firstMessage }, { role: "assistant", text: "No." }, called],
      [verdict(1)],
    );
    const head = one.prompt.slice(0, one.prompt.indexOf("Conversation:"));
    expect(head).toContain(task.intent);
    expect(two.prompt.startsWith(head)).toBe(true);
  });

  test("that never comes valid is a failure as a value", async () => {
    const { failure, asked } = await judged(talk(called), ["?", "?", "?"]);
    expect(failure).toMatchObject({ boundary: "verifier", code: "invalid_reply" });
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(3);
  });
});

describe("the ladder of criteria", () => {
  test("has five, and a task is judged by its first ones", async () => {
    expect(criteria).toHaveLength(5);
    for (const count of [1, 2, 3, 4, 5]) {
      const { prompt } = await judged(talk(called), [verdict(1)], { ...task, criteria: count });
      expect(criteria.map((criterion) => prompt.includes(criterion))).toEqual(criteria.map((_, index) => index < count));
    }
  });

  test("is climbed as far as the simulator's size allows: 2 with 8B, 3 with 14B as published, never more for less", () => {
    expect([135e6, 1.5e9, 4e9, 8e9, 14e9, 32e9].map(criteriaCap)).toEqual([2, 2, 2, 2, 3, 5]);
  });
});
