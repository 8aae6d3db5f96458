import { describe, expect, test } from "vitest";
import { scriptedVocabulary } from "../../../src/llm/scripted.ts";
import { closingTokens, openReasoning } from "../../../src/llm/text/reasoning.ts";

const [open, close, end] = [9001, 9002, 9003];
/** The double's vocabulary in a model with thinking markers. */
const thinking = {
  ...scriptedVocabulary(),
  hasMarker: (text: string) => text === "<think>" || text === "</think>",
  marker: (text: string) => (text === "<think>" ? open : close),
};
const [newline = -1] = thinking.encode("\n");

/** All ids of the reasoning if the model samples these. */
async function thought(limit: number, sampled: readonly number[]): Promise<number[]> {
  const left = [...sampled];
  const opened = openReasoning(thinking, limit, (id) => id === end);
  const ids: number[] = [];
  for (;;) {
    const next = await opened?.next(async () => left.shift() ?? -1);
    if (next === null || next === undefined) return ids;
    ids.push(next);
  }
}

describe("reasoning", () => {
  test("that the model closes ends with its marker and an empty line", async () => {
    expect(await thought(9, [97, 98, close, 99])).toEqual([97, 98, close, newline, newline]);
  });

  test("that reaches its limit, ends its turn or finds no id is closed by force", async () => {
    const closed = [97, 98, newline, close, newline, newline];
    expect(await thought(2, [97, 98, 99])).toEqual(closed);
    expect(await thought(9, [97, 98, end, 99])).toEqual(closed);
    expect(await thought(9, [97, 98, -1])).toEqual(closed);
    expect(closed.length - 2).toBeLessThanOrEqual(closingTokens);
  });

  test("is off without room for it, or in a model without thinking markers", () => {
    expect(openReasoning(thinking, 0, () => false)).toBeNull();
    expect(openReasoning(thinking, -3, () => false)).toBeNull();
    expect(openReasoning(scriptedVocabulary(), 9, () => false)).toBeNull();
  });
});
