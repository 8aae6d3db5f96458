import { describe, expect, test } from "vitest";
import { matchesSchema } from "../../src/rules/validate.ts";
import { formPrompt, formSchema } from "../../src/simulator/prompts/synth-form.ts";
import { checkedForm } from "../../src/synth/form.ts";
import type { Json, JsonObject } from "../../src/types.ts";
import { forms } from "../support/synth.ts";

const lesson = forms[0] as JsonObject;
const changed = (change: JsonObject): JsonObject => ({ ...lesson, ...change });
const formOf = (reply: Json) => {
  const checked = checkedForm(reply);
  return "value" in checked ? checked.value : expect.fail(checked.reason);
};
const reasonOf = (reply: Json) => {
  const checked = checkedForm(reply);
  return "reason" in checked ? checked.reason : expect.fail("the form was taken");
};

describe("the form of a persona", () => {
  test("becomes a thing with attributes, the first of which names a person, and three states", () => {
    expect(formOf(lesson)).toEqual({
      thing: "piano lesson",
      attributes: [
        { name: "student_name", kind: "name", options: [] },
        { name: "lesson_date", kind: "date", options: [] },
        { name: "start_time", kind: "time", options: [] },
        { name: "lesson_fee", kind: "amount", options: [] },
      ],
      states: ["booked", "confirmed", "cancelled"],
    });
  });

  test("fits the schema in the examples of its prompt, whose things are not to be repeated", () => {
    const examples = (formPrompt("x")[0]?.content ?? "").split("\n").filter((line) => line.startsWith("{"));
    expect(examples).toHaveLength(2);
    for (const example of examples) {
      const reply = JSON.parse(example) as Json; // JSON, as the next line shows
      expect(matchesSchema(formSchema, reply)).toEqual([]);
      expect(reasonOf(reply)).toContain("example");
      expect(formOf({ ...(reply as JsonObject), thing: "fitting" }).attributes).toHaveLength(4);
    }
  });

  test("cannot give a detail a name of another kind", () => {
    const details = (kind: string, name: string) =>
      changed({ details: [{ kind, name }, ...(lesson.details as Json[]).slice(1)] });
    expect(matchesSchema(formSchema, details("date", "visit date"))).toEqual([]);
    expect(matchesSchema(formSchema, details("count", "dog breed"))).not.toEqual([]);
    expect(matchesSchema(formSchema, details("date", "lesson fee"))).not.toEqual([]);
  });

  test("loses a detail that repeats another, and options that are said with another one", () => {
    const date = { kind: "date", name: "lesson date" };
    const option = { kind: "option", name: "level", options: ["easy", "very easy", "piano", "hard", "hard", "mixed"] };
    expect(formOf(changed({ details: [date, date, option] })).attributes.slice(1)).toEqual([
      { name: "lesson_date", kind: "date", options: [] },
      { name: "level", kind: "option", options: ["very easy", "hard", "mixed"] },
    ]);
  });

  test("is refused for a thing that is many, software or the example's, and for too few details", () => {
    expect(reasonOf(changed({ thing: "piano lessons" }))).toContain("singular");
    expect(reasonOf(changed({ thing: "booking tool" }))).toContain("software");
    expect(reasonOf(changed({ thing: "boat rental" }))).toContain("example");
    const date = { kind: "date", name: "lesson date" };
    expect(reasonOf(changed({ details: [date, date, date] }))).toContain("details");
    expect(reasonOf(changed({ details: [date, { kind: "option", name: "state", options: ["a b", "c d", "e f"] }] }))).toContain(
      "details",
    );
  });
});
