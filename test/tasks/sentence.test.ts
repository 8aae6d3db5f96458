import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { spokenForms } from "../../src/rules/language/forms.ts";
import { carriedShare, carries } from "../../src/rules/language/said.ts";
import { ruleOf, toGrammar } from "../../src/rules/schema/grammar.ts";
import { drawn } from "../../src/rules/schema/rule.ts";
import { matchesSchema } from "../../src/rules/validate.ts";
import type { Joint } from "../../src/simulator/prompts/task.ts";
import { messageSchema } from "../../src/tasks/first-message.ts";
import { detailOf, slotsOfAll } from "../../src/tasks/slots.ts";
import { toldSlots } from "../../src/tasks/told-values.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import type { Json, JsonObject, JsonSchema } from "../../src/types.ts";
import { objectOf } from "../support/schema-value.ts";

const catalogue = embeddedCatalogue().flatMap((toolset) => toolset.tools.map((tool) => ({ toolset, tool })));
/** A call of any tool with any values, some of them held back. */
const calls = fc.constantFrom(...catalogue).chain(({ toolset, tool }) =>
  fc.tuple(objectOf(tool.parameters), objectOf(tool.returns ?? {}), fc.nat(), fc.nat(2)).map(([values, result, seed, hold]) => {
    const used = [Object.keys(values)];
    const heldBack = (used[0] ?? []).slice(0, hold).map((argument) => ({ call: 0, argument }));
    const plan = { toolset, needed: [tool], links: [], used, heldBack, offered: [tool] };
    return { plan, calls: [{ name: tool.name, arguments: values, result }], seed };
  }),
);
/** One text that the grammar of a schema allows, read as its reply. */
const reply = (schema: JsonSchema, seed: number) => JSON.parse(drawn(ruleOf(schema), draws(seed))) as JsonObject;
/** Words that begin with a capital or contain a digit, without their punctuation. */
const marked = (text: string) => text.split(/[\s"]+/).filter((word) => /[0-9A-Z_]/.test(word.replace(/^I\b/, "")));
const frameWords =
  /^(Can|Could|Please|I|I'm|I'd|I've|We|We're|We'd|Help|Tell|Show|What|Which|When|Where|How|Is|Are|It|It's|My|Our|This|That|The|There|If|Also|Thanks|Your|Here|Done|All|You|ID)$/;

describe("whatever the tool and its values, a text drawn from the grammar", () => {
  test("of a first message states every told value, and no number or name besides", () => {
    fc.assert(
      fc.property(calls, ({ plan, calls: [call], seed }) => {
        if (call === undefined) return;
        const slots = toldSlots(plan, [call]);
        const schema = messageSchema(slots);
        const drawnReply = reply(schema, seed);
        const message = String(drawnReply.message);
        const told = Object.entries(call.arguments).filter(([name]) => !plan.heldBack.some(({ argument }) => argument === name));
        expect(
          carriedShare(
            message,
            told.map(([, value]) => value),
          ),
        ).toBe(1);
        const known = slots
          .flat()
          .flatMap(({ forms }) => forms)
          .join(" ");
        for (const word of marked(message).map((one) => one.replace(/^["]|[,.!?]+$/g, "")))
          expect(frameWords.test(word) || known.includes(word), `${word} in: ${message}`).toBe(true);
        // the grammar cannot look ahead, and a random text can break off
        if (/ (a|an|and|my|of|or|our|the|your)([.?!]( |$)|,? and (then|also) |, then )/.test(message)) return;
        expect(matchesSchema(schema, drawnReply)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

test("a value that is left out, changed or said by a name of the person's own does not fit the schema", () => {
  const slots = [
    { name: "from", forms: ["Oslo"] },
    { name: "day", forms: spokenForms("2027-03-02") },
  ];
  const fits = (message: string) => matchesSchema(messageSchema([slots]), { message }).length === 0;
  expect(fits("Which train leaves Oslo on 2 March 2027?")).toBe(true);
  expect(fits("Which train leaves Oslo soon, day 2 March 2027?")).toBe(true);
  expect(fits("Please find me a train on March 2, 2027, from Oslo. I'm late.")).toBe(true);
  for (const message of [
    "Which train leaves Oslo?",
    "Which train leaves Oslo on 3 March 2027?",
    "Which train leaves Oslo for Bergen on 2 March 2027?",
    "Which train leaves Oslo on 2 March 2027 for 4 guests?",
    "Sure, the train leaves Oslo on 2 March 2027.",
    "Which train leaves Oslo on 2 March 2027 from the?",
    "Which train leaves Oslo for all of us who would like to see how it goes some time later on 2 March 2027?", // wanders off
    "Which train leaves Oslo this spring, 2 March 2027?",
    "Which train leaves Oslo on 2 March 2027 with train_id?",
  ])
    expect(fits(message), message).toBe(false);
});

test("values with quotes, signs and backslashes go through grammar and schema alike", () => {
  const forms = spokenForms('Say "a+b" (c:\\d) | [e]?');
  const schema = messageSchema([[{ name: "text", forms }]]);
  for (let seed = 0; seed < 20; seed++) {
    const drawnReply = reply(schema, seed);
    expect(drawnReply.message).toContain('Say "a+b" (c:\\d) | [e]?');
    expect(matchesSchema(schema, drawnReply)).toEqual([]);
  }
});

test("two values come in any order, more of them in the given one, under a grammar of a few thousand characters", () => {
  const slots = ["Ann", "Bob", "Cy", "Dee"].map((form) => ({ name: "guest", forms: [form] }));
  const fits = (schema: JsonSchema, message: string) => matchesSchema(schema, { message }).length === 0;
  for (const message of ["Tell me of Bob, then of Ann.", "Tell me of Ann, then of Bob."])
    expect(fits(messageSchema([slots.slice(0, 2)]), message)).toBe(true);
  const schema = messageSchema([slots]);
  expect(fits(schema, "Tell me of Ann, then of Bob or Cy, then of Dee.")).toBe(true);
  expect(fits(schema, "Tell me of Bob, then of Ann or Cy, then of Dee.")).toBe(false);
  expect(toGrammar(schema).length).toBeLessThan(10_000);
});

test("two requests stand one after the other, and each says its own values", () => {
  const slot = (name: string, form: string) => ({ name, forms: [form] });
  const requests = [
    [slot("card", "CD1"), slot("limit", "5000")],
    [slot("card", "CD2"), slot("limit", "3000")],
  ];
  const fits = (message: string, joint: Joint = "Also") =>
    matchesSchema(messageSchema(requests, { joint }), { message }).length === 0;
  expect(fits("Please set card CD1 to 5000. Also set card CD2 to 3000.")).toBe(true);
  expect(fits("Please set card CD1 to a limit of 5000 a day, and also let 3000 be that of CD2. I'm abroad.")).toBe(true);
  expect(fits("Please set card CD1 to 5000 each day, then set card CD2 to 3000.", "Then")).toBe(true);
  for (const message of [
    "Please set the card CD1 to 3000. Also set the card CD2 to 5000.",
    "Please set the cards CD1 and CD2 to 5000 and to 3000.",
    "Please set the card CD1. I have 5000. Also set the card CD2 to 3000.",
    "Please set card CD1 to 5000 and the. Also set card CD2 to 3000.",
    "Please set card CD1 to 5000. Also CD2 to 3000.",
    "Please set card CD1 to 5000.",
  ])
    expect(fits(message), message).toBe(false);
  const book = messageSchema([[slot("place", "Oslo")], []], { joint: "Then" });
  expect(matchesSchema(book, { message: "Please find a room in Oslo, then book it." })).toEqual([]);
  expect(matchesSchema(book, { message: "Please find a room in Oslo." })).not.toEqual([]);
});

describe("a value is said", () => {
  test.each<[string | number, string[]]>([
    ["2027-03-02", ["2027-03-02", "March 2, 2027", "2 March 2027"]],
    ["18:30", ["18:30", "6:30 PM"]],
    ["2027-03-02T18:00:00Z", ["2027-03-02T18:00:00Z", "March 2, 2027 at 6 PM UTC"]],
    ["window_seat", ["window seat"]],
    [4, ["4", "four"]],
    [12_500, ["12500", "12,500"]],
  ])("%s as a person would", (value, forms) => {
    expect(spokenForms(value)).toEqual(expect.arrayContaining(forms));
  });

  test("only in forms that are read back as the value", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        for (const form of spokenForms(value)) expect(carries(form, value as Json)).toBe(true);
      }),
    );
  });
});

describe("a value of a call", () => {
  const formsOf = (value: Json, schema: JsonSchema) =>
    slotsOfAll({ it: value }, { type: "object", properties: { it: schema } }).flatMap(({ forms }) => forms);

  test.each<[string, JsonSchema, readonly string[]]>([
    ["10:00 AM", { type: "string" }, ["10:00 AM"]],
    ["00:45", { type: "string", description: "Length of the talk" }, ["00:45"]],
    ["18:30", { type: "string", description: "Time of the visit, as HH:MM" }, ["18:30", "6:30 PM"]],
    ["2027-03-02", { type: "string", format: "date" }, ["2027-03-02", "March 2, 2027", "2 March 2027"]],
    ["18:30", { anyOf: [{ type: "string", pattern: "^\\d\\d:\\d\\d$" }, { type: "null" }] }, ["18:30", "6:30 PM"]],
  ])("%s is said in another form only if its schema tells which one is wanted: %j", (value, schema, forms) => {
    expect(formsOf(value, schema)).toEqual(forms);
  });

  test("is said with its key where no schema names the key", () => {
    expect(formsOf({ x_token: "abc" }, { type: "object" })).toEqual(["x_token: abc"]);
    const known = { type: "object", properties: { x_token: { type: "string" } } };
    expect(formsOf({ x_token: "abc" }, known)).toEqual(["abc"]);
    expect(formsOf({ dark_mode: true }, { type: "object" })).toEqual(["it dark mode"]);
  });
});

test("a number is asked for with its unit", () => {
  const parameters = { type: "object", properties: { trip_length: { type: "integer", description: "hours" } } };
  const [slot] = slotsOfAll({ trip_length: 2 }, parameters);
  expect(slot && detailOf({ ...slot, forms: ["2"] }, draws(1))).toBe("trip length (hours): 2");
});
