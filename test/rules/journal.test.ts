import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Fact,
  inventedId,
  isIdName,
  isReading,
  linksOf,
  listing,
  mentions,
  repeatedFact,
  statements,
} from "../../src/rules/journal.ts";
import { actionOf, spoken } from "../../src/rules/language/spoken.ts";
import { chains, embeddedCatalogue } from "../../src/tools/toolset.ts";
import type { Json, Task, ToolCall, ToolSpec } from "../../src/types.ts";
import { blueprint, booked, chain, found } from "../support/blueprint.ts";
import { objectOf } from "../support/schema-value.ts";

const fact = (name: string, given: Record<string, Json>, result: Json): Fact => ({ name, arguments: given, result });
const seats = (train_id: Json): ToolCall => ({ name: "book_seats", arguments: { train_id, seats: 2 } });
const others = blueprint(); // book_seats is offered, but not expected

describe("an id that no tool returned", () => {
  test("is the agent's invention if an offered tool returns such ids", () => {
    expect(inventedId(seats("NT999"), others, [], [])).toBe("train_id");
    expect(inventedId(seats("NT999"), others, [{ ...found }], [])).toBe("train_id");
    expect(inventedId(seats("NT418"), chain(), [], [])).toBe("train_id"); // the dependent id itself, before it was returned
  });

  test.each<[string, Fact[], string[]]>([
    ["returned by a call", [{ ...found }], []],
    ["returned in another case and with hyphens", [fact("find_train", {}, { train_id: "nt-418" })], []],
    ["returned deep in a list", [fact("find_train", {}, { trains: [{ train_id: "NT1" }, { train_id: "NT418" }] })], []],
    ["returned under a bare id", [fact("find_train", {}, { id: "NT418" })], []],
    ["returned in a list of ids", [fact("find_train", {}, { train_ids: ["NT417", "NT418"] })], []],
    ["mentioned in a sentence of a result", [fact("find_train", {}, { note: "Take NT 418 at noon." })], []],
    ["said by the user", [], ["It is train NT-418, please."]],
  ])("but not if it was %s", (_, journal, said) => {
    expect(inventedId(seats("NT418"), others, journal, said)).toBeNull();
  });

  test("is one in any later call that takes its value from an earlier result, also where no tool declares its results", () => {
    const tools = chain().tools.map(({ returns: _, ...bare }) => bare);
    const paid = { name: "pay", arguments: { ticket: "T 55", seats: 2 }, result: null };
    const task = chain({ tools, expected: [found, { ...booked, result: { ticket: "T 55" } }, paid] });
    expect(linksOf(task, 2)).toEqual([{ name: "ticket", from: 1 }]);
    expect(inventedId(paid, task, [{ ...found }], [])).toBe("ticket");
    expect(inventedId(paid, task, [{ ...booked, result: ["T 55", "T 56"] }], [])).toBeNull();
    expect(linksOf({ ...task, dependent: false }, 2)).toEqual([]);
  });

  test("but not if the task contains it", () => {
    expect(inventedId(seats("NT5"), blueprint({ intent: "book seats (train id NT5)" }), [], [])).toBeNull();
    const expected = [{ ...booked, arguments: { train_id: "NT5", seats: 3 } }];
    expect(inventedId(seats("NT5"), blueprint({ expected }), [], [])).toBeNull();
  });

  test("is not known from the value of another field, nor as part of a longer id", () => {
    expect(inventedId(seats("08:25"), others, [{ ...found }], [])).toBe("train_id");
    expect(inventedId(seats("NT41"), others, [{ ...found }], ["train NT418"])).toBe("train_id");
  });

  test("is not checked if no offered tool returns it, if the schema lists the values, or in public codes", () => {
    const [first, second] = blueprint().tools;
    if (!first || !second) throw new Error("two tools");
    expect(inventedId(seats("NT999"), blueprint({ tools: [second] }), [], [])).toBeNull();
    const listed: ToolSpec = { ...second, parameters: { type: "object", properties: { train_id: { enum: ["NT999"] } } } };
    expect(inventedId(seats("NT999"), blueprint({ tools: [first, listed] }), [], [])).toBeNull();
    expect(["zip_code", "airport_code", "countryCode", "paid", "grid"].filter(isIdName)).toEqual([]);
    expect(["id", "train_id", "bookingId", "parking_code"].filter(isIdName)).toHaveLength(4);
  });

  test("is never reported for an id that an earlier tool of the catalogue returned, whatever the other arguments", () => {
    const pairs = embeddedCatalogue().flatMap((toolset) => chains(toolset).map((pair) => ({ ...pair, tools: toolset.tools })));
    expect(pairs.length).toBeGreaterThan(100);
    for (const { first, second, links, tools } of pairs) {
      const [argument = ""] = links;
      const task: Task = blueprint({ tools, expected: [], dependent: false });
      fc.assert(
        fc.property(
          objectOf(first.parameters),
          objectOf(first.returns ?? {}),
          objectOf(second.parameters),
          (asked, result, made) => {
            const id = `ZQ${String(result[argument]).length}7`;
            const journal = [fact(first.name, asked, { ...result, [argument]: id })];
            const ids = Object.fromEntries(Object.entries(made).filter(([name]) => !isIdName(name)));
            const call = { name: second.name, arguments: { ...ids, [argument]: id } };
            expect(inventedId(call, task, journal, [])).toBeNull();
            expect(inventedId(call, task, [], [])).toBe(argument);
          },
        ),
        { numRuns: 3, seed: 1 },
      );
    }
  });
});

