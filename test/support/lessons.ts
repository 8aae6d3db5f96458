// A small executed world for tests: the piano lessons of a teacher, with the five tools that work on their table, and a task
// that finds one lesson and moves it. Written by hand.
import type { ExpectedCall, JsonObject, JsonSchema, Table, Task, ToolSpec } from "../../src/types.ts";
import { blueprint } from "./blueprint.ts";

export const lessons: Table = {
  thing: "piano_lesson",
  idName: "piano_lesson_id",
  attributes: [
    { name: "student_name", kind: "name", options: [] },
    { name: "lesson_date", kind: "date", options: [] },
    { name: "level", kind: "option", options: ["beginner", "advanced"] },
  ],
  states: ["booked", "held", "cancelled"],
  records: [
    { id: "PL-4827", values: { student_name: "Mia Berg", lesson_date: "2027-03-02", level: "beginner" }, state: "booked" },
    { id: "PL-1190", values: { student_name: "Tom Lund", lesson_date: "2027-03-04", level: "beginner" }, state: "held" },
    { id: "PL-7731", values: { student_name: "Ida Moe", lesson_date: "2027-03-04", level: "advanced" }, state: "cancelled" },
  ],
  operations: {
    find_piano_lesson: "find",
    get_piano_lesson: "get",
    create_piano_lesson: "create",
    update_piano_lesson: "update",
    cancel_piano_lesson: "cancel",
  },
};

const id = { piano_lesson_id: { type: "string" } } as const;
const values = {
  student_name: { type: "string" },
  lesson_date: { type: "string", format: "date" },
  level: { type: "string", enum: ["beginner", "advanced"] },
} as const;

const state = { state: { type: "string", enum: ["booked", "held", "cancelled"] } } as const;

function object(properties: JsonObject, required = Object.keys(properties)): JsonSchema {
  return { type: "object", properties, required };
}

function tool(verb: string, parameters: JsonSchema, returns: JsonSchema): ToolSpec {
  return { name: `${verb}_piano_lesson`, description: `To ${verb} a piano lesson.`, parameters, returns };
}

const { student_name } = values;
export const lessonTools: readonly ToolSpec[] = [
  tool("find", object(values, []), object({ ...id, student_name, ...state })),
  tool("get", object(id), object({ ...id, ...values, ...state })),
  tool("create", object(values), object({ ...id, ...state })),
  tool("update", object({ ...id, ...values }, ["piano_lesson_id"]), object({ ...id, ...values, ...state })),
  tool("cancel", object(id), object({ ...id, ...state })),
];

export const findMia: ExpectedCall = {
  name: "find_piano_lesson",
  arguments: { student_name: "Mia Berg" },
  result: { piano_lesson_id: "PL-4827", student_name: "Mia Berg", state: "booked" },
};

export const moveMia: ExpectedCall = {
  name: "update_piano_lesson",
  arguments: { piano_lesson_id: "PL-4827", lesson_date: "2027-03-09" },
  result: { piano_lesson_id: "PL-4827", student_name: "Mia Berg", lesson_date: "2027-03-09", level: "beginner", state: "booked" },
};

/** Move Mia's lesson to March 9. */
export function lessonTask(change: Partial<Task> = {}): Task {
  return blueprint({
    id: "lessons-1",
    domain: "lessons",
    toolset: "piano_lessons",
    tools: lessonTools,
    systemPrompt: "You help a piano teacher.",
    intent: "move a lesson (student Mia Berg; to 2027-03-09)",
    firstMessage: "Please move Mia Berg's lesson to March 9, 2027.",
    expected: [findMia, moveMia],
    dependent: true,
    report: "Done: PL-4827, Mia Berg, March 9, 2027, beginner, booked.",
    table: lessons,
    ...change,
  });
}
