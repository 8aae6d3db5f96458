// The memory of tools: one answer for a call and a state, however many ask, whenever.
import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/rules/journal.ts";
import { type Memory, mostRemembered, openMemory, type Remembered } from "../../src/simulator/memory.ts";
import type { ToolAnswer } from "../../src/simulator/tool-answer.ts";
import { answerCall } from "../../src/simulator/tools.ts";
import { toldOf } from "../../src/tasks/told.ts";
import type { Failure, Task, ToolCall } from "../../src/types.ts";
import { blueprint, booked, chain, found } from "../support/blueprint.ts";
import { memoryOver, stating } from "../support/remembered.ts";
import { stage } from "../support/stage.ts";

const look: ToolCall = { name: "find_train", arguments: { from: "Oslo", to: "Moss", day: "2027-03-02" } };
const shouted: ToolCall = { name: "find_train", arguments: { day: "2027-03-02", from: "OSLO", to: "moss" } };
const failure: Failure = { boundary: "tool", code: "deadline", text: "too late" };

/** A model that never says the same twice, and how often it was asked. */
function fickle() {
  let asked = 0;
  return { make: async (call: ToolCall) => stating(call, { price: ++asked }), asked: () => asked };
}

/** What the memory answers, as text. */
async function said(memory: Memory, call: ToolCall, before: readonly Fact[], make: (call: ToolCall) => Promise<ToolAnswer>) {
  const answer = await memory.answer(blueprint(), call, before, () => make(call));
  return answer.ok ? answer.text : answer.failure.code;
}

describe("a memory", () => {
  test("gives the same call in the same state one answer, however it is written, and its fact with the words of this time", async () => {
    const memory = memoryOver([]);
    const model = fickle();
    expect(await said(memory, look, [found], model.make)).toBe('{"price":1}');
    const again = await memory.answer(blueprint(), shouted, [], () => model.make(shouted));
    expect(again).toMatchObject({ text: '{"price":1}', fact: { ...shouted, result: { price: 1 } } });
    expect(model.asked()).toBe(1);
  });

  test("answers anew after a change, and alike after the same change", async () => {
    const memory = memoryOver([]);
    const model = fickle();
    const paid = [found, booked];
    const other = [{ ...booked, arguments: { ...booked.arguments, seats: 3 } }];
    const answers = [];
    for (const before of [[], paid, [], [booked, found], other]) answers.push(await said(memory, look, before, model.make));
    expect(answers).toEqual(['{"price":1}', '{"price":2}', '{"price":1}', '{"price":2}', '{"price":3}']);
  });

  test("gives those who ask at once one answer", async () => {
    const stored: Remembered[] = [];
    const memory = memoryOver(stored);
    const model = fickle();
    const answers = await Promise.all(Array.from({ length: 5 }, () => said(memory, look, [], model.make)));
    expect(new Set(answers)).toEqual(new Set(['{"price":1}']));
    expect([model.asked(), stored.length]).toEqual([1, 1]);
  });

  test("remembers no failure: who waited for it asks again, and so does who comes later", async () => {
    const stored: Remembered[] = [];
    const memory = memoryOver(stored);
    const outcomes: ToolAnswer[] = [{ ok: false, failure }, { ok: false, failure }, stating(look, { price: 7 })];
    const make = async () => outcomes.shift() ?? stating(look, { price: 8 });
    expect(await Promise.all([said(memory, look, [], make), said(memory, look, [], make)])).toEqual(["deadline", "deadline"]);
    expect(stored).toEqual([]);
    expect(await said(memory, look, [], make)).toBe('{"price":7}');
    expect(await said(memory, look, [], make)).toBe('{"price":7}');
  });

  test("gives an answer only when it is stored", async () => {
    let stored = () => {};
    const memory = openMemory([], () => new Promise<void>((done) => (stored = done)));
    const given: string[] = [];
    const ask = async () => given.push(await said(memory, look, [], fickle().make));
    const both = [ask(), ask()];
    await new Promise(setImmediate);
    expect(given).toEqual([]);
    stored();
    await Promise.all(both);
    expect(given).toEqual(['{"price":1}', '{"price":1}']);
    const full = openMemory([], () => Promise.reject(new Error("disk full")));
    await expect(said(full, look, [], fickle().make)).rejects.toThrow("disk full");
  });

  test("answers alike when it is opened again over what was stored", async () => {
    const stored: Remembered[] = [];
    const model = fickle();
    const ask = () => said(memoryOver(stored), look, [booked], model.make);
    expect([await ask(), await ask(), model.asked()]).toEqual(['{"price":1}', '{"price":1}', 1]);
  });

  test("keeps a hundred answers of a task; what is new then is answered and not kept", async () => {
    const stored: Remembered[] = [];
    const memory = memoryOver(stored);
    const model = fickle();
    const to = (place: number): ToolCall => ({ ...look, arguments: { ...look.arguments, to: `town ${place}` } });
    for (let place = 0; place <= mostRemembered; place++) await said(memory, to(place), [], model.make);
    expect(stored).toHaveLength(mostRemembered);
    expect(await said(memory, to(0), [], model.make)).toBe('{"price":1}');
    expect(await said(memory, to(mostRemembered), [], model.make)).toBe('{"price":102}');
    const elsewhere = blueprint({ intent: "find a bus" });
    await memory.answer(elsewhere, look, [], () => model.make(look));
    expect(stored).toHaveLength(mostRemembered + 1);
  });

  test("is shared by the tasks of one world: of another epoch, and the twin that holds nothing back", async () => {
    const asks = blueprint({ heldBack: [{ call: 0, argument: "to", sentence: "To Bergen." }] });
    const model = fickle();
    const memory = memoryOver([]);
    const answered = async (task: Task) => memory.answer(task, look, [], () => model.make(look));
    const one = await answered(asks);
    for (const task of [{ ...asks, id: "trains-1@2" }, toldOf(asks), { ...asks, tools: asks.tools.toReversed() }])
      expect(await answered(task)).toEqual(one);
    expect(await answered(blueprint({ intent: "find a bus" }))).not.toEqual(one);
    expect(await answered(blueprint({ tools: asks.tools.slice(0, 1) }))).not.toEqual(one);
  });
});

