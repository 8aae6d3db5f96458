import { describe, expect, test } from "vitest";
import { withFirstTurnVerdict } from "../../src/reward/first-turn.ts";
import { rollOutFirstTurn } from "../../src/rollout/rollout.ts";
import type { Task, ToolCall } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, limits, says } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";
import { aborted } from "../support/trajectory.ts";

/** The verdict on one turn, played by the double: neither tool nor user may be asked, or the stage throws. */
async function verdictOn(task: Task, turn: string) {
  const { player } = stage({ turns: [turn] });
  const played = await rollOutFirstTurn(task, player, { sample: 0, names: ["first turn"] });
  const judged = withFirstTurnVerdict(played, "hermes");
  return { ...judged.verdict, stopReason: judged.stopReason, status: judged.status, turns: judged.messages.length };
}

const day = [{ call: 0, argument: "day", sentence: "On the second of March." }];
const asking = blueprint({ firstMessage: "Which train goes from Oslo to Bergen?", heldBack: day });
const other: ToolCall = { ...found, arguments: { ...found.arguments, to: "Narva" } };
const both = blueprint({ expected: [found, { ...found, arguments: other.arguments }] });

const right: readonly [string, Task, string][] = [
  ["plain: the expected call", blueprint(), says(found)],
  ["plain: with words beside it", blueprint(), `I will look.\n${says(found)}`],
  ["chain: the first call alone", chain(), says(found)],
  ["parallel: both calls, in any order", both, says(other, found)],
  ["parallel: one of them first", both, says(other)],
  ["decline: a refusal in words", declined(), "I'm sorry, I have no tool to find trains."],
  ["ask: a question for the value", asking, "On which day do you want to travel?"],
  ["ask: a question in another script", asking, "请问是哪一天 (day)？"],
];
const wrong: readonly [string, Task, string, code: string][] = [
  ["plain: another value", blueprint(), says(other), "wrong_values"],
  ["plain: the call and another one", blueprint(), says(found, other), "needless_call"],
  ["plain: the call twice", blueprint(), says(found, found), "repeated_call"],
  ["plain: a broken call beside it", blueprint(), `${says(found)}\n<tool_call>\n{"name": </tool_call>`, "malformed_call"],
  ["plain: a question", blueprint(), "On which day do you want to travel?", "no_call"],
  ["chain: both calls, the second with an id that nobody gave yet", chain(), says(found, booked), "wrong_moment"],
  ["parallel: one right, one wrong", both, says(found, { ...found, arguments: {} }), "wrong_values"],
  ["decline: a call", declined(), says(booked), "needless_call"],
  ["decline: words that do not refuse", declined(), "There you go!", "no_refusal"],
  ["decline: a refusal and a call", declined(), `I can't do that.\n${says(booked)}`, "needless_call"],
  ["ask: a guess", asking, says(found), "guessed_value"],
  ["ask: a question for something else", asking, "How many seats do you need?", "no_question"],
  ["ask: a refusal", asking, "I'm sorry, I can't do that.", "no_question"],
];

describe("the first turn is right", () => {
  test.each(right)("%s", async (_, task, turn) => {
    const verdict = await verdictOn(task, turn);
    expect(verdict).toMatchObject({ reward: 1, rules: 1, status: "terminated", stopReason: "first_turn", turns: 3 });
    expect(verdict.fault).toBeUndefined();
  });
});

describe("the first turn is wrong", () => {
  test.each(wrong)("%s", async (_, task, turn, code) => {
    const verdict = await verdictOn(task, turn);
    expect(verdict).toMatchObject({ reward: -1, rules: 0, stopReason: "first_turn", turns: 3, fault: { code } });
    expect(verdict.reason).toBe(verdict.fault?.reason);
  });

  test("a turn that a limit cuts off, however it begins", async () => {
    const verdict = await verdictOn(
      declined({ limits: limits({ tokensPerTurn: 30 }) }),
      "I'm sorry, I have no tool to find trains.",
    );
    expect(verdict).toMatchObject({ reward: -1, rules: 0, status: "truncated", stopReason: "turn_length" });
  });
});

test("an aborted turn has no verdict", () => {
  expect(withFirstTurnVerdict(aborted(), "hermes").verdict).toBeNull();
});
