// A conversation longer than the simulator's context: the longest lines lose their middle, with a mark, and no more than needed.
import { describe, expect, test } from "vitest";
import { renderChat } from "../../src/llm/text/prompt.ts";
import { fitted, transcriptText } from "../../src/simulator/prompts/transcript.ts";
import type { Line } from "../../src/types.ts";
import { blueprint, found, limits, says } from "../support/blueprint.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";

const lines: Line[] = [
  { role: "user", text: "A short question" },
  { role: "assistant", text: `begin ${"a".repeat(2000)} end` },
  { role: "result", text: `{"id": ${"7".repeat(400)}, "last": true}` },
];
const size = (read: readonly Line[]) => transcriptText(read).length;

describe("lines that do not fit", () => {
  test("stay unchanged if they do", () => {
    expect(fitted(lines, (read) => size(read) <= size(lines))).toEqual(lines);
  });

  test("lose the middle of the longest, with a mark, and nothing of the others", () => {
    const [question, long, result] = fitted(lines, (read) => size(read) <= 1500);
    expect([question, result]).toEqual([lines[0], lines[2]]);
    expect(long?.text).toMatch(/^begin a+ \[\d+ characters left out\] a+ end$/);
    const left = Number(/\[(\d+) characters/.exec(long?.text ?? "")?.[1]);
    expect(long?.text.replace(/ \[.*\] /, "").length).toBe((lines[1]?.text.length ?? 0) - left);
  });

  test("are cut no more than they must be", () => {
    for (const most of [700, 1000, 1500, 2000]) {
      const used = size(fitted(lines, (read) => size(read) <= most));
      expect(used).toBeLessThanOrEqual(most);
      expect(used).toBeGreaterThan(most - 40); // two lines may be cut at once, each with its mark
    }
  });

  test("are returned in their shortest form if even that is too long", () => {
    const shortest = fitted(lines, () => false);
    expect(shortest.every(({ text }) => text.length < 110)).toBe(true);
  });
});

describe("a simulator with a small context", () => {
  const task = blueprint({ limits: limits({ userReplies: 1, tokensPerTurn: 3000, responseTokens: 9000 }) });
  const long = `${"The train is comfortable. ".repeat(90)}It is NT418.`;
  const replies = { user: { reason: "Good.", reward: 1, done: true, message: "" }, judge: { reason: "Met.", reward: 1 } };

  /** An episode whose policy has all the room it wants, in a world whose simulator has `contextTokens`. */
  async function judged(contextTokens: number) {
    const world = stage({
      contextTokens,
      reply: ({ schema }) => ("message" in (schema.properties as object) ? replies.user : replies.judge),
    });
    const played = stage({ turns: [says(found), long] }, { model: world.engine.simulator, user: "written" });
    const trajectory = await verdictOn(played, await episodeOf(played, task, ["small"]), "written", 2);
    return { trajectory, asked: world.asked.replies, vocabulary: played.player.vocabulary };
  }

  test("reads all of it if there is room", async () => {
    const { trajectory, asked } = await judged(9000);
    expect(trajectory.verdict?.reward).toBe(1);
    for (const { messages } of asked) expect(messages.at(-1)?.content).toContain(`Assistant: ${long}`);
  });

  test("reads both ends of a long line if not, and keeps room for its reply", async () => {
    const { trajectory, asked, vocabulary } = await judged(3000);
    expect(trajectory.verdict?.reward).toBe(1);
    expect(asked).toHaveLength(2);
    for (const { messages, maxTokens } of asked) {
      expect(messages.at(-1)?.content).toMatch(/Assistant: The train .* \[\d+ characters left out\] .* It is NT418\.\n/);
      const used = renderChat(vocabulary, messages, "").length + maxTokens;
      expect(used).toBeLessThanOrEqual(3000);
      expect(used).toBeGreaterThan(2900);
    }
  });

  test("that has no room for the question itself fails as data: the episode is aborted", async () => {
    const { trajectory } = await judged(400);
    expect(trajectory).toMatchObject({
      status: "aborted",
      stopReason: "simulator_failed",
      failure: { boundary: "user", code: "context_full" },
    });
  });
});
