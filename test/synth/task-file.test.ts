// Task sets as JSON lines: what is written is read back, and what somebody else has spoilt is refused in a sentence with its line.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { executed } from "../../src/rules/table.ts";
import { readTaskFile, taskLines } from "../../src/synth/task-file.ts";
import type { Table, Task } from "../../src/types.ts";
import { exampleTask } from "../store/temporary.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-tasks-"));
afterAll(() => rmSync(folder, { recursive: true }));

const persona = { name: "p0", text: "a piano teacher" };
const lesson = {
  name: "cancel_lesson",
  description: "Cancels a lesson.",
  parameters: { type: "object", properties: { lesson_id: { type: "string" } }, required: ["lesson_id"] },
  returns: { type: "object", properties: { state: { type: "string" } }, required: ["state"] },
};

const dated = { ...lesson.parameters.properties, day: { type: "string" } };
const table: Table = {
  thing: "lesson",
  idName: "lesson_id",
  attributes: [{ name: "pupil", kind: "name", options: [] }],
  states: ["booked", "cancelled"],
  records: [{ id: "PL-4827", values: { pupil: "Ida" }, state: "booked" }],
  operations: { cancel_lesson: "cancel" },
};
const call = { name: "cancel_lesson", arguments: { lesson_id: "PL-4827" } };

/** A task with everything that a task may have. */
const whole: Task = exampleTask({
  tools: [lesson],
  expected: [{ ...call, result: executed(table, [], call).result }],
  heldBack: [{ call: 0, argument: "lesson_id", sentence: "It is PL-4827." }],
  table,
  restriction: {
    text: "Never cancel before asking which lesson, since pupils are called alike.",
    rule: { kind: "before_asking", tool: "cancel_lesson", heldBack: 0 },
    temptation: { request: "Don't ask.", refusal: "I had to ask." },
  },
  rubric: {
    forbidden: [{ text: "nothing is cancelled twice", rule: null }],
    subGoals: [{ text: "it is cancelled", rule: { kind: "record", id: "PL-4827", values: {}, state: "cancelled" } }],
    questions: [{ text: "which lesson", rule: { kind: "asked", heldBack: 0 } }],
  },
  background: "Ida is ill.",
});

/** A file of these lines, read. */
function read(...lines: readonly string[]) {
  const path = join(folder, "tasks.jsonl");
  writeFileSync(path, lines.join("\n"));
  return readTaskFile(path, null);
}

const line = (change: object) => JSON.stringify({ persona, task: { ...whole, ...change } });

test("what is written is read back, with every part of a task", () => {
  const tasks = [
    { persona, task: whole },
    { persona: { name: "p1", text: "a vet" }, task: exampleTask({ id: "other" }) },
  ];
  expect(read(taskLines(tasks))).toEqual(tasks);
});

describe("refused is", () => {
  test.each<[string, readonly string[], RegExp]>([
    ["an empty file", ["", " "], /tasks\.jsonl: expected one task a line, and the file is empty/],
    ["a line that is no JSON", [line({}), "{"], /line 2: expected one JSON object a line/],
    ["a task without a persona", [JSON.stringify({ task: whole })], /line 1: persona: /],
    ["a part that no task has", [line({ level: 3, reward: 1 })], /line 1: task: .*"reward"/],
    [
      "a rule that is none",
      [line({ restriction: { ...whole.restriction, rule: { kind: "rarely" } } })],
      /task\.restriction\.rule/,
    ],
    [
      "a tool that cannot be played",
      [line({ tools: [{ ...lesson, parameters: { type: "list" } }] })],
      /line 1: .*"cancel_lesson" needs/,
    ],
    [
      "a call of a tool that is not offered",
      [line({ tools: [{ ...lesson, name: "find" }] })],
      /a call of cancel_lesson, which is not among/,
    ],
    [
      "a call that its tool does not take",
      [line({ tools: [{ ...lesson, parameters: { type: "object", properties: dated, required: ["lesson_id", "day"] } }] })],
      /line 1: task\.expected: cancel_lesson: missing argument 'day', so that nobody could do it/,
    ],
    [
      "a call that its table answers otherwise",
      [line({ table: { ...table, records: [] } })],
      /task\.expected: cancel_lesson gives .*Correct the call, its tool or the table/,
    ],
    [
      "a held-back value that is in no call",
      [line({ heldBack: [{ call: 1, argument: "x", sentence: "" }] })],
      /task\.heldBack: a value/,
    ],
    ["two tools of one name", [line({ tools: [lesson, lesson] })], /task\.tools: two tools have the name cancel_lesson/],
    ["a task without a right call: a run makes its own declines", [line({ expected: [], heldBack: [] })], /task\.expected/],
    [
      "a schema of forbidden values that is none",
      [
        line({
          restriction: { ...whole.restriction, rule: { kind: "values", tool: "cancel_lesson", values: { type: "list" } } },
        }),
      ],
      /the schema of forbidden values cannot be used/,
    ],
    ["an id that is used twice", [line({}), line({})], /line 2: the id weather-1 is that of an earlier task/],
  ])("%s", (_, lines, says) => {
    expect(() => read(...lines)).toThrow(says);
  });

  test("a file that is not there", () => {
    expect(() => readTaskFile(join(folder, "none.jsonl"), null)).toThrow(/none\.jsonl cannot be read .*--export/);
  });
});