describe("tools with a memory", () => {
  const fickleStage = () => {
    let asked = 0;
    return stage({ reply: () => ({ train_id: `NT${++asked}`, departs: "09:00" }) });
  };
  const answerIn = async (memory: Memory, made: ToolCall, task: Task, journal: readonly Fact[] = [], scene = fickleStage()) => {
    const answer = await answerCall({ call: made, task, withhold: [], lines: [], journal, memory }, "blueprint", scene.simulator);
    return answer.ok ? answer : null;
  };

  test("answer by rule first: an id that only another episode has read is invented in this one", async () => {
    const memory = memoryOver([]);
    const scene = stage({ reply: () => ({ price: 30 }) });
    const book: ToolCall = { name: "book_seats", arguments: { train_id: "NT900", seats: 3 } };
    const read: Fact = { ...look, result: { train_id: "NT900", departs: "09:00" } };
    expect(await answerIn(memory, book, chain(), [read], scene)).toMatchObject({ text: '{"price": 30}' });
    expect(await answerIn(memory, book, chain(), [], scene)).toMatchObject({ refused: "invented_id" });
    // and a refusal is not remembered
    expect(await answerIn(memory, book, chain(), [read], scene)).toMatchObject({ text: '{"price": 30}' });
  });

  test("are told what the others have said in the same state, and only there", async () => {
    const memory = memoryOver([]);
    const prompts: string[] = [];
    const scene = stage({
      reply: ({ messages }) => {
        prompts.push(messages.at(-1)?.content ?? "");
        return { train_id: `NT${prompts.length}`, departs: "09:00" };
      },
    });
    const to = (place: string): ToolCall => ({ ...look, arguments: { ...look.arguments, to: place } });
    await answerIn(memory, to("Moss"), blueprint(), [], scene);
    await answerIn(memory, to("Hamar"), blueprint(), [], scene);
    await answerIn(memory, to("Skien"), blueprint(), [booked], scene);
    expect(prompts.map((prompt) => prompt.includes('"NT1"'))).toEqual([false, true, false]);
  });

  test("are not told what another one has changed: in this state it has not happened", async () => {
    const memory = memoryOver([]);
    const prompts: string[] = [];
    const scene = stage({
      reply: ({ messages }) => {
        prompts.push(messages.at(-1)?.content ?? "");
        return prompts.length === 1 ? { price: 30 } : { train_id: "NT2", departs: "09:00" };
      },
    });
    const read: Fact = { ...look, result: { train_id: "NT900", departs: "09:00" } };
    const book: ToolCall = { name: "book_seats", arguments: { train_id: "NT900", seats: 3 } };
    await answerIn(memory, book, chain(), [read], scene);
    await answerIn(memory, { ...look, arguments: { ...look.arguments, to: "Skien" } }, chain(), [read], scene);
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).not.toContain("book_seats");
  });
});
