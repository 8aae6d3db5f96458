import { describe, expect, test } from "vitest";
import type { Withheld } from "../../src/simulator/briefing.ts";
import { difficulty } from "../../src/tasks/difficulty.ts";
import { turnLimits } from "../../src/tasks/ordered-task.ts";
import type { Json, Task } from "../../src/types.ts";
import { blueprint, booked, findTrain, found, limits, says } from "../support/blueprint.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";
import { order } from "../support/task-order.ts";

type Role = "user" | "tool" | "verdict";

/** Who is asked: the roles' replies have different fields. */
function roleOf(schema: object): Role {
  const fields = Object.keys((schema as { properties: object }).properties);
  if (fields.includes("message")) return "user";
  return fields.includes("result") ? "tool" : "verdict";
}

const task = blueprint({ limits: limits({ userReplies: 2 }) });
const price = { reason: "Fits.", reward: 1, result: { price: 184 } };
const train = { reason: "Fits.", reward: 1, result: { train_id: "NT7", departs: "10:10" } };
const message = (text: string, reward = 1) => ({ reason: "It helped.", reward, done: text === "", message: text });
const verdict = (reward: number) => ({ reason: "Criterion 1 is met.", reward });

/** An episode in a world that is written throughout; the replies of each role in order, the last one again and again. */
async function written(
  turns: readonly string[],
  replies: Readonly<Record<Role, readonly Json[]>>,
  own: Task = task,
  withhold: readonly Withheld[] = [],
) {
  const counts = { user: 0, tool: 0, verdict: 0 };
  const played = stage(
    {
      turns,
      reply: ({ schema }) => {
        const role = roleOf(schema);
        return replies[role][Math.min(counts[role]++, replies[role].length - 1)] ?? null;
      },
    },
    { user: "written", tools: "written", withhold },
  );
  const { asked } = played;
  const episode = await episodeOf(played, own, ["run", 1, 0, 0]);
  const judged = await verdictOn(played, episode, "written", 2);
  const prompts = (role: Role) => asked.replies.filter(({ schema }) => roleOf(schema) === role);
  return { ...episode, judged, asked: asked.replies, prompts };
}
const text = (request: { readonly messages: readonly { readonly content: string }[] }) => request.messages.at(-1)?.content ?? "";

