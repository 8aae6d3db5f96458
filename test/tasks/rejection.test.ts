import { describe, expect, test } from "vitest";
import { PlayactError } from "../../src/errors.ts";
import { promptTokens, rejectionOf, tooLarge } from "../../src/tasks/rejection.ts";
import type { Task } from "../../src/types.ts";
import { blueprint, findTrain } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const fits = { tokens: 10, room: 10 };
const stageOf = (change: Partial<Task>) => rejectionOf(blueprint(change), fits)?.stage ?? null;

describe("a written task is rejected if", () => {
  test("its first message is empty", () => {
    expect(stageOf({ firstMessage: " \n" })).toBe("empty_message");
  });

  test("its first message names a tool that is offered, needed or not", () => {
    expect(stageOf({ firstMessage: "Please use find_train from Oslo to Bergen." })).toBe("tool_named");
    expect(stageOf({ firstMessage: "Please do not BOOK_SEATS, only look." })).toBe("tool_named");
  });

  test("its prompt has more tokens than there is room for, not if it has exactly as many", () => {
    expect(rejectionOf(blueprint(), { tokens: 11, room: 10 })).toEqual({
      stage: "prompt_too_long",
      reason: "the prompt has 11 tokens, but there is room for 10",
    });
    expect(rejectionOf(blueprint(), fits)).toBeNull();
  });

  test("a result is longer than the policy can read: it could not report what was cut", () => {
    const shown = '{"train_id": "NT418", "departs": "08:25"}'.length;
    expect(rejectionOf(blueprint(), { ...fits, resultCharacters: shown })).toBeNull();
    expect(rejectionOf(blueprint(), { ...fits, resultCharacters: shown - 1 })).toMatchObject({
      stage: "result_too_long",
      reason: expect.stringContaining("raise rollout.toolChars"),
    });
  });
});

test("schemas that are too much for one grammar reject a draft; what else goes wrong is thrown again", () => {
  const reason = "the schemas need a grammar of 68000 characters";
  expect(tooLarge(new PlayactError("tools", reason))).toEqual({ stage: "calls", reason });
  expect(() => tooLarge(new PlayactError("engine", "gone"))).toThrow("gone");
});

test("the prompt is counted as the policy will read it: system, tools and first message", () => {
  const { player } = stage({});
  const task = blueprint();
  const long = promptTokens(task, player.template);
  const { length } = player.vocabulary.encode(" at noon");
  expect(promptTokens({ ...task, firstMessage: `${task.firstMessage} at noon` }, player.template)).toBe(long + length);
  expect(promptTokens({ ...task, tools: [findTrain] }, player.template)).toBeLessThan(long - 50);
});
