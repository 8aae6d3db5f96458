import { describe, expect, test } from "vitest";
import { demonstrate } from "../../src/rollout/demonstration.ts";
import { blameFor, isBadEnding } from "../../src/rules/blame.ts";
import { complaint, thanks } from "../../src/simulator/prompts/user.ts";
import type { Failure, Message, Task, ToolCall, ToolSpec, Trajectory } from "../../src/types.ts";
import { blueprint, booked, chain, declined, findTrain, found, limits, says } from "../support/blueprint.ts";
import { lessons } from "../support/piano-school.ts";
import { episodeOf, type Play, picking, stage, verdictOn } from "../support/stage.ts";
import { message } from "../support/trajectory.ts";

const wrongDay: ToolCall = { ...found, arguments: { ...found.arguments, day: "2027-03-09" } };
const day = { call: 0, argument: "day", sentence: "The day is 2027-03-02." } as const;
const asking = blueprint({
  heldBack: [day],
  firstMessage: "Which train goes from Oslo to Bergen?",
  limits: limits({ userReplies: 1 }),
});
const calling = (...calls: ToolCall[]): Message => ({ ...message("assistant", says(...calls)), calls });
const refused = (call: ToolCall): Message => ({ ...calling(call), calls: [{ ...call, refused: "too_many" }] });
const user = (text: string) => message("user", text);
const agent = (text: string) => message("assistant", text);
const tool = (...results: unknown[]) => message("tool", results.map((result) => JSON.stringify(result)).join("\n"));
const error = { error: "no trains today" };

/** An episode of these messages after the first one, with a verdict unless it was aborted. */
function episode(messages: readonly Message[], change: Partial<Trajectory> = {}, task: Task = blueprint()): Trajectory {
  return {
    task,
    author: "policy",
    sample: 0,
    policyVersion: 0,
    seed: 1,
    messages: [message("system", task.systemPrompt), user(task.firstMessage), ...messages],
    status: "terminated",
    stopReason: "answered",
    verdict: { reward: -1, rules: 0, judge: null, reason: "", fault },
    failure: null,
    seconds: 0,
    counts: {},
    ...change,
  };
}

const fault = { code: "its_own", reason: "as the verdict says" };
const rules = (share: number, reward = share - 0.5) => ({
  verdict: { reward, rules: share, judge: null, reason: "", ...(share < 1 ? { fault } : {}) },
});
const truncated = (stopReason: Trajectory["stopReason"]) => ({ status: "truncated", stopReason, ...rules(0) }) as const;
const aborted = (boundary: Failure["boundary"], code: Failure["code"]) =>
  ({
    status: "aborted",
    stopReason: boundary === "engine" ? "engine_failed" : "simulator_failed",
    verdict: null,
    failure: { boundary, code, text: "why" },
  }) as const;
const blamed = (trajectory: Trajectory) => {
  const blame = blameFor(trajectory);
  return blame && `${blame.party} ${blame.code}`;
};

describe("only bad endings are blamed on a party:", () => {
  test("aborted, truncated, a negative reward, or a rule that was not met", () => {
    expect(isBadEnding(episode([], aborted("tool", "deadline")))).toBe(true);
    expect(isBadEnding(episode([], { ...truncated("turn_length"), ...rules(1, 0.5) }))).toBe(true);
    expect(isBadEnding(episode([], rules(1, -0.1)))).toBe(true);
    expect(isBadEnding(episode([], rules(0.9, 0.4)))).toBe(true);
    expect(isBadEnding(episode([], rules(1, 0)))).toBe(false);
    expect(isBadEnding(episode([], { verdict: null }))).toBe(false); // not judged
    expect(blameFor(episode([agent("Hi")], rules(1, 0.8)))).toBeNull();
  });
});

