import { describe, expect, test } from "vitest";
import { executed, tableAfter } from "../../src/rules/table.ts";
import { matchesSchema } from "../../src/rules/validate.ts";
import type { JsonObject, ToolCall } from "../../src/types.ts";
import { findAda, lessons, lessonTask, lessonTools, moveAda } from "../support/piano-school.ts";

const call = (verb: string, given: JsonObject): ToolCall => ({ name: `${verb}_piano_lesson`, arguments: given });
const result = (made: ToolCall, ...before: readonly ToolCall[]) => executed(lessons, before, made).result;
const id = "PL-4827";
const anna = { pupil: "Anna Bo", day: "2027-04-01", room: "south" };

describe("on a table", () => {
  test("a search gives id, first attribute and state of the one record that fits; a get gives all of it", () => {
    expect(result(call("find", { pupil: "ada moen" }))).toEqual(findAda.result);
    expect(result(call("find", { day: "2027-03-04", room: "south" }))).toMatchObject({ pupil: "Ida Vik" });
    expect(result(call("get", { piano_lesson_id: "pl-4827" }))).toEqual({
      piano_lesson_id: id,
      ...lessons.records[0]?.values,
      state: "booked",
    });
  });

  test("a read after a change shows it, and the table itself stays as it was", () => {
    const before = structuredClone(lessons);
    const move = call("update", { piano_lesson_id: id, day: "2027-03-16" });
    expect(result(move)).toEqual(moveAda.result);
    expect(result(call("get", { piano_lesson_id: id }), move)).toEqual(moveAda.result);
    expect(result(call("find", { day: "2027-03-02" }), move)).toEqual({ error: "no piano lesson with that day" });
    expect(result(call("cancel", { piano_lesson_id: id }), move)).toEqual({ piano_lesson_id: id, state: "cancelled" });
    expect(lessons).toEqual(before);
  });

  test("a new record is in the first state, under an id like the others that only the calls before it decide", () => {
    const { piano_lesson_id: made, ...rest } = result(call("create", anna));
    expect(made).toMatch(/^PL-\d{4}$/);
    expect(rest).toEqual({ state: "booked" });
    expect(result(call("create", anna), call("find", anna)).piano_lesson_id).toBe(made);
    const second = result(call("create", { ...anna, pupil: "Eli Ro" }), call("create", anna)).piano_lesson_id;
    expect(second).not.toBe(made);
    expect(result(call("get", { piano_lesson_id: made ?? null }), call("create", anna))).toMatchObject(anna);
    const other = { ...lessons, records: lessons.records.slice(1) };
    expect(executed(other, [], call("create", anna)).result.piano_lesson_id).not.toBe(made);
  });

  test.each<[string, ToolCall, string]>([
    ["nobody of that name", call("find", { pupil: "Bo Ek" }), "no piano lesson with that pupil"],
    ["several that fit", call("find", { day: "2027-03-04" }), "2 match: say more of the piano lesson"],
    ["a search for nothing", call("find", {}), "give the pupil, day or room"],
    ["an unknown id", call("get", { piano_lesson_id: "PL-1" }), 'no such piano_lesson_id: "PL-1"'],
    ["an id that is missing", call("cancel", {}), "no such piano_lesson_id: null"],
    ["a cancelled record", call("cancel", { piano_lesson_id: "PL-7731" }), "PL-7731 is cancelled already"],
    ["its change", call("update", { piano_lesson_id: "PL-7731", room: "north" }), "PL-7731 is cancelled already"],
    ["a change of nothing", call("update", { piano_lesson_id: id }), "nothing to change: give the pupil, day or room"],
    ["half a record", call("create", { pupil: "Anna Bo" }), "missing argument 'day'"],
    ["a name twice", call("create", { ...anna, pupil: "Ivo Lund" }), "there is a piano lesson with that pupil already"],
    [
      "another's name",
      call("update", { piano_lesson_id: id, pupil: "ivo lund" }),
      "there is a piano lesson with that pupil already",
    ],
    ["another tool", { name: "toString", arguments: {} }, "no tool 'toString'"],
  ])("%s is an error in words that changes nothing", (_, made, error) => {
    expect(executed(lessons, [], made)).toEqual({ result: { error }, failed: true });
    expect(tableAfter(lessons, [made])).toEqual(lessons.records);
  });

  test("a record may keep its name in a change, and calls that fail in between count for nothing", () => {
    const rename = call("update", { piano_lesson_id: id, pupil: "Ada Moen", room: "south" });
    const after = tableAfter(lessons, [call("cancel", { piano_lesson_id: "PL-1" }), rename, call("create", {})]);
    expect(after).toHaveLength(3);
    expect(after[0]).toEqual({ id, values: { ...lessons.records[0]?.values, room: "south" }, state: "booked" });
  });

  test("the calls of a blueprint give its results, as their tools declare them", () => {
    const { expected } = lessonTask();
    expect(expected.map((one, at) => executed(lessons, expected.slice(0, at), one).result)).toEqual(
      expected.map(({ result: wanted }) => wanted),
    );
    for (const { name, returns = {} } of lessonTools) {
      const given = name === "create_piano_lesson" ? anna : { piano_lesson_id: id, pupil: "Ada Moen" };
      expect(
        matchesSchema({ ...returns, additionalProperties: false }, executed(lessons, [], { name, arguments: given }).result),
      ).toEqual([]);
    }
  });
});
