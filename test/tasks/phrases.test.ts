import fc from "fast-check";
import { expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { refuses } from "../../src/rules/language/refusal.ts";
import { carriedShare } from "../../src/rules/language/said.ts";
import { leaves } from "../../src/rules/values.ts";
import { checkedMessage, plainMessage } from "../../src/tasks/first-message.ts";
import { stated } from "../../src/tasks/phrases.ts";
import { trueReport } from "../../src/tasks/report.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import { objectOf } from "../support/schema-value.ts";

test("of two calls a message has to ask for what each does", () => {
  const flights = embeddedCatalogue().find(({ name }) => name === "flights") ?? expect.fail("no flights");
  const needed = ["search_flights", "get_flight_status"].map(
    (wanted) => flights.tools.find(({ name }) => name === wanted) ?? expect.fail(wanted),
  );
  const plan = { toolset: flights, needed, offered: needed, used: [[], []], links: ["flight_id"], heldBack: [] };
  const calls = needed.map(({ name }) => ({ name, arguments: {}, result: null }));
  const asked = (message: string) => checkedMessage({ message }, plan, calls);
  expect(asked("Please find the cheapest flight for me.")).toEqual({
    reason: "the message does not ask for what get_flight_status does",
  });
  expect(asked("Please find the cheapest flight and tell me whether it is on time.")).toHaveProperty("value");
});

test("fields are stated as a list", () => {
  expect(
    stated([
      ["departs", "08:25"],
      ["alerts_left", 19],
      ["drivable", true],
    ]),
  ).toBe("Departs: 08:25; alerts left: 19; drivable: yes.");
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

test("a message built by rule passes the rules for a written one, whatever the tool and its values", () => {
  const calls = fc
    .constantFrom(...embeddedCatalogue())
    .chain((toolset) => fc.constantFrom(...toolset.tools).map((tool) => ({ toolset, tool })))
    .chain(({ toolset, tool }) => objectOf(tool.parameters).map((values) => ({ toolset, tool, values })));
  fc.assert(
    fc.property(calls, ({ toolset, tool, values }) => {
      // a random text such as "an" reads as a sentence that breaks off
      fc.pre(
        !leaves(Object.values(values)).some((value) => /\b(a|an|at|by|for|from|in|into|of|on|the|to|with)$/i.test(String(value))),
      );
      const used = [Object.keys(values)];
      const plan = { toolset, needed: [tool], links: [], used, heldBack: [], offered: toolset.tools };
      const expected = [{ name: tool.name, arguments: values, result: null }];
      const message = plainMessage(plan, expected);
      expect(message).toMatch(/^Please [a-z]/);
      expect(checkedMessage({ message }, plan, expected)).toEqual({ value: message });
    }),
    { numRuns: 300 },
  );
});