describe("the blame", () => {
  test.each<[string, Trajectory]>([
    ["tool contradiction", episode([], aborted("tool", "contradiction"))],
    ["tool invalid_reply", episode([], aborted("tool", "invalid_reply"))],
    ["user deadline", episode([], aborted("user", "deadline"))],
    ["verifier deadline", episode([], aborted("verifier", "deadline"))],
    ["verifier context_full", episode([], aborted("verifier", "context_full"))],
    ["engine deadline", episode([], aborted("engine", "deadline"))],
    ["engine error", episode([], aborted("engine", "error"))],
    ["engine error", episode([], aborted("tool", "error"))], // llama.cpp failed while it played a tool
    ["engine unknown", episode([], { ...aborted("engine", "error"), failure: null })],
  ])("for an abort goes to the role that failed: %s", (expected, trajectory) => {
    expect(blamed(trajectory)).toBe(expected);
  });

  test.each<[string, Trajectory]>([
    ["verifier verdict_against_rules", episode([calling(found), tool(found.result), agent("NT418")], rules(1, -1))],
    ["verifier verdict_against_rules", episode([agent("I cannot.")], rules(1, -0.5), declined())],
    // the last turn was cut off: -1 may be right
    [
      "agent turn_length",
      episode([calling(found), tool(found.result), agent("NT4")], { ...truncated("turn_length"), ...rules(1, -1) }),
    ],
  ])("for a verdict against the rules goes to the judge: %s", (expected, trajectory) => {
    expect(blamed(trajectory)).toBe(expected);
  });

  const untold = blueprint({ firstMessage: "Which train goes from Oslo to Bergen?", intent: "find a train" });
  const noRoom = chain({ limits: limits({ toolTurns: 1 }) });
  test.each<[string, Trajectory]>([
    ["task unknowable_value", episode([calling(wrongDay), tool({})], rules(0.8), untold)],
    // another value was also wrong
    ["agent its_own", episode([calling({ ...wrongDay, arguments: { ...wrongDay.arguments, to: "Moss" } })], rules(0.6), untold)],
    [
      "task limits_too_small",
      episode([calling(found), tool(found.result), calling(booked)], truncated("max_tool_turns"), noRoom),
    ],
    ["agent its_own", episode([calling(found), tool(found.result)], truncated("max_tool_turns"), chain())],
    ["task limits_too_small", episode([agent("Which day?")], {}, { ...asking, limits: limits({ userReplies: 0 }) })],
    ["task limits_too_small", episode([], truncated("context_full"))],
    ["agent context_full", episode([agent("and on and on")], truncated("context_full"))],
    ["task bad_blueprint", episode([agent("No.")], { ...rules(0), author: "blueprint" })],
  ])("for an impossible task goes to the task: %s", (expected, trajectory) => {
    expect(blamed(trajectory)).toBe(expected);
  });

  test.each<[string, Trajectory]>([
    ["user withheld_value", episode([agent("Which day is it?"), user(complaint), agent("Sorry.")], rules(0), asking)],
    ["user withheld_value", episode([agent("Which day?")], { stopReason: "user_done" }, asking)],
    ["agent its_own", episode([agent("Which station?"), user(complaint), agent("Sorry.")], rules(0), asking)],
    ["agent its_own", episode([agent("Which day?"), user(day.sentence), agent("Nice.")], rules(0), asking)],
  ])("for a value that the user withholds goes to the user: %s", (expected, trajectory) => {
    expect(blamed(trajectory)).toBe(expected);
  });

  test.each<[string, Trajectory]>([
    ["tool refused_right_call", episode([calling(found), tool(error), agent("No trains.")], rules(0.9))],
    ["agent its_own", episode([calling(found), tool({ error: null, trains: [] }), agent("No trains.")], rules(0.9))],
    ["tool refused_right_call", episode([calling(wrongDay, found), tool({}, error)], truncated("max_assistant_turns"))],
    ["agent its_own", episode([calling(wrongDay), tool(error)], rules(0.8))],
    ["agent its_own", episode([refused(found), tool(error)], rules(0))],
    // rules run the tools of a table: their errors are right
    ["agent its_own", episode([calling(found), tool(error), agent("No trains.")], rules(0.9), blueprint({ table: lessons }))],
  ])("for an error as the result of an expected call goes to the tool: %s", (expected, trajectory) => {
    expect(blamed(trajectory)).toBe(expected);
  });

  test.each<[string, Trajectory]>([
    ["agent turn_length", episode([agent("so ")], truncated("turn_length"))],
    ["agent response_length", episode([agent("so ")], truncated("response_length"))],
    ["agent turn_deadline", episode([agent("so ")], truncated("turn_deadline"))],
    ["agent its_own", episode([calling(wrongDay), tool({})], rules(0.8))],
    ["agent its_own", episode([calling(wrongDay), tool({})], truncated("max_tool_turns"))],
    [
      "agent max_assistant_turns",
      episode([calling(found), tool(found.result)], { ...truncated("max_assistant_turns"), ...rules(1) }),
    ],
    ["agent bad_report", episode([agent("Hm.")], { verdict: { reward: -1, rules: 0, judge: 0, reason: "poor" } })],
  ])("goes to the agent, with the verdict's fault, if the record proves no other: %s", (expected, trajectory) => {
    expect(blamed(trajectory)).toBe(expected);
  });
});

