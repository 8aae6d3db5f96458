// Episodes of a session have the roles, times and verdict of its config.
import { expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { demonstrated } from "../../src/run/demonstrated.ts";
import { playerOf } from "../../src/run/play.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { JsonObject } from "../../src/types.ts";
import { blueprint, found, limits, says } from "../support/blueprint.ts";
import { type Play, stage } from "../support/stage.ts";

function session(play: Play, input: ConfigInput = {}) {
  const { player, engine, asked } = stage(play);
  const config = configSchema.parse(input);
  const { signal } = new AbortController();
  return { config, engine, template: player.template, usage: newUsage(), signal, asked } as const;
}

test("a demonstration is the right episode, and passes the rules", async () => {
  const { verdict, messages } = await demonstrated(session({}), blueprint(), ["demo"]);
  expect(verdict?.reward).toBe(1);
  expect(messages.every(({ logprobs }) => logprobs === null)).toBe(true);
});

test("a demonstration whose own turns fail in the engine is written by rule", async () => {
  const { verdict } = await demonstrated(session({ contextTokens: 8 }), blueprint(), ["demo"]);
  expect(verdict?.reward).toBe(1);
});

test("the user and the tools are those of the config, with its tokens of thinking", async () => {
  const reply = ({ schema }: ReplyRequest) =>
    "done" in (schema.properties as JsonObject)
      ? { reason: "It is over.", reward: 0, done: true, message: "" }
      : { reason: "It is closed.", reward: 0, result: { error: "closed" } };
  const written = { user: "written", tools: "written", thinking: true, thinkTokens: 64 } as const;
  const world = session({ turns: [says(found), "It is late."], reply }, { simulator: written, rollout: { deadlineSeconds: 3 } });
  const play = playerOf(world, { temperature: 1, verdict: "rules" });
  const { stopReason } = await play(blueprint({ limits: limits({ userReplies: 1 }) }), 0, ["episode"]);
  expect(stopReason).toBe("user_done");
  expect(world.asked.replies.map(({ thinkTokens, deadlineMs }) => [thinkTokens, deadlineMs])).toEqual([
    [64, 3000],
    [64, 3000],
  ]);
  expect(world.usage.replies).toBe(2);
});

test("a written verdict has as many criteria as the simulator's size allows, or as the config says", async () => {
  const reply = () => ({ reason: "because", reward: 1 });
  const criteriaOf = async (input: ConfigInput) => {
    const world = session({ turns: [says(found), "The train NT418 departs at 08:25."], reply }, input);
    await playerOf(world, { temperature: 0, verdict: "written" })(blueprint({ criteria: 5 }), 0, ["episode"]);
    const prompt =
      world.asked.replies
        .at(-1)
        ?.messages.map(({ content }) => content)
        .join("\n") ?? "";
    return [...prompt.matchAll(/^\W*\d[.)]/gm)].length;
  };
  expect(await criteriaOf({})).toBe(2); // 1.5B
  expect(await criteriaOf({ simulator: { maxCriteria: 4 } })).toBe(4);
});

test("an episode that the simulator aborts keeps what it was asked, every try of it", async () => {
  const world = session({ turns: [says(found)], reply: () => ({ wrong: true }) }, { simulator: { tools: "written" } });
  const played = await playerOf(world, { temperature: 1, verdict: "rules" })(blueprint(), 0, ["episode"]);
  expect(played).toMatchObject({ status: "aborted", stopReason: "simulator_failed" });
  expect(played.exchanges?.map(({ role, attempt, reply }) => [role, attempt, reply])).toEqual(
    world.asked.replies.map((_, index) => ["tool", index + 1, '{"wrong":true}']),
  );
  expect(played.exchanges?.at(-1)?.problem).toBe(played.failure?.text);
});
