import { describe, expect, test } from "vitest";
import { mainPurpose, namedTool, purpose, spoken, spokenValue } from "../../../src/rules/language/spoken.ts";
import type { Json } from "../../../src/types.ts";
import { findTrain } from "../../support/blueprint.ts";

describe("what a tool is for", () => {
  const of = (description: string, name = "search_papers") => purpose({ ...findTrain, name, description });

  test("is the first sentence of its description, without one its name", () => {
    expect(of("Searches arXiv. Returns a list.")).toBe("searches arXiv");
    expect(of("", "papers.search_papers")).toBe("search papers");
    expect(mainPurpose({ ...findTrain, description: "Tells if a table is reserved, or if the bill is paid." })).toBe(
      "tells if a table is reserved",
    );
  });

  test("is what stands before the sections of a docstring, on one line", () => {
    const docstring = "Search arXiv for papers\n    on a topic\n\n    Args:\n        query: What to look for\n    ";
    expect(of(docstring)).toBe("search arXiv for papers on a topic");
    expect(of("Search arXiv for papers\nArgs:\n  query: What to look for")).toBe("search arXiv for papers");
  });
});

test("names and values are written in plain words", () => {
  expect(["check_in_date", "checkInDate", "user.name"].map(spoken)).toEqual(["check in date", "check in date", "user name"]);
  expect([["a_b", 2], { room_type: "king_size" }, false, null].map((value) => spokenValue(value as Json))).toEqual([
    "a b and 2",
    "room type king size",
    "no",
    "null",
  ]);
  expect(["<", "€", ""].map((sign) => spokenValue(sign))).toEqual(['"<"', '"€"', ""]);
  const exact = ["ana_berg@example.com", "https://example.com/my_page", "notes_2.txt"];
  expect(exact.map(spokenValue)).toEqual(exact);
});

test("a name is given away as a whole word, and only if it is not an everyday word", () => {
  const tool = (name: string) => ({ ...findTrain, name });
  expect(namedTool("Call getWeather now", [tool("getWeather")])).toBe("getWeather");
  expect(namedTool("Call calendar.create now", [tool("calendar.create")])).toBe("calendar.create");
  expect(namedTool("calendarXcreate", [tool("calendar.create")])).toBeNull();
  expect(namedTool("Please search for shoes and find_trains", [tool("search"), tool("find_train")])).toBeNull();
});
