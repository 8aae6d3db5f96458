import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contradicted, contradictions, putRight } from "../../src/rules/contradiction.ts";
import { type Fact, isIdName, isReading } from "../../src/rules/journal.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../../src/types.ts";
import { objectOf } from "../support/schema-value.ts";

/** A tool with these parameters, without a return schema. */
const tool = (name: string, parameters: Record<string, JsonSchema> = {}, returns?: JsonSchema): ToolSpec => ({
  name,
  description: "",
  parameters: { type: "object", properties: parameters },
  ...(returns === undefined ? {} : { returns }),
});
const fact = (name: string, given: JsonObject, result: Json): Fact => ({ name, arguments: given, result });
const kinds = (name: string, given: JsonObject, result: Json, journal: readonly Fact[] = [], spec = tool(name)) =>
  contradictions({ name, arguments: given }, result, spec, journal).map(({ kind, field, right }) => `${kind} ${field} ${right}`);

describe("an echo", () => {
  test.each<[string, string, JsonObject, JsonObject, string]>([
    ["a date", "book_table", { date: "2027-03-02" }, { date: "2027-03-05" }, "echo date 2027-03-02"],
    ["the id that was looked up", "get_flight", { flight_id: "FL1" }, { flight_id: "FL2", gate: 3 }, "echo flight_id FL1"],
  ])("of %s that differs is a contradiction", (_, name, given, result, contradiction) => {
    expect(kinds(name, given, result)).toEqual([contradiction]);
    expect(kinds(name, given, given)).toEqual([]);
  });

  test.each<[string, string, JsonObject, JsonObject]>([
    ["words that may mean the same", "find_hotel", { city: "NYC" }, { city: "New York" }],
    ["the same value written differently", "find_hotel", { date: "2027-03-02" }, { date: "2027-03-02." }],
    ["a time that was refined", "find_slot", { time: "morning" }, { time: "09:30" }],
    ["an upper bound that was undercut", "search", { price: 500 }, { price: 349 }],
    ["an amount that was converted", "convert", { amount: 100 }, { amount: 92.5 }],
    ["a stock that differs from the wanted quantity", "find_item", { quantity: 10 }, { quantity: 3 }],
    ["a new id from a tool that makes one", "duplicate_order", { order_id: "O1" }, { order_id: "O2" }],
    ["a date that the call moves", "renew_loan", { due: "2027-03-02" }, { due: "2027-04-02" }],
    ["another head count", "reserve", { guests: 4 }, { guests: 2 }],
    ["a message that answers one", "send", { message: "Hi" }, { message: "sent" }],
  ])("is not seen in %s", (_, name, given, result) => {
    expect(kinds(name, given, result)).toEqual([]);
  });
});

describe("a changed fact", () => {
  const search = fact("search_flights", { to: "Oslo" }, { flight_id: "FL1", fare: 120, departs: "07:15", day: "2027-03-02" });

  test.each<[string, Json, string]>([
    ["time", { departs: "08:15" }, "changed departs 07:15"],
    ["date", { day: "2027-03-03" }, "changed day 2027-03-02"],
  ])("is another %s of the same id", (_, result, contradiction) => {
    expect(kinds("get_flight", { flight_id: "fl-1" }, result, [search])).toEqual([contradiction]);
    expect(kinds("get_flight", { flight_id: "FL2" }, result, [search])).toEqual([]);
  });

  test("is also found for a thing that a changing call created, if nothing changed since", () => {
    const book = fact("book_flight", { flight_id: "FL1", passengers: 2 }, { booking_code: "BK1", until: "2027-03-01" });
    const look = (journal: Fact[]) => kinds("get_booking", { booking_code: "BK1" }, { until: "2027-03-08" }, journal);
    expect(look([search, book])).toEqual(["changed until 2027-03-01"]);
    expect(look([book, fact("add_baggage", { booking_code: "BK1" }, { fee: 60 })])).toEqual([]);
  });

  test.each<[string, string, JsonObject, Json, Fact[]]>([
    ["after a changing call", "get_flight", { flight_id: "FL1" }, { departs: "08:15" }, [search, fact("book", {}, {})]],
    ["by a changing call", "change_flight", { flight_id: "FL1" }, { departs: "08:15" }, [search]],
    ["in a number, which may change by itself", "get_flight", { flight_id: "FL1" }, { fare: 150 }, [search]],
    [
      "in free text",
      "get_flight",
      { flight_id: "FL1" },
      { airline: "SAS" },
      [fact("search", {}, { flight_id: "FL1", airline: "Scandinavian" })],
    ],
    ["if it may depend on other arguments", "get_flight", { flight_id: "FL1", zone: "UTC" }, { departs: "06:15" }, [search]],
    ["of something else about the same thing", "get_breakfast", { flight_id: "FL1" }, { departs: "09:15" }, [search]],
    [
      "if something else about the same thing was stated before",
      "get_flight",
      { flight_id: "FL1" },
      { departs: "08:15" },
      [fact("get_breakfast", { flight_id: "FL1" }, { departs: "09:15" })],
    ],
    ["about two things at once", "get_pair", { flight_id: "FL1", seat_id: "S1" }, { departs: "08:15" }, [search]],
  ])("is not seen %s", (_, name, given, result, journal) => {
    expect(kinds(name, given, result, journal)).toEqual([]);
  });
});

