// Who ends an episode (config rollout.ends): the user, or the policy by a final answer between tags.
import { describe, expect, test } from "vitest";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { conductOf } from "../../src/reward/conduct.ts";
import { demonstrate } from "../../src/rollout/demonstration.ts";
import { nothingMore, thanks } from "../../src/simulator/prompts/user.ts";
import { promptTokens } from "../../src/tasks/rejection.ts";
import type { Task } from "../../src/types.ts";
import { blueprint, declined, found, limits, says } from "../support/blueprint.ts";
import { episodeOf, type Play, picking, stage } from "../support/stage.ts";

const day = { call: 0, argument: "day", sentence: "The day is 2027-03-02." };
const answer = "The train is NT418, at 08:25.";
const tagged = `All done. <answer>${answer}</answer>`;
const play = async (task: Task, script: Play, change: Parameters<typeof stage>[1] = {}) =>
  (await episodeOf(stage(script, { ends: "answer", ...change }), task)).trajectory;
const texts = (trajectory: Awaited<ReturnType<typeof play>>, role: string) =>
  trajectory.messages.filter((message) => message.role === role).map(({ text }) => text);

describe("a policy that is to end the episode", () => {
  test("ends it by a final answer, whose text alone is its report", async () => {
    const trajectory = await play(blueprint({ limits: limits({ userReplies: 3 }) }), { turns: [says(found), tagged] });
    expect([trajectory.status, trajectory.stopReason]).toEqual(["terminated", "final_answer"]);
    expect(conductOf(trajectory, "hermes")).toMatchObject({ report: answer, fault: null });
  });

  test("talks to the user by any other text, also by an answer that is never closed", async () => {
    const task = blueprint({ heldBack: [day], limits: limits({ userReplies: 2 }) });
    const turns = ["<answer>Which day?", says(found), tagged];
    const trajectory = await play(task, { turns, choose: picking(day.sentence) });
    expect(texts(trajectory, "user")).toEqual([task.firstMessage, day.sentence]);
    expect(trajectory.stopReason).toBe("final_answer");
  });

  test("makes its calls first where one turn has both", async () => {
    const trajectory = await play(blueprint(), { turns: [`${says(found)}\n${tagged}`, tagged] });
    expect(trajectory.messages.map(({ role }) => role).join(" ")).toBe("system user assistant tool assistant");
  });

  test("is not relieved of it by a user who is done", async () => {
    const task = blueprint({ limits: limits({ userReplies: 1 }) });
    const chosen = await play(task, { turns: ["It leaves at 08:25.", tagged], choose: picking(thanks) });
    expect([texts(chosen, "user").at(-1), chosen.stopReason]).toEqual([thanks, "final_answer"]);
    const reply = () => ({ reason: "It is done.", reward: 1, done: true, message: "" });
    const written = await play(task, { turns: ["It leaves at 08:25.", tagged], reply }, { user: "written" });
    expect([texts(written, "user").at(-1), written.stopReason]).toEqual([nothingMore, "final_answer"]);
  });

  test("max_user_turns: is cut off if it goes on talking, with its whole last turn as what it said", async () => {
    const task = blueprint({ limits: limits({ userReplies: 1 }) });
    const trajectory = await play(task, { turns: ["It leaves at 08:25."], choose: picking(thanks) });
    expect([trajectory.status, trajectory.stopReason]).toEqual(["truncated", "max_user_turns"]);
    expect(conductOf(trajectory, "hermes").report).toBe("It leaves at 08:25.");
  });

  test("reads so in its system prompt, which is counted when a task's prompt is measured", async () => {
    const task = blueprint();
    const { messages } = await play(task, { turns: [tagged] });
    expect(messages[0]?.text).toMatch(/^You help travellers\.\n\n.*<answer> and <\/answer>/);
    const ids = messages.slice(0, 2).flatMap((message) => message.ids);
    expect(promptTokens(task, stage({}).player.template, { ends: "answer" })).toBe(ids.length);
  });
});

test("where the user ends the episode, answer tags are words like any other and the prompt is the task's own", async () => {
  const trajectory = await play(blueprint(), { turns: [says(found), tagged] }, { ends: "user" });
  expect(trajectory.stopReason).toBe("answered");
  expect(conductOf(trajectory, "hermes").report).toBe(tagged);
  expect(trajectory.messages[0]?.text).toBe("You help travellers.");
});

test.each([
  ["call", blueprint({ heldBack: [day], limits: limits({ userReplies: 1 }) })],
  ["decline", declined()],
] as const)("the demonstration of a %s task ends as the episode would: the same ids, reason and report", async (_, task) => {
  const { vocabulary } = stage({}).engine;
  const template = episodeTemplate(vocabulary, { dialect: "hermes", markers: "pieces" });
  const shown = await demonstrate(task, ["demo"], { template, toolChars: 512, ends: "answer" });
  const turns = texts(shown, "assistant");
  const choose = picking(...task.heldBack.map(({ sentence }) => sentence));
  const played = await play(task, { turns, choose });
  expect(played.messages.map(({ ids }) => ids)).toEqual(shown.messages.map(({ ids }) => ids));
  expect([shown.stopReason, played.stopReason]).toEqual(["final_answer", "final_answer"]);
  expect(conductOf(shown, "hermes").report).toBe(task.report);
});