describe("in played episodes", () => {
  const play = async (task: Task, script: Play, change: Parameters<typeof stage>[1] = {}) => {
    const played = stage(script, change);
    const trajectory = await verdictOn(played, await episodeOf(played, task, ["blame"]), "rules");
    return { trajectory, blame: blamed(trajectory) };
  };
  const other = { ...found, arguments: { ...found.arguments, to: "Hamar" } };

  test("an invented id is refused, counted and blamed on the agent", async () => {
    const { trajectory, blame } = await play(chain(), {
      turns: [says({ ...booked, arguments: { train_id: "NT9", seats: 2 } }), "Booked."],
    });
    expect(trajectory.counts).toEqual({ "refused/invented_id": 1 });
    expect(trajectory.messages.some(({ text }) => text.includes("no such train_id"))).toBe(true);
    expect(blame).toBe("agent invented_id");
  });

  test("a tool that contradicts the blueprint three times aborts the episode and is blamed", async () => {
    const look: ToolSpec = {
      ...findTrain,
      name: "get_train",
      parameters: { type: "object", properties: { train_id: { type: "string" } } },
    };
    const turns = [says(found), says({ name: "get_train", arguments: { train_id: "NT418" } }), "Done."];
    const task = blueprint({ tools: [findTrain, look] });
    const { trajectory, blame } = await play(task, { turns, reply: () => ({ train_id: "NT418", departs: "09:25" }) });
    expect(trajectory).toMatchObject({ status: "aborted", failure: { boundary: "tool", code: "contradiction" } });
    expect(trajectory.counts).toMatchObject({ contradictions: 3, "retried/tool": 2 });
    expect(trajectory.counts["tokens_in/tool"]).toBeGreaterThan(0);
    expect(blame).toBe("tool contradiction");
  });

  test("a user who never answers in time is blamed for the abort", async () => {
    const never = { turns: ["It is NT418."], choose: () => new Promise<never>(() => {}) };
    const task = blueprint({ limits: limits({ userReplies: 1 }) });
    const { blame } = await play(task, never, { tries: 1, deadlineMs: 100 });
    expect(blame).toBe("user deadline");
  });

  test("malformed calls, unknown tools and calls beyond the limit are counted by kind", async () => {
    const turn = `<tool_call>\n{"name": \n</tool_call>\n${says({ name: "fly", arguments: {} }, other, found, { ...found, arguments: {} })}`;
    const { trajectory } = await play(blueprint(), { turns: [turn, "ok"], reply: () => ({ train_id: "NT1", departs: "09:00" }) });
    expect(trajectory.counts).toMatchObject({
      "refused/malformed": 1,
      "refused/unknown_tool": 1,
      "refused/too_many": 1,
      replies: 1,
    });
  });

  test("the user's choices count as tokens of the user's role", async () => {
    const task = blueprint({ limits: limits({ userReplies: 1 }) });
    const { trajectory } = await play(task, { turns: ["It is NT418."], choose: picking(thanks) });
    expect(Object.keys(trajectory.counts)).toEqual(["tokens_in/user"]);
  });

  test("a demonstration that its own rules reject is the task's fault", async () => {
    const shown = await demonstrate(blueprint(), ["demo"], { ...stage({}).player, toolChars: 512 });
    expect(blamed({ ...shown, ...rules(0) })).toBe("task bad_blueprint");
  });
});
