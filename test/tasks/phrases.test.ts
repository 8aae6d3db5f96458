import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { refuses } from "../../src/rules/language/refusal.ts";
import { carriedShare } from "../../src/rules/language/said.ts";
import { leaves } from "../../src/rules/values.ts";
import { type Field, nounPhrase, stated } from "../../src/tasks/phrases.ts";
import { trueReport } from "../../src/tasks/report.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import { objectOf } from "../support/schema-value.ts";

describe("fields are stated", () => {
  const cases: [string, Field[], string][] = [
    ["as a sentence", [["advised_size", "medium"], ["certainty", 70], ["train_id", "NT4"]], "The advised size is medium, the certainty is 70 and the train ID is NT4."], // biome-ignore format: a table
    ["by their number if they are counted", [["guests", 4]], "The number of guests is 4."],
    ["without a number if they are money", [["costs", 4]], "Costs: 4."],
    ["in a list if one name is not a singular noun", [["status", "deleted"], ["alerts_left", 19]], "Status: deleted; alerts left: 19."], // biome-ignore format: a table
    [
      "in a list if one name is a verb or a preposition",
      [
        ["departs", "08:25"],
        ["from", "Oslo"],
      ],
      "Departs: 08:25; from: Oslo.",
    ],
    ["in a list if one value is true or false", [["drivable", true]], "Drivable: yes."],
  ];

  test.each(cases)("%s", (_, fields, sentence) => {
    expect(stated(fields)).toBe(sentence);
  });

  test("under the noun that a question uses", () => {
    expect([nounPhrase(["guests", 4]), nounPhrase(["guests", "Ann"]), nounPhrase(["booking_id", "B7"])]).toEqual([
      "number of guests",
      "guests",
      "booking ID",
    ]);
  });
});

const tools = embeddedCatalogue().flatMap((toolset) => toolset.tools);

test("a true report of any result of the catalogue states every value and is no refusal", () => {
  const results = fc
    .constantFrom(...tools)
    .chain(({ name, returns = {} }) => objectOf(returns).map((result) => ({ name, result })));
  fc.assert(
    fc.property(fc.array(results, { minLength: 1, maxLength: 2 }), fc.nat(), (calls, seed) => {
      const report = trueReport(
        calls.map((call) => ({ ...call, arguments: {} })),
        draws(seed),
      );
      expect(
        carriedShare(
          report,
          calls.map(({ result }) => result),
        ),
      ).toBe(1);
      // a value that is a refusal by itself ("not allowed") reads as one in a list, too
      if (!calls.some(({ result }) => leaves(result).some((value) => refuses(String(value)))))
        expect(refuses(report)).toBe(false);
    }),
    { numRuns: 300 },
  );
});
