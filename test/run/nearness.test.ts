// The embedder on tools: the distractors of the embedded catalogue, and whether two wordings of one job are recognised.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { cosine } from "../../src/embed/cosine.ts";
import { draws } from "../../src/rng.ts";
import { type Nearness, openNearness } from "../../src/run/open-embedder.ts";
import { anyTools, type ChooseDistractors, mayServe } from "../../src/tools/distractors.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import type { ToolSpec } from "../../src/types.ts";

const catalogue = embeddedCatalogue();
let nearness: Nearness;
let vectors: ReadonlyMap<string, Float32Array>;
beforeAll(async () => {
  const config = configSchema.parse({ tasks: { distractors: "near" }, engine: { threads: 1 } });
  nearness = await openNearness(config, catalogue);
  const descriptions = catalogue.flatMap(({ tools }) => tools.map(({ description }) => description));
  const found = (await nearness.embed?.(descriptions)) ?? [];
  vectors = new Map(descriptions.map((description, at) => [description, found[at] ?? new Float32Array()]));
});
afterAll(() => nearness[Symbol.asyncDispose]());

const between = (a: ToolSpec, b: ToolSpec) =>
  cosine(vectors.get(a.description) ?? new Float32Array(), vectors.get(b.description) ?? new Float32Array());

/** The distractors that every tool of the catalogue gets, two each, as pairs with it. */
function company(choose: ChooseDistractors) {
  return catalogue.flatMap((own) =>
    own.tools.map((tool) => {
      const candidates = catalogue
        .filter(({ domain }) => domain === own.domain)
        .flatMap((toolset) => toolset.tools.map((other) => ({ tool: other, sibling: toolset === own })))
        .filter((candidate) => candidate.tool !== tool);
      return { tool, chosen: choose(candidates, [tool], 2, draws("company", tool.name)) };
    }),
  );
}
const mean = (pairs: ReturnType<typeof company>) => {
  const all = pairs.flatMap(({ tool, chosen }) => chosen.map((other) => between(tool, other)));
  return all.reduce((sum, value) => sum + value, 0) / all.length;
};

describe("distractors of the catalogue", () => {
  test("are similar tools if the config says so, and every tool gets two", () => {
    const near = company(nearness.distractors);
    expect(near.filter(({ chosen }) => chosen.length < 2)).toEqual([]);
    expect(mean(near)).toBeGreaterThan(mean(company(anyTools)) + 0.1);
  });

  test("are any tools otherwise, and no embedder is opened", async () => {
    await using none = await openNearness(configSchema.parse({ tasks: { novelty: null } }), catalogue);
    expect(none).toMatchObject({ embed: null, distractors: anyTools });
  });
});

test.each([
  ["Get the current stock price of a company.", "Fetch the latest quote of a share."],
  ["Get a price quote for a taxi ride between two places.", "Estimate the fare of a cab from A to B."],
  ["Search for an open position in a city.", "Search for job vacancies in a town."],
  ["Track a parcel.", "Track the current location of a shipment."],
  ["Find a rental car in a city for some days.", "Search for cars to hire at a location."],
  ["Send an e-mail to a person.", "Deliver an email message to a recipient."],
  ["Find a free charging point near a place.", "Locate an available EV charger nearby."],
  ["Exchange an amount of money at a quoted rate.", "Convert money from one currency to another."],
  ["Get the weather forecast of a city.", "Returns the expected weather for a given town."],
  ["Find a flight between two cities.", "Searches available flights from one airport to another."],
  ["Play a song.", "Start playback of a music track."],
  ["Book a hotel room.", "Reserve accommodation in a hotel."],
  ["Find a recipe for a dish.", "Look up how to cook a meal."],
  ["Cancel a doctor's appointment.", "Call off a booked visit at the doctor."],
  ["Set an alarm.", "Create an alarm clock for a time."],
  ["Create a calendar event.", "Add an appointment to the calendar."],
])("another service's tool for one job is kept out: %s / %s", async (one, other) => {
  const [a, b] = (await nearness.embed?.([one, other])) ?? [];
  if (!a || !b) throw new Error("a vector is missing");
  const tool = (description: string): ToolSpec => ({
    name: description,
    description,
    parameters: { type: "object", properties: {} },
  });
  expect(mayServe(tool(one), { tool: tool(other), sibling: false }, cosine(a, b))).toBe(true);
});
