// The two directions of writing a task in series.ts: the config chooses one, and the same rules check both.
import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { type WritingSession, writeTasks } from "../../src/run/draw/series.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import { anyTools } from "../../src/tools/distractors.ts";
import type { Json, JsonObject, Task } from "../../src/types.ts";
import { findTrain, found } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const trains = { domain: "travel", name: "trains", tools: [findTrain] };
const said = "Which train goes from Oslo to Bergen on 2027-03-02?";

async function write(set: readonly string[], query = said) {
  const { config } = resolveConfig({ preset: "trustee", set: ["tasks.novelty=null", "tasks.attempts=1", ...set] });
  const { engine, player, asked } = stage({
    reply: ({ schema }): Json => {
      if ("first_user_query" in (schema.properties as JsonObject))
        return {
          user_intent: "The user wants a train.",
          expected_tool_calls: [{ ...found }],
          user_persona: "a commuter",
          first_user_query: query,
        };
      return { arguments_1: found.arguments, result_1: found.result, message: query };
    },
  });
  const session: WritingSession = {
    ...{ config, engine, template: player.template, embed: null, distractors: anyTools, usage: newUsage() },
    ...{ pause: () => undefined, signal: new AbortController().signal },
  };
  const series = { id: "s", names: [1], first: 0, count: 1, level: 1, declineShare: 0, epsilon: 0, toolsets: [trains] };
  const tasks: Task[] = [];
  const written = await writeTasks(session, series, { filled: new Set(), rounds: [], known: [] }, async (_, task) => {
    tasks.push(task);
  });
  return {
    task: tasks[0],
    stages: [...(written?.rejected.values() ?? [])].flat().map(({ stage }) => stage),
    asked: asked.replies,
  };
}

test("the config's direction decides how a draft is written", async () => {
  const intent = await write([]);
  expect([intent.task?.firstMessage, intent.asked.length]).toEqual([said, 1]);
  const calls = await write(["tasks.direction=calls-first"]);
  expect([calls.task?.firstMessage, calls.asked.length]).toEqual([said, 2]);
});

test("drafts of both directions are checked by the same rules", async () => {
  const named = await write([], `${said} Use find_train.`);
  expect([named.task, named.stages]).toEqual([undefined, ["tool_named"]]);
  const room = ["engine.policyContext=200", "rollout.responseTokens=190"];
  for (const direction of ["intent-first", "calls-first"])
    expect((await write([`tasks.direction=${direction}`, ...room])).stages).toEqual(["prompt_too_long"]);
});