test("a value is mentioned as whole words, with any spacing", () => {
  expect(["BK 12-34", "(bk1234)", "it is BK1234."].every((text) => mentions(text, "BK1234"))).toBe(true);
  expect(["BK12345", "ABK1234", "BK 12", ""].some((text) => mentions(text, "BK1234"))).toBe(false);
  expect(mentions("booking 17", 17)).toBe(true);
});

describe("reading and changing", () => {
  test("a tool reads if its name says so; all others may change anything", () => {
    const reading = [
      "find_train",
      "get_status",
      "listPayments",
      "check_interaction",
      "quote_move",
      "look_up_word",
      "flights.search",
    ];
    const changing = ["book_table", "check_in_passenger", "set_alarm", "search.cancel", "order", "verify_card", ""];
    expect([...reading, ...changing].filter(isReading)).toEqual(reading);
  });

  test("no tool of the catalogue that makes, pays or moves something counts as reading", () => {
    const readers = embeddedCatalogue().flatMap(({ tools }) => tools.map(({ name }) => name).filter(isReading));
    const verbs = new Set(readers.map((name) => spoken(actionOf(name)).split(" ")[0]));
    expect([...verbs].sort().join(" ")).toBe(
      "advise check compare explain find get identify list locate quote search sum track translate",
    );
    expect(readers).not.toContain("check_in_passenger");
  });

  test("a repeated call is answered from the journal until something may have changed", () => {
    const look = fact("get_balance", { account_id: "A1" }, { balance: 5 });
    const pay = fact("transfer_money", { account_id: "A1" }, { transfer_id: "T1" });
    const repeated = (call: ToolCall, journal: Fact[]) => repeatedFact(call, journal);
    expect(repeated(look, [look, { ...look, name: "get_limit" }])).toBe(look);
    expect(repeated(look, [look, pay])).toBeNull();
    expect(repeated(pay, [pay, look, { ...pay, name: "block_card" }])).toBe(pay); // a second payment is the first one
    expect(repeated(look, [])).toBeNull();
  });
});

describe("what facts state", () => {
  test("scalars next to an id are about it; without one they are about the ids of the call", () => {
    const search = fact("find_train", { from: "Oslo" }, { trains: [{ train_id: "NT 1", price: 9 }], note: "two found" });
    expect(statements(search, 4)).toEqual([{ entity: "train_id=nt1", field: "price", value: 9, call: 4, introduced: true }]);
    const look = fact("get_train", { train_id: "NT1", day: "2027-03-02" }, { price: 9, stops: ["Hamar"] });
    expect(statements(look, 0)).toEqual([{ entity: "train_id=nt1", field: "price", value: 9, call: 0, introduced: false }]);
  });

  test("nothing is stated without an id, nor about a bare id that could belong to anything", () => {
    expect(statements(fact("get_weather", { city: "Oslo" }, { celsius: 3 }), 0)).toEqual([]);
    expect(statements(fact("get_user", { id: 7 }, { age: 3 }), 0)).toEqual([]);
    expect(statements(fact("get_user", { id: "U7" }, { age: 3 }), 0)).toHaveLength(1);
  });
});

test("the listing has one call per line and drops the oldest if there is no room", () => {
  const journal = [1, 2, 3].map((number) => fact("look", { number }, { seen: number }));
  expect(listing([])).toBe("none");
  expect(listing(journal)).toBe(
    'look({"number": 1}) = {"seen": 1}\nlook({"number": 2}) = {"seen": 2}\nlook({"number": 3}) = {"seen": 3}',
  );
  expect(listing(journal, 70)).toBe('look({"number": 2}) = {"seen": 2}\nlook({"number": 3}) = {"seen": 3}');
  expect(listing(journal, 1)).toBe('look({"number": 3}) = {"seen": 3}');
});
