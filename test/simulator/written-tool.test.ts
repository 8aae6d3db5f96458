import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/rules/journal.ts";
import { writtenResult } from "../../src/simulator/written-tool.ts";
import type { Json, Line, Task, ToolCall } from "../../src/types.ts";
import { blueprint, findTrain, found } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const task = blueprint();
const lines: Line[] = [
  { role: "user", text: task.firstMessage },
  { role: "assistant", text: "Let me look." },
  { role: "call", text: "the call before" },
];
const call: ToolCall = { name: found.name, arguments: found.arguments };
const fact: Fact = {
  name: "find_train",
  arguments: { ...found.arguments, to: "Hamar" },
  result: { train_id: "NT900", departs: "09:00" },
};
const reply = (change: object = {}): Json => ({
  reason: "It fits.",
  reward: 1,
  result: { train_id: "NT1", departs: "07:00" },
  ...change,
});

/** What the tool says where the simulator writes these; none: it must not be asked. */
async function answered(made: ToolCall, replies: readonly Json[], own: Task = task, journal: readonly Fact[] = []) {
  const left = [...replies];
  const { scene, asked } = stage(replies.length === 0 ? {} : { reply: () => left.shift() ?? null });
  const answer = await writtenResult(made, own, lines, journal, scene.simulator, scene.patience);
  return { answer, asked: asked.replies, prompt: asked.replies[0]?.messages.at(-1)?.content ?? "" };
}

describe("decided by rule, the simulator unasked", () => {
  test.each<[string, ToolCall, string]>([
    ["an unknown tool", { name: "fly", arguments: {} }, "unknown tool 'fly'"],
    ["a missing argument", { ...call, arguments: { from: "Oslo", day: "2027-03-02" } }, "missing argument 'to'"],
    ["an extra argument", { ...call, arguments: { ...call.arguments, class: 1 } }, "unknown argument 'class'"],
    ["a wrong type", { ...call, arguments: { ...call.arguments, to: 7 } }, "argument 'to' must be a string"],
  ])("%s", async (_, made, error) => {
    const { answer } = await answered(made, []);
    expect(answer).toMatchObject({ ok: true, reward: -1, fact: null, text: expect.stringContaining(error) });
  });

  test("a call that was answered before: the same result again, and no new fact", async () => {
    expect((await answered(fact, [], task, [fact])).answer).toEqual({
      ok: true,
      text: '{"train_id": "NT900", "departs": "09:00"}',
      reward: 0,
      fact: null,
    });
  });
});

describe("a tool that writes", () => {
  test("gives result and reward, also for the call that the blueprint expects", async () => {
    const { answer } = await answered(call, [reply({ reward: 0 })]);
    expect(answer).toEqual({
      ok: true,
      text: '{"train_id": "NT1", "departs": "07:00"}',
      reward: 0,
      fact: { ...call, result: { train_id: "NT1", departs: "07:00" } },
    });
  });

  test("answers under the return schema or with an error; an error is no fact", async () => {
    const refused = reply({ reward: -1, result: { error: "no train on that day" } });
    expect((await answered(call, [refused])).answer).toMatchObject({
      ok: true,
      reward: -1,
      fact: null,
      text: '{"error": "no train on that day"}',
    });
    const strange = reply({ result: { price: 3 } });
    expect((await answered(call, [strange, reply()])).asked).toHaveLength(2);
  });

  test("without a return schema gives a free object", async () => {
    const { returns: _, ...bare } = findTrain;
    const { answer } = await answered(call, [reply({ result: { any: "thing" } })], blueprint({ tools: [bare] }));
    expect(answer).toMatchObject({ text: '{"any": "thing"}' });
  });

  test("is asked for a reason before the reward, and for the reward before the result", async () => {
    const { asked } = await answered(call, [reply()]);
    expect(Object.keys((asked[0]?.schema.properties ?? {}) as object)).toEqual(["reason", "reward", "result"]);
  });

  test("has the earlier results, the talk and the user's goal beside it, but neither persona nor expected calls", async () => {
    const { prompt, asked } = await answered(call, [reply()], { ...task, persona: "a juggler", report: "NT418 it is" }, [fact]);
    for (const known of [
      '= {"train_id": "NT900", "departs": "09:00"}',
      "Assistant: Let me look.",
      `The user wants: ${task.intent}`,
    ])
      expect(prompt).toContain(known);
    for (const unknown of ["juggler", "NT418", "the call before"]) expect(JSON.stringify(asked)).not.toContain(unknown);
  });

  test("begins with what all calls of the task share", async () => {
    const other: ToolCall = { name: "book_seats", arguments: { train_id: "NT900", seats: 1 } };
    const one = await answered(call, [reply()]);
    const two = await answered(other, [reply({ result: { price: 4 } })], task, [fact]);
    const head = one.prompt.slice(0, one.prompt.indexOf("Earlier results:"));
    expect(head).toContain(findTrain.description);
    expect(two.prompt.startsWith(head)).toBe(true);
  });

  test("draws alike for a call in every episode of the task, otherwise for another", async () => {
    const seed = async (made: ToolCall, own = task) => (await answered(made, [reply()], own)).asked[0]?.seed;
    expect(await seed(call)).toBe(await seed(call));
    expect(await seed(call, blueprint({ id: "trains-2" }))).not.toBe(await seed(call));
  });

  test("that writes nothing valid in three tries is a failure as a value", async () => {
    const { answer, asked } = await answered(call, [reply({ reward: 2 }), "no", "{"]);
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "tool", code: "invalid_reply" } });
    expect(asked).toHaveLength(3);
  });
});
