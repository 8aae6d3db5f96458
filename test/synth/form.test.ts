import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { matchesSchema } from "../../src/rules/validate.ts";
import { type DetailKind, detailKinds, formPrompt, formSchema } from "../../src/simulator/prompts/synth-form.ts";
import { checkedForm, drawnKinds } from "../../src/synth/form.ts";
import type { Json, JsonObject } from "../../src/types.ts";
import { forms } from "../support/synth.ts";

const lesson = forms[0] ?? {};
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
    const { option: _, options: __, count: ___, ...three } = lesson;
    expect(formOf(three)).toEqual({
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

  test("asks for two or three kinds of details, one of which tells things apart, and for every kind in time", () => {
    const all = Array.from({ length: 60 }, (_, at) => drawnKinds(draws("kinds", at)));
    for (const kinds of all) {
      expect([2, 3]).toContain(kinds.length);
      expect(kinds.some((kind) => ["date", "time", "option"].includes(kind))).toBe(true);
    }
    expect(new Set(all.flat())).toEqual(new Set(detailKinds));
    expect(new Set(all.map(String)).size).toBeGreaterThan(10);
  });

  test("fits the schema in the examples of its prompt, whose things are not to be repeated", () => {
    const lines = (formPrompt("x", ["date"])[0]?.content ?? "").split("\n");
    const examples = lines.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as JsonObject] : []));
    expect(examples).toHaveLength(2);
    for (const example of examples) {
      const kinds = detailKinds.filter((kind) => kind in example);
      expect(matchesSchema(formSchema(kinds), example)).toEqual([]);
      expect(Object.keys(example)).toEqual(Object.keys((formSchema(kinds).properties ?? {}) as JsonObject));
      expect(reasonOf(example)).toContain("example");
      expect(formOf({ ...example, thing: "fitting" }).attributes).toHaveLength(4);
    }
  });

  test("cannot give a detail a name of another kind", () => {
    const errors = (kind: DetailKind, name: string) => matchesSchema(formSchema(detailKinds), changed({ [kind]: name }));
    expect(errors("date", "visit date")).toEqual([]);
    expect(errors("count", "dog breed")).not.toEqual([]);
    expect(errors("date", "lesson fee")).not.toEqual([]);
    expect(errors("amount", "number of dogs")).not.toEqual([]);
  });

  test("loses options that are said with another one or with the thing", () => {
    const options = ["easy", "very easy", "piano", "hard", "hard", "mixed"];
    const { attributes } = formOf(changed({ option: "level", options }));
    expect(attributes.find(({ kind }) => kind === "option")?.options).toEqual(["very easy", "hard", "mixed"]);
  });

  test("is refused for a thing that is many, software or the example's, and for options that are none", () => {
    expect(reasonOf(changed({ thing: "piano lessons" }))).toContain("singular");
    expect(reasonOf(changed({ thing: "booking tool" }))).toContain("software");
    expect(reasonOf(changed({ thing: "boat rental" }))).toContain("example");
    expect(reasonOf(changed({ thing: "student" }))).toContain("same");
    expect(reasonOf(changed({ options: ["easy", "easy", "hard"] }))).toContain("fewer than three");
    expect(reasonOf(changed({ option: "state" }))).toContain("no name for an option");
    expect(reasonOf(changed({ option: "visit date" }))).toContain("no name for an option");
  });
});
