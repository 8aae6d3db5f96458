import { describe, expect, test } from "vitest";
import { outOfCharacter, writtenTurn } from "../../src/simulator/written-user.ts";
import type { Json, Line, Task } from "../../src/types.ts";
import { blueprint } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const day = { call: 0, argument: "day", sentence: "The day is 2027-03-02." };
const task = blueprint({ heldBack: [day] });
const lines: Line[] = [
  { role: "user", text: task.firstMessage },
  { role: "assistant", text: "Which day?" },
  { role: "call", text: '{"name": "find_train"}' },
  { role: "result", text: '{"train_id": "NT418"}' },
  { role: "assistant", text: "It is NT418." },
];
const turn = (change: object): Json => ({ reason: "It asked.", reward: 1, done: false, message: "On 2027-03-02.", ...change });

/** The user's turn where the simulator writes these one after the other, and what it was asked. */
async function written(replies: readonly Json[], own: Task = task, said: readonly Line[] = lines) {
  const left = [...replies];
  const { scene, asked } = stage({ reply: () => left.shift() ?? null });
  const answer = await writtenTurn(own, said, scene.simulator, scene.patience, ["run", 1]);
  return { answer, asked: asked.replies, prompt: asked.replies[0]?.messages.at(-1)?.content ?? "" };
}

describe("a user who writes", () => {
  test("says the next message and rewards the assistant's turn", async () => {
    expect((await written([turn({})])).answer).toEqual({
      ok: true,
      kind: "message",
      text: "On 2027-03-02.",
      reward: 1,
      detail: null,
    });
    expect((await written([turn({ reward: -1 })])).answer).toMatchObject({ reward: -1 });
  });

  test.each([
    ["an empty message", { message: " " }],
    ["being done, whatever else is said", { done: true, message: "As an AI I call find_train." }],
  ])("ends the talk by %s, and the turn keeps its reward", async (_, change) => {
    expect((await written([turn({ reward: -1, ...change })])).answer).toMatchObject({ kind: "silence", text: "", reward: -1 });
  });

  test("is asked for a reason before the reward, and for the reward before the words", async () => {
    const { asked } = await written([turn({})]);
    expect(Object.keys((asked[0]?.schema.properties ?? {}) as object)).toEqual(["reason", "reward", "done", "message"]);
  });

  test("knows intent, persona and what was held back, and hears what was said aloud, not calls or results", async () => {
    const { prompt } = await written([turn({})]);
    for (const known of [`The person wants: ${task.intent}`, "knows the matter well", day.sentence, "Assistant: It is NT418."])
      expect(prompt).toContain(known);
    for (const unheard of ["find_train", "train_id", task.thanks]) expect(prompt).not.toContain(unheard);
  });

  test("hears an assistant that said nothing", async () => {
    expect((await written([turn({})], task, lines.slice(0, 1))).prompt).toContain(`${task.firstMessage}\nAssistant: ...`);
  });

  test("is told how long the talk shall be, level by level", async () => {
    const told = await Promise.all(
      [0, 1, 2].map(async (expectedTurns) => (await written([turn({})], { ...task, expectedTurns })).prompt),
    );
    expect(told.map((prompt) => /The talk is (\w+)\./.exec(prompt)?.[1])).toEqual(["short", "medium", "long"]);
  });

  test("has the same prompt up to the talk at every turn, so that it is computed once", async () => {
    const [first, later] = [await written([turn({})], task, lines.slice(0, 2)), await written([turn({})])];
    const head = first.prompt.slice(0, first.prompt.indexOf("Which day?"));
    expect(head).toContain(task.intent);
    expect(later.prompt.startsWith(head)).toBe(true);
    expect(later.asked[0]?.messages[0]).toEqual(first.asked[0]?.messages[0]);
  });

  test("who leaves the person's voice is asked again with another draw, and fails as a value in the end", async () => {
    const assistant = turn({ message: "How can I help you today?" });
    const { answer, asked } = await written([assistant, "not JSON", turn({})]);
    expect(answer).toMatchObject({ ok: true, text: "On 2027-03-02." });
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(3);
    expect((await written([assistant, assistant, assistant])).answer).toMatchObject({
      ok: false,
      failure: { boundary: "user", code: "invalid_reply", text: expect.stringContaining("speaks as the assistant") },
    });
  });

  test("that does not come before the deadline is a failure, and not waited for when cancelled", async () => {
    const { scene } = stage({ reply: () => new Promise(() => {}) });
    const late = { tries: 1, deadlineMs: 1 };
    expect(await writtenTurn(task, lines, scene.simulator, late, [])).toMatchObject({
      failure: { boundary: "user", code: "deadline" },
    });
    const cancelled = writtenTurn(task, lines, scene.simulator, scene.patience, [], AbortSignal.abort());
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("the rule about a person's voice", () => {
  const weather = { name: "weather", description: "", parameters: { type: "object" } };
  const rule = (text: string) => outOfCharacter(text, blueprint({ tools: [...task.tools, weather] }), lines);

  test.each([
    "Please call find_train for me.",
    "Use FIND_TRAIN.",
    "As an AI language model, I cannot travel.",
    "I'm happy to assist you with that.",
    "I'll look that up for you.",
    "Your booking has been confirmed.",
    "Is there anything else I can do?",
    "Assistant: which day?",
    '<tool_call>{"name": "x"}</tool_call>',
    '{"name": "x", "arguments": {}}',
    "It is NT418.",
  ])("refuses %j", (text) => {
    expect(rule(text)).not.toBeNull();
  });

  test.each([
    "Can you help me find a train?",
    "Let me check my calendar. Tuesday works.",
    "I've booked a hotel already, so it must be the morning.",
    "Is there anything else you found?",
    "What will the weather be like?",
    "Thanks! And when does it arrive?",
    "My request was another one.",
  ])("lets %j pass", (text) => {
    expect(rule(text)).toBeNull();
  });
});
