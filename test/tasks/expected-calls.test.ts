import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import type { Plan } from "../../src/tasks/draw-task.ts";
import { callsSchema, expectedCalls } from "../../src/tasks/expected-calls.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../../src/types.ts";

const returns: JsonSchema = { type: "object", properties: { status: { type: "string" } }, required: ["status"] };

function written(properties: JsonObject, required: readonly string[], args: JsonObject) {
  const tool: ToolSpec = { name: "order", description: "", parameters: { type: "object", properties, required }, returns };
  const plan: Plan = {
    toolset: { domain: "", name: "", tools: [tool] },
    needed: [tool],
    offered: [tool],
    used: [Object.keys(properties)],
    links: [],
    heldBack: [],
  };
  return expectedCalls({ arguments_1: args, result_1: { status: "done" } }, plan, false, draws("expected"));
}

describe("two calls side by side", () => {
  const properties = { city: { type: "string" }, unit: { enum: ["celsius", "kelvin"], default: "celsius" } };
  const tool: ToolSpec = {
    name: "find_station",
    description: "",
    parameters: { type: "object", properties, required: ["city"] },
    returns: { type: "object", properties: { station_id: { type: "string" } }, required: ["station_id"] },
  };
  const both = (first: JsonObject, second: JsonObject) => {
    const used = ["city", "unit"];
    const plan: Plan = {
      ...{ toolset: { domain: "", name: "", tools: [tool] }, needed: [tool, tool], offered: [tool] },
      ...{ used: [used, used], links: [], heldBack: [] },
    };
    const found = { station_id: "ST12345678" };
    const reply = { arguments_1: first, result_1: found, arguments_2: second, result_2: found };
    return expectedCalls(reply, plan, false, draws("side by side"));
  };

  test("are not the same call, not even with a default said once", () => {
    expect(both({ city: "Oslo", unit: "celsius" }, { city: "Oslo" })).toEqual({ reason: "call 2 repeats another one" });
  });

  test("find different things, whatever the simulator writes", () => {
    const calls = both({ city: "Oslo" }, { city: "Bergen" });
    const ids = "value" in calls ? calls.value.map(({ result }) => (result as JsonObject).station_id) : [];
    expect(new Set(ids).size).toBe(2);
    expect(ids).toEqual([expect.stringMatching(/^ST\d{8}$/), expect.stringMatching(/^ST\d{8}$/)]);
  });
});

describe("a call that takes what another one gave", () => {
  const shape = (properties: JsonObject): JsonSchema => ({ type: "object", properties, required: Object.keys(properties) });
  const slot = { date: { type: "string", format: "date" }, time: { type: "string" }, room: { enum: ["tier1", "tier2"] } };
  const find: ToolSpec = {
    name: "find_slot",
    description: "",
    parameters: shape({ doctor: { type: "string" } }),
    returns: shape(slot),
  };
  const visit = { doctor: { type: "string" }, ...slot };
  const book: ToolSpec = { name: "book_visit", description: "", parameters: shape(visit), returns };
  const found = { date: "2027-03-05", time: "09:30", room: "tier2" };
  const plan: Plan = {
    ...{ toolset: { domain: "", name: "", tools: [find, book] }, needed: [find, book], offered: [find, book] },
    ...{ used: [["doctor"], Object.keys(visit)], links: Object.keys(slot), heldBack: [] },
  };

  test("takes all of it, and dates, times and listed values as they were given", () => {
    const told = { doctor: "Ana Berg" };
    expect(JSON.stringify(callsSchema(plan, false).properties)).toContain(
      '"arguments_2":{"type":"object","properties":{"doctor"',
    );
    const reply = { arguments_1: told, result_1: found, arguments_2: told, result_2: { status: "done" } };
    expect(expectedCalls(reply, plan, false, draws("linked"))).toEqual({
      value: [
        { name: "find_slot", arguments: told, result: found },
        { name: "book_visit", arguments: { ...told, ...found }, result: { status: "done" } },
      ],
    });
    // a person says it once
    const other = expectedCalls({ ...reply, arguments_2: { doctor: "Ivo Lund" } }, plan, false, draws("linked"));
    expect("value" in other && other.value[1]?.arguments.doctor).toBe("Ana Berg");
  });
});

describe("the right calls of a task", () => {
  test("take no argument from what every object inherits", () => {
    const properties = { year: { type: "integer" }, constructor: { type: "string" }, toString: { type: "string" } };
    expect(written(properties, ["year"], { year: 2026 })).toEqual({
      value: [{ name: "order", arguments: { year: 2026 }, result: { status: "done" } }],
    });
    const given = { year: 2026, constructor: "Ferrari" };
    expect(written(properties, ["year"], given)).toMatchObject({ value: [{ arguments: given }] });
  });

  test.each<[string, JsonSchema, Json, boolean]>([
    ["a listed letter", { enum: ["S", "M"] }, "M", true],
    ["a listed sign", { enum: ["<", ">="] }, ">=", true],
    ["a listed text in a list", { type: "array", items: { enum: ["O+", "O-"] } }, ["O-", "O+"], true],
    ["a listed text in an object", { type: "object", properties: { unit: { const: "C" } } }, { unit: "C" }, true],
    ["a letter that no enum lists", { type: "string" }, "M", false],
    ["a text that breaks off", { type: "array", items: { type: "string" } }, ["Oslo", "Bergen ("], false],
  ])("may hold %s: %j", (_what, schema, value, taken) => {
    const result = written({ it: schema }, ["it"], { it: value });
    expect(result).toEqual(
      taken ? expect.objectContaining({ value: expect.anything() }) : { reason: "an argument is empty or cut" },
    );
  });

  test("have dates and times in the form that the page names, since a policy that keeps to it makes no other call", () => {
    const properties = { day: { type: "string", description: "Date in YYYY-MM-DD format" } };
    expect(written(properties, ["day"], { day: "March 5, 2027" })).toEqual({
      reason: "a date or time is not in the form that its page names",
    });
    expect(written(properties, ["day"], { day: "2027-03-05" })).toMatchObject({ value: [{ arguments: { day: "2027-03-05" } }] });
  });

  test("have no optional member that says nothing, however deep, and null where a required one may be null", () => {
    const seat = { type: ["string", "null"] };
    const guest = { type: "object", properties: { name: { type: "string" }, seat, tags: { type: "array" } }, required: ["name"] };
    const properties = { guests: { type: "array", items: guest }, note: { type: ["string", "null"] } };
    const given = { guests: [{ name: "Ana Berg", seat: null, tags: [] }], note: null };
    expect(written(properties, ["guests", "note"], given)).toMatchObject({
      value: [{ arguments: { guests: [{ name: "Ana Berg" }], note: null } }],
    });
  });

  test.each<[string, JsonSchema, Json, boolean]>([
    ["a required list of nothing", { type: "array", items: { type: "string" } }, [], false],
    ["a blank that no schema fixes", { enum: ["\t", ","] }, "\t", false],
    ["a blank that it fixes", { const: "\t" }, "\t", true],
    ["a sign", { enum: ["\t", "€"] }, "€", true],
  ])("hold only what can be said, or needs no word: %s", (_what, schema, value, taken) => {
    const result = written({ it: schema }, ["it"], { it: value });
    expect(result).toEqual(
      taken ? expect.objectContaining({ value: expect.anything() }) : { reason: "nobody can say what it is" },
    );
  });
});