describe("an episode in a written world", () => {
  test("goes from call to result to message to silence to verdict, and every turn keeps its reward", async () => {
    const { judged } = await written([says(found), "NT7 at 10:10.", "You are welcome."], {
      user: [message("Thanks! How long does it take?", 1), message("", 0)],
      tool: [{ ...train, reward: -1 }],
      verdict: [verdict(1)],
    });
    expect(judged).toMatchObject({
      status: "terminated",
      stopReason: "user_done",
      verdict: { reward: 1, judge: 1, reason: "Criterion 1 is met." },
    });
    expect(judged.messages.map(({ role, turnReward }) => `${role} ${turnReward}`)).toEqual([
      "system null",
      "user null",
      "assistant -1",
      "tool null",
      "assistant 1",
      "user null",
      "assistant 0",
    ]);
    expect(judged.messages[5]?.text).toBe("Thanks! How long does it take?");
  });

  test("asks the user of a clear task after the answer at level 1 already: its reward, and one more turn for a wrong one", async () => {
    const own = blueprint({ limits: turnLimits(order({ level: 1, aspects: difficulty(1), tokensPerTurn: 300 }), 0, 1) });
    const replies = { user: [message("I asked for a train.", -1)], tool: [train], verdict: [verdict(0)] };
    const { judged, prompts } = await written([says(found), "We have lovely cakes.", "Take NT7."], replies, own);
    expect(judged.stopReason).toBe("answered");
    expect(prompts("user")).toHaveLength(1);
    expect(judged.messages.slice(4).map(({ text, turnReward }) => `${text} ${turnReward}`)).toEqual([
      "We have lovely cakes. -1",
      "I asked for a train. null",
      "Take NT7. null",
    ]);
    expect(text(prompts("verdict")[0] ?? { messages: [] })).toContain("User: I asked for a train.\nAssistant: Take NT7.\n");
  });

  test("answers parallel calls in their order, each seeing the results before it, and the turn's reward is their mean", async () => {
    const second = { ...found, arguments: { ...found.arguments, to: "Hamar" } };
    const third = { ...booked, arguments: { ...booked.arguments, train_id: "NT7" } };
    const { trajectory, prompts } = await written([says(found, second, third), "Done."], {
      user: [message("")],
      tool: [train, { ...train, reward: 0, result: { train_id: "NT8", departs: "11:11" } }, { ...price, reward: -1 }],
      verdict: [],
    });
    const seen = prompts("tool").map((request) =>
      ["NT7", "NT8"].map((id) => text(request).split("Earlier results:")[1]?.includes(id)),
    );
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
    expect(trajectory.messages[2]).toMatchObject({ turnReward: 0 });
    expect(trajectory.messages[3]?.text.split("\n")).toEqual([
      '{"train_id": "NT7", "departs": "10:10"}',
      '{"train_id": "NT8", "departs": "11:11"}',
      '{"price": 184}',
    ]);
  });

  test("cuts a long result in its middle", async () => {
    const { returns: _, ...bare } = findTrain;
    const own = { ...task, tools: [bare] };
    const long = { ...train, result: { head: "h".repeat(600), tail: "t" } };
    const { trajectory } = await written([says(found), "Done."], { user: [message("")], tool: [long], verdict: [] }, own);
    const result = trajectory.messages[3]?.text ?? "";
    expect(result.length).toBeLessThanOrEqual(512);
    expect(result).toMatch(/^\{"head": "h+ \.\.\. h+", "tail": "t"\}$/);
  });

  test.each<[Role, string]>([
    ["user", "user"],
    ["tool", "tool"],
    ["verdict", "verifier"],
  ])("whose %s never gets a valid word out is aborted: a failure as a value, no verdict", async (role, boundary) => {
    const replies = { user: [message("")], tool: [train], verdict: [verdict(1)], [role]: ["not JSON"] };
    const { judged } = await written([says(found), "NT7."], replies);
    expect(judged).toMatchObject({
      status: "aborted",
      stopReason: "simulator_failed",
      verdict: null,
      failure: { boundary, code: "invalid_reply" },
    });
  });

  test("without a call is -1 by rule, and the verifier is not asked", async () => {
    const { judged, prompts } = await written(["I am the best assistant."], {
      user: [message("")],
      tool: [],
      verdict: [verdict(1)],
    });
    expect(judged.verdict).toMatchObject({ reward: -1, judge: null, reason: "made no call although one was needed" });
    expect(prompts("verdict")).toEqual([]);
  });

  test("is judged by no more criteria than the simulator is trusted with", async () => {
    const { prompts } = await written(
      [says(found), "NT7."],
      { user: [message("")], tool: [train], verdict: [verdict(0)] },
      { ...task, criteria: 4 },
    );
    expect(text(prompts("verdict")[0] ?? { messages: [] })).toMatch(/Criteria:\n1\. .*\n2\. .*\n\nYour verdict:$/);
  });

  test("draws again for each turn of the user, and for each sample", async () => {
    const talk = { user: [message("And?"), message("And then?"), message("")], tool: [], verdict: [] };
    const { prompts } = await written(["One.", "Two.", "Three."], talk);
    expect(new Set(prompts("user").map(({ seed }) => seed)).size).toBe(2);
  });
});

describe("what is withheld", () => {
  const secret = blueprint({
    limits: limits({ userReplies: 1 }),
    intent: "SECRET INTENT",
    persona: "SECRET PERSONA",
    expected: [{ ...found, arguments: { ...found.arguments, to: "SECRET CALL" } }],
  });
  const parts = { intent: "SECRET INTENT", persona: "SECRET PERSONA", "expected-calls": "SECRET CALL" } as const;
  const told: Readonly<Record<keyof typeof parts, readonly Role[]>> = {
    intent: ["user", "tool", "verdict"],
    persona: ["user", "verdict"],
    "expected-calls": ["verdict"],
  };

  test.each(Object.keys(parts) as (keyof typeof parts)[])(
    "%s: told to the roles that the paper tells, and to none when withheld",
    async (part) => {
      const rolesTold = async (withhold: readonly Withheld[]) => {
        const replies = { user: [message("")], tool: [train], verdict: [verdict(1)] };
        const { asked } = await written([says(found), "NT7."], replies, secret, withhold);
        expect(asked).toHaveLength(3);
        return asked.filter(({ messages }) => JSON.stringify(messages).includes(parts[part])).map(({ schema }) => roleOf(schema));
      };
      expect((await rolesTold([])).sort()).toEqual([...told[part]].sort());
      expect(await rolesTold([part])).toEqual([]);
    },
  );
});
