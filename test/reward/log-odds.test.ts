import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChooseRequest } from "../../src/llm/llm.ts";
import { logOdds, placed, scaleOf } from "../../src/reward/judge.ts";
import { chain, declined } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const task = chain({ heldBack: [{ call: 1, argument: "seats", sentence: "The seats is 2." }] });
const lines = [
  { role: "user", text: task.firstMessage },
  { role: "assistant", text: "It is NT418." },
] as const;
const text = (request: ChooseRequest) => request.messages.at(-1)?.content ?? "";

async function odds(choose: (request: ChooseRequest) => readonly number[]) {
  const { simulator, asked } = stage({ choose });
  return { judged: await logOdds(task, lines, simulator), asked: asked.choices };
}

describe("the judge's log-odds", () => {
  test("are the good answer's minus the bad one's, averaged over the questions", async () => {
    const byFirst: Record<string, readonly number[]> = { " Yes": [-0.5, -2], " A": [-1, -1], " B": [-3, -0.5] };
    const { judged, asked } = await odds((request) => byFirst[request.options[0] ?? ""] ?? []);
    expect(judged).toEqual({ ok: true, value: expect.closeTo((1.5 + 0 - 2.5) / 3, 12) });
    expect(asked).toHaveLength(3);
  });

  test("do not gain from a preference for a letter: both orders of A and B are asked, the good one first in the options", async () => {
    const liking: Record<string, number> = { " A": -0.1, " B": -4, " Yes": -1, " No": -1 };
    const { judged, asked } = await odds(({ options }) => options.map((option) => liking[option] ?? 0));
    expect(judged).toEqual({ ok: true, value: expect.closeTo(0, 12) });
    for (const request of asked.filter(({ lead }) => lead === "Grade:"))
      expect(text(request)).toContain(`(${request.options[0]?.trim()}) true and complete`);
    expect(new Set(asked.filter(({ lead }) => lead === "Grade:").map(({ options }) => options.join()))).toEqual(
      new Set([" A, B", " B, A"]),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "that are not finite (%d) are a failure",
    async (odd) => {
      const { judged } = await odds(({ options }) => (options[0] === " Yes" ? [odd, -1] : [-1, -1]));
      expect(judged).toMatchObject({ ok: false, failure: { boundary: "verifier", code: "invalid_reply" } });
    },
  );

  test("that do not come before the deadline are a failure; cancelling throws", async () => {
    const never = { choose: () => new Promise<never>(() => {}) };
    expect(await logOdds(task, lines, stage(never, { tries: 1, deadlineMs: 1 }).simulator)).toMatchObject({
      failure: { boundary: "verifier", code: "deadline" },
    });
    const cancelled = logOdds(task, lines, stage(never, { signal: AbortSignal.abort() }).simulator);
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("the question whether a report is true", () => {
  test("shows what the tools returned and what was said at last, and nothing between", async () => {
    const { simulator, asked } = stage({ choose: () => [-1, -2] });
    const talk = [
      { role: "user", text: task.firstMessage },
      { role: "assistant", text: "Let me look." },
      { role: "call", text: "THE CALL" },
      { role: "result", text: "THE RESULT" },
      { role: "assistant", text: "It is NT418." },
    ] as const;
    await logOdds(task, talk, simulator);
    const read = asked.choices.map(text).find((one) => !one.includes("Conversation:")) ?? "";
    for (const shown of ["Tool result: THE RESULT", "Assistant: It is NT418.", task.firstMessage]) expect(read).toContain(shown);
    for (const hidden of ["THE CALL", "Let me look."]) expect(read).not.toContain(hidden);
  });
});

describe("the anchors", () => {
  test("are the expected calls with the true report, and the same calls of whose results nothing is said", async () => {
    const { simulator, asked } = stage({ choose: (request) => (text(request).includes(task.report) ? [-0.5, -2] : [-2, -1]) });
    const scale = await scaleOf(task, simulator);
    expect(scale).toEqual({ ok: true, value: { good: expect.closeTo(1.5, 12), bad: expect.closeTo(-1, 12) } });
    const good = asked.choices.map(text).filter((read) => read.includes(task.report));
    const bad = asked.choices.map(text).filter((read) => !read.includes(task.report));
    expect([good.length, bad.length]).toEqual([3, 3]);
    // both ends know what the user has said; one question is asked with the results alone
    const talks = [...good, ...bad].filter((read) => read.includes("Conversation:"));
    expect(talks).toHaveLength(4);
    for (const read of talks) expect(read).toContain("User: The seats is 2.");
    for (const said of ['Tool result: {"train_id": "NT418"', 'Tool result: {"price": 184}']) {
      for (const read of [...good, ...bad]) expect(read).toContain(said);
    }
  });

  test("of a decline task end in the honest refusal", async () => {
    const { simulator, asked } = stage({ choose: () => [-1, -1] });
    await scaleOf(declined(), simulator);
    expect(asked.choices.filter((request) => text(request).includes("Assistant: I have no tool to find trains."))).toHaveLength(
      3,
    );
  });

  test("fail as a value when either end cannot be read", async () => {
    for (const broken of [true, false]) {
      const { simulator } = stage({
        choose: (request) => (text(request).includes(task.report) === broken ? [Number.NaN, 0] : [-1, -2]),
      });
      expect(await scaleOf(task, simulator)).toMatchObject({
        ok: false,
        failure: { boundary: "verifier" },
      });
    }
  });
});

describe("a place on the scale", () => {
  test.each([
    [-1, 0],
    [3, 1],
    [1, 0.5],
    [0, 0.25],
    [-9, 0],
    [9, 1],
  ])("log-odds of %d between -1 and 3 lie at %d", (read, place) => {
    expect(placed(read, { bad: -1, good: 3 })).toBe(place);
  });

  test("there is none if the good end is not above the bad one", () => {
    expect(placed(0, { bad: 1, good: 1 })).toBeNull();
    expect(placed(0, { bad: 1, good: 0 })).toBeNull();
  });

  test("keeps the order of what is judged and stays within 0 and 1", () => {
    const number = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(number, number, number, fc.double({ min: 0.01, max: 50, noNaN: true }), (one, other, bad, margin) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map(
          (read) => placed(read, { bad, good: bad + margin }) ?? -1,
        );
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(high ?? -1);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });
});
