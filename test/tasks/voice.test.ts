import { describe, expect, test } from "vitest";
import { strangeNames, strangeNumbers } from "../../src/tasks/made-up.ts";

describe("a made-up number", () => {
  const values = [
    { day: "2027-03-02", seats: 2, price: 2.5, at: "08:25", leaves: "2027-03-02T18:00:00Z", ref: "QU5173", list: [1200] },
  ];

  test.each([
    "on 2 March 2027, 2 seats",
    "2027-03-02",
    "on the 2nd of March",
    "for 2.50 at 8:25 as QU5173",
    "all 1,200 of them",
    "at 6 PM, 6:00 p.m. or 18:00",
    "no number at all",
    "two or three friends", // words are nobody's value
  ])("is none of these: %s", (text) => {
    expect(strangeNumbers(text, values)).toEqual([]);
  });

  test.each([
    ["the rate is 0.85", [85]],
    ["we are 4", [4]],
    ["on 7 March", [7]],
    ["all 1,300 of them", [1300]],
    ["QU5174", [5174]],
  ])("is in %s", (text, numbers) => {
    expect(strangeNumbers(text, values)).toEqual(numbers);
  });
});

describe("a made-up name", () => {
  const values = [{ city: "Oslo", day: "2027-03-02", currency: "USD", host: "Luigi's", title: "Moby Dick" }];
  const about = "get forecast Get the weather of a city by its IATA code.";

  test.each([
    "What is the weather in Oslo on 2 March 2027?",
    "I'd pay in USD. Please ask Luigi, I’m late.",
    "Do you have Moby-Dick? It is for Oslo!",
    "Its IATA code, please: Oslo",
    "make it 25°C, for plan B",
    "please say it in lower case",
    "EUR stands where any sentence has a capital",
  ])("is none in: %s", (text) => {
    expect(strangeNames(text, values, about)).toEqual([]);
  });

  test.each([
    ["the rate from USD to EUR", ["EUR"]],
    ["a table in March with Anna", ["Anna"]],
    ["a table in April", ["April"]],
    ["fly me from Bergen to Oslo", ["Bergen"]],
  ])("is in: %s", (text, names) => {
    expect(strangeNames(text, values, about)).toEqual(names);
  });
});