test("a right value that the tool's schema does not allow is no contradiction: it could not be avoided", () => {
  const late = { type: "object", properties: { date: { type: "string", enum: ["2027-03-05"] } } };
  const call = { name: "book_table", arguments: { date: "2027-03-02" } };
  expect(contradictions(call, { date: "2027-03-05" }, tool("book_table", {}, late), [])).toEqual([]);
});

test("wrong fields can be corrected one by one, and the first remaining one is the reason for rejecting a result", () => {
  const call = { name: "get_flight", arguments: { flight_id: "FL1" } };
  const journal = [fact("search_flights", {}, { flight_id: "FL1", departs: "07:15" })];
  const written = { flight_id: "FL1", departs: "08:15", gate: 2 };
  const wrong = contradictions(call, written, tool("get_flight"), journal);
  expect(putRight(written, wrong)).toEqual({ flight_id: "FL1", departs: "07:15", gate: 2 });
  expect(putRight(written, [])).toBe(written);
  expect(contradicted(call, written, tool("get_flight"), journal)).toEqual({
    code: "contradiction",
    reason: "contradicts what is known: departs of flight_id=fl1 is 08:15, it was 07:15",
  });
  expect(contradicted(call, putRight(written, wrong), tool("get_flight"), journal)).toBeNull();
});

// A consistent world: a field of a thing has one value as long as nothing changes; a field that depends on other arguments
// or changes by itself may have any. No call in it may give a contradiction.
describe("no false alarm", () => {
  const catalogue = embeddedCatalogue();

  test("for any reply of any tool of the catalogue if nothing was stated before", () => {
    const tools = catalogue.flatMap((toolset) => toolset.tools);
    expect(tools.length).toBeGreaterThan(200);
    for (const spec of tools)
      fc.assert(
        fc.property(objectOf(spec.parameters), objectOf(spec.returns ?? {}), (given, result) => {
          expect(kinds(spec.name, given, result, [], spec)).toEqual([]);
        }),
        { numRuns: 5, seed: 2 },
      );
  });

  test.each(catalogue.map((toolset) => [toolset.name, toolset.tools] as const))("in a consistent world: %s", (_, tools) => {
    const step = fc.integer({ min: 0, max: tools.length - 1 }).chain((index) => {
      const spec = tools[index] ?? tool("none");
      return fc.tuple(fc.constant(spec), objectOf(spec.parameters), objectOf(spec.returns ?? {}), fc.integer({ min: 1, max: 3 }));
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 10 }), (steps) => {
        const journal: Fact[] = [];
        const known = new Map<string, Json>();
        let epoch = 0;
        for (const [spec, given, drawn, thing] of steps) {
          // few ids, so that things recur
          const few = (object: JsonObject) =>
            Object.fromEntries(Object.entries(object).map(([name, value]) => [name, isIdName(name) ? `AB${thing}` : value]));
          const [asked, made] = [few(given), few(drawn)];
          if (!isReading(spec.name)) epoch++;
          const own = Object.keys(made).filter(isIdName);
          const about = (own.length > 0 ? own : Object.keys(asked).filter(isIdName)).map((name) => `${name}${thing}`).join();
          const others = JSON.stringify(Object.entries(asked).filter(([name]) => !isIdName(name)));
          const result = Object.fromEntries(
            Object.entries(made).map(([field, value]) => {
              // of the thing itself, or depending on the other arguments
              const keys = [`${epoch} ${about} ${field}`, `${epoch} ${about} ${field} ${others}`];
              const before = keys.map((key) => known.get(key)).find((one) => one !== undefined);
              const stated = isIdName(field) ? value : (before ?? value);
              if (others === "[]" || own.length > 0) known.set(keys[0] ?? "", stated);
              known.set(keys[1] ?? "", stated);
              return [field, stated];
            }),
          );
          expect(kinds(spec.name, asked, result, journal, spec)).toEqual([]);
          journal.push({ name: spec.name, arguments: asked, result });
        }
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  test("but a changed date of a thing that a reading tool of the catalogue found is a contradiction", () => {
    const finders = catalogue
      .flatMap((toolset) => toolset.tools)
      .flatMap(({ name, returns }) => {
        const id = Object.keys((returns?.properties ?? {}) as JsonObject).find(isIdName); // checked by the catalogue's loader
        return isReading(name) && id !== undefined ? [{ name, id }] : [];
      });
    expect(finders.length).toBeGreaterThan(30);
    fc.assert(
      fc.property(fc.constantFrom(...finders), fc.integer({ min: 10, max: 28 }), ({ name, id }, day) => {
        const journal = [fact(name, { where: "Oslo" }, { [id]: "AB1", due: "2027-03-09" })];
        const look = `get_${id.replace(/_?(id|code)$/i, "")}`;
        expect(kinds(look, { [id]: "AB1" }, { due: `2027-03-${day}` }, journal)).toEqual(["changed due 2027-03-09"]);
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});
