import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { refusal, refuses } from "../../src/tasks/refusal.ts";
import { trueReport } from "../../src/tasks/report.ts";
import { embeddedCatalogue } from "../../src/tasks/toolset.ts";
import { chain } from "../support/blueprint.ts";

const tools = embeddedCatalogue().flatMap((toolset) => toolset.tools);

describe("words that refuse", () => {
  test("are those of our own refusals, whatever the tool", () => {
    for (const tool of tools)
      for (let seed = 0; seed < 8; seed += 1) expect(refusal(tool, draws("refusal", seed))).toSatisfy(refuses);
  });

  test.each([
    "I'm sorry, I can\u2019t track parcels.",
    "I am unable to do this.",
    "I don't have a tool that shows the status of a flight.",
    "Unfortunately, that isn't something I can do here.",
    "There is no tool for train times.",
    "None of the functions can be used for that.",
    "That is outside the scope of my tools.",
    "My tools do not support transfers of money.",
    "I can only help with opening hours.",
    "I'm not able to look that up, sorry.",
    "Booking hotels is not possible with the tools at hand.",
    "I do not have access to flight data.",
  ])("are these: %s", (text) => {
    expect(refuses(text)).toBe(true);
  });

  test.each([
    "",
    "The task is complete.",
    "Your parcel PX5512 is in Hamburg and will arrive tomorrow.",
    "Great question! I am always happy to help.",
    "Is there anything else I can help you with?",
    "I'm sorry for the delay. Your table is booked.",
    "For which date, please?",
    "Don't worry, I have booked it for you.",
    "No problem! My tools found the flight.",
    "I cannot wait to help you with this!",
    "Notable tools were found.",
  ])("are not these: %s", (text) => {
    expect(refuses(text)).toBe(false);
  });

  test("are no true report", () => {
    for (let seed = 0; seed < 8; seed += 1) expect(refuses(trueReport(chain().expected, draws("report", seed)))).toBe(false);
  });
});
