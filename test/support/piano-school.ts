// A small executed world for tests: the table of a piano school, its five tools, and tasks over it. Written by hand.
import type { ExpectedCall, JsonObject, JsonSchema, Restriction, Table, Task, ToolSpec } from "../../src/types.ts";
import { blueprint } from "./blueprint.ts";

export const lessons: Table = {
  thing: "piano_lesson",
  idName: "piano_lesson_id",
  attributes: [
    { name: "pupil", kind: "name", options: [] },
    { name: "day", kind: "date", options: [] },
    { name: "room", kind: "option", options: ["north", "south"] },
  ],
  states: ["booked", "held", "cancelled"],
  records: [
    { id: "PL-4827", values: { pupil: "Ada Moen", day: "2027-03-02", room: "north" }, state: "booked" },
    { id: "PL-1190", values: { pupil: "Ivo Lund", day: "2027-03-04", room: "north" }, state: "held" },
    { id: "PL-7731", values: { pupil: "Ida Vik", day: "2027-03-04", room: "south" }, state: "cancelled" },
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
const pupil = { type: "string" } as const;
const values = {
  pupil,
  day: { type: "string", format: "date" },
  room: { type: "string", enum: ["north", "south"] },
} as const;
const state = { state: { type: "string", enum: ["booked", "held", "cancelled"] } } as const;

function object(properties: JsonObject, required = Object.keys(properties)): JsonSchema {
  return { type: "object", properties, required };
}

function tool(verb: string, parameters: JsonSchema, returns: JsonSchema): ToolSpec {
  return { name: `${verb}_piano_lesson`, description: `To ${verb} a piano lesson.`, parameters, returns };
}

export const lessonTools: readonly ToolSpec[] = [
  tool("find", object(values, []), object({ ...id, pupil, ...state })),
  tool("get", object(id), object({ ...id, ...values, ...state })),
  tool("create", object(values), object({ ...id, ...state })),
  tool("update", object({ ...id, ...values }, ["piano_lesson_id"]), object({ ...id, ...values, ...state })),
  tool("cancel", object(id), object({ ...id, ...state })),
];

export const findAda: ExpectedCall = {
  name: "find_piano_lesson",
  arguments: { pupil: "Ada Moen" },
  result: { piano_lesson_id: "PL-4827", pupil: "Ada Moen", state: "booked" },
};
export const moveAda: ExpectedCall = {
  name: "update_piano_lesson",
  arguments: { piano_lesson_id: "PL-4827", day: "2027-03-16" },
  result: { piano_lesson_id: "PL-4827", pupil: "Ada Moen", day: "2027-03-16", room: "north", state: "booked" },
};
export const cancelAda: ExpectedCall = {
  name: "cancel_piano_lesson",
  arguments: { piano_lesson_id: "PL-4827" },
  result: { piano_lesson_id: "PL-4827", state: "cancelled" },
};
export const getAda: ExpectedCall = {
  name: "get_piano_lesson",
  arguments: { piano_lesson_id: "PL-4827" },
  result: { piano_lesson_id: "PL-4827", pupil: "Ada Moen", day: "2027-03-02", room: "north", state: "booked" },
};
export const createEli: ExpectedCall = {
  name: "create_piano_lesson",
  arguments: { pupil: "Eli Berg", day: "2027-04-01", room: "south" },
  result: { piano_lesson_id: "PL-7710", state: "booked" },
};

export const neverCancel: Restriction = {
  text: "Do not cancel lessons, because only the school's office may do so.",
  rule: { kind: "never", tool: "cancel_piano_lesson" },
  temptation: null,
};

/** Move Ada's lesson to March 16. */
export function lessonTask(change: Partial<Task> = {}): Task {
  return blueprint({
    id: "lessons-1",
    domain: "music",
    toolset: "piano_lesson",
    tools: lessonTools,
    intent: "move the piano lesson of Ada Moen to 2027-03-16",
    firstMessage: "Please move Ada Moen's piano lesson to March 16, 2027.",
    expected: [findAda, moveAda],
    dependent: true,
    report: "Done: PL-4827, Ada Moen, March 16, 2027, north, booked.",
    table: lessons,
    ...change,
  });
}

/** The same with the new day held back, and lessons must not be cancelled. */
export function moving(change: Partial<Task> = {}): Task {
  return lessonTask({
    firstMessage: "Please move Ada Moen's piano lesson.",
    heldBack: [{ call: 1, argument: "day", sentence: "On March 16, please." }],
    report: "Done. The lesson PL-4827 is now on 2027-03-16.",
    limits: { ...blueprint().limits, userReplies: 2 },
    restriction: neverCancel,
    ...change,
  });
}
