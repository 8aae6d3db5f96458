// A small executed world for tests: the table of a piano school, its five tools, and tasks over it. Written by hand.
import type { ExpectedCall, Restriction, Table, Task, ToolSpec } from "../../src/types.ts";
import { blueprint } from "./blueprint.ts";

export const lessons: Table = {
  thing: "piano_lesson",
  idName: "piano_lesson_id",
  attributes: [
    { name: "pupil", kind: "name", options: [] },
    { name: "day", kind: "date", options: [] },
    { name: "room", kind: "option", options: ["north", "south"] },
  ],
  states: ["booked", "cancelled"],
  records: [
    { id: "PL-4827", values: { pupil: "Ada Moen", day: "2027-03-02", room: "north" }, state: "booked" },
    { id: "PL-1906", values: { pupil: "Ivo Lund", day: "2027-03-09", room: "south" }, state: "booked" },
  ],
  operations: {
    find_piano_lesson: "find",
    get_piano_lesson: "get",
    create_piano_lesson: "create",
    update_piano_lesson: "update",
    cancel_piano_lesson: "cancel",
  },
};

const text = { type: "string" } as const;
const date = { type: "string", format: "date" } as const;
const room = { type: "string", enum: ["north", "south"] } as const;
const tool = (name: string, properties: ToolSpec["parameters"], required: readonly string[]): ToolSpec => ({
  name,
  description: `Does what its name says: ${name}.`,
  parameters: { type: "object", properties, required },
});

export const lessonTools: readonly ToolSpec[] = [
  tool("find_piano_lesson", { pupil: text, day: date }, ["pupil"]),
  tool("get_piano_lesson", { piano_lesson_id: text }, ["piano_lesson_id"]),
  tool("create_piano_lesson", { pupil: text, day: date, room }, ["pupil", "day", "room"]),
  tool("update_piano_lesson", { piano_lesson_id: text, day: date, room }, ["piano_lesson_id"]),
  tool("cancel_piano_lesson", { piano_lesson_id: text }, ["piano_lesson_id"]),
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

/** Move Ada's lesson; the new day is held back, and lessons must not be cancelled. */
export function moving(change: Partial<Task> = {}): Task {
  return blueprint({
    id: "lessons-1",
    domain: "music",
    toolset: "piano_lesson",
    tools: lessonTools,
    intent: "move the piano lesson of Ada Moen to 2027-03-16",
    firstMessage: "Please move Ada Moen's piano lesson.",
    expected: [findAda, moveAda],
    dependent: true,
    heldBack: [{ call: 1, argument: "day", sentence: "On March 16, please." }],
    report: "Done. The lesson PL-4827 is now on 2027-03-16.",
    limits: { ...blueprint().limits, userReplies: 2 },
    table: lessons,
    restriction: neverCancel,
    ...change,
  });
}
