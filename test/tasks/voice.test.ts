import { describe, expect, test } from "vitest";
import { speaksAsAssistant, strangeNumbers } from "../../src/tasks/voice.ts";

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

describe("the assistant's voice", () => {
  test.each([
    "Sure, a train at noon.",
    "I'll find you a train.",
    "Is there a train that you're interested in?",
    "Use the train_id.",
  ])("speaks in: %s", (text) => expect(speaksAsAssistant(text)).toBe(true));

  test.each(["Could you help me find a train?", "I need your help with a train.", "Write to ann_lee@mail.com for me."])(
    "is not in: %s",
    (text) => expect(speaksAsAssistant(text)).toBe(false),
  );
});
