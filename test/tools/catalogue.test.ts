import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shapesOf } from "../../scripts/measure-shapes/shapes.mjs";
import { withGrammarParser } from "../../src/llm/engine/llama-grammar.ts";
import { plainSchema } from "../../src/rules/schema/plain.ts";
import { argumentErrors, matchesSchema } from "../../src/rules/validate.ts";
import { unplayable } from "../../src/tools/playable.ts";
import { chains, embeddedCatalogue, splitHeldOut } from "../../src/tools/toolset.ts";
import type { Json, JsonObject, JsonSchema } from "../../src/types.ts";
import recorded from "../fixtures/shapes.json" with { type: "json" };

const toolsets = embeddedCatalogue();
const tools = toolsets.flatMap((toolset) => toolset.tools);
const objects = tools.flatMap((tool) => [tool.parameters, tool.returns ?? {}]);

const object = (value: Json | undefined) => value as JsonObject; // the catalogue's loader has checked its schemas
const propertiesOf = (schema: JsonSchema): [string, JsonObject][] =>
  Object.entries(object(schema.properties)).map(([name, property]) => [name, object(property)]);
const requiredOf = (schema: JsonSchema) => schema.required as readonly string[]; // as above

/** Values that a property's schema allows, built from its bounds alone. */
function anyValue(schema: JsonObject): fc.Arbitrary<Json> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema as Record<string, number>;
  if (schema.type === "integer") return fc.integer({ min: minimum ?? Number.NaN, max: maximum ?? Number.NaN });
  if (schema.type === "number") return fc.double({ min: minimum ?? Number.NaN, max: maximum ?? Number.NaN, noNaN: true });
  if (schema.type === "boolean") return fc.boolean();
  if (schema.format === "date")
    return fc
      .date({ min: new Date("2024-01-01"), max: new Date("2030-12-31"), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
  if (schema.type === "string") return fc.string({ minLength: minLength ?? 0, maxLength: maxLength ?? Number.NaN });
  if (schema.type === "object") return anyObject(schema);
  return fc.array(anyValue(object(schema.items)), { minLength: minItems ?? 0, maxLength: maxItems ?? Number.NaN });
}

function anyObject(schema: JsonSchema): fc.Arbitrary<JsonObject> {
  return fc.record(Object.fromEntries(propertiesOf(schema).map(([name, property]) => [name, anyValue(property)])));
}

/** Every property by its name, nested ones too. */
function everyProperty(schema: JsonSchema): [string, JsonObject][] {
  return propertiesOf(schema).flatMap(([name, property]): [string, JsonObject][] => {
    const inner = property.type === "array" ? object(property.items) : property;
    return [[name, property], ...(inner.type === "object" ? everyProperty(inner) : [])];
  });
}

describe("the embedded catalogue", () => {
  it("is large enough, and every domain has at least three toolsets", () => {
    const domains = new Set(toolsets.map((toolset) => toolset.domain));
    expect(domains.size).toBeGreaterThanOrEqual(12);
    expect(toolsets.length).toBeGreaterThanOrEqual(48);
    expect(tools.length).toBeGreaterThanOrEqual(240);
    for (const domain of domains) {
      expect(toolsets.filter((toolset) => toolset.domain === domain).length).toBeGreaterThanOrEqual(3);
    }
  });

  it("has unique tool names, toolset names and tool descriptions", () => {
    expect(new Set(tools.map((tool) => tool.name)).size).toBe(tools.length);
    expect(new Set(toolsets.map((toolset) => toolset.name)).size).toBe(toolsets.length);
    expect(new Set(tools.map((tool) => tool.description)).size).toBe(tools.length);
  });

  it("has compact tools: one or two sentences, one to six parameters, each described, two to four results", () => {
    const names = /^([a-z_]+\.)*([a-z]+(_[a-z]+)*|[a-z]+([A-Z][a-z]+)*)$/;
    for (const tool of tools) {
      expect(tool.name).toMatch(names);
      expect(tool.description).toMatch(/^[A-Z][^.]*\.( [A-Z][^.]*\.)?$/);
      expect(tool.description.split(" ").length).toBeLessThanOrEqual(30);
      for (const [schema, low, high] of [
        [tool.parameters, 1, 6],
        [tool.returns ?? {}, 2, 4],
      ] as const) {
        const count = propertiesOf(schema).length;
        expect([schema.type, count >= low && count <= high, tool.name]).toEqual(["object", true, tool.name]);
      }
      expect(requiredOf(tool.parameters).length).toBeGreaterThanOrEqual(1);
      for (const [name, { description }] of propertiesOf(tool.parameters))
        expect([name, description]).toEqual([name, expect.any(String)]);
      expect(JSON.stringify(tool.parameters).length).toBeLessThan(920);
    }
  });

  it("names every default in words, a valid value that only an optional parameter has", () => {
    const having = tools.flatMap(({ parameters }) =>
      propertiesOf(parameters).flatMap(([name, schema]) => (schema.default === undefined ? [] : [{ parameters, name, schema }])),
    );
    expect(having.length).toBeGreaterThan(100);
    for (const { parameters, name, schema } of having) {
      expect(String(schema.description)).toMatch(new RegExp(`\\bdefault.*\\b${schema.default}\\)?$`, "i"));
      expect(requiredOf(parameters)).not.toContain(name);
      expect(matchesSchema(schema, schema.default ?? null)).toEqual([]);
    }
  });

  it("has the shape of real tools: each share lies between those of two public lists, or near one of them", () => {
    const ours: Readonly<Record<string, number | undefined>> = shapesOf(tools);
    // how far outside of the two it may lie: shares of parameters, then words
    const bounds = { optional: 0.03, string: 0.03, number: 0.03, integer: 0.03, boolean: 0.03, array: 0.02, object: 0.03 };
    const more = { enum: 0.04, default: 0.03, nested: 0.03, described: 0, perTool: 0, wordsOfTool: 4, wordsOfParameter: 2.5 };
    for (const [name, slack] of Object.entries({ ...bounds, ...more })) {
      const real = recorded.map((shape) => Number(shape[name as keyof typeof shape])); // the keys of a recorded shape
      const value = ours[name];
      expect(value, name).toBeGreaterThanOrEqual(Math.min(...real) - slack);
      expect(value, name).toBeLessThanOrEqual(Math.max(...real) + slack);
    }
  });

  it("has no tool twice under different names", () => {
    const shapes = tools.map(({ parameters, returns }) => JSON.stringify([parameters, returns]));
    expect(shapes.filter((shape, index) => shapes.indexOf(shape) !== index)).toEqual([]);
  });

  it("states a currency for every amount of money and a unit for every measure", () => {
    const numbers = objects.flatMap(everyProperty).filter(([, { type }]) => type === "number" || type === "integer");
    const money =
      /(^|_)(price|fee|cost|rent|salary|refund|deposit|premium|surcharge|balance|spent|paid|tax|fare|postage|pay)(_|$)|^(money_back|paid_back|paid_out)$/;
    const silent = numbers.filter(
      ([name, { description }]) =>
        money.test(name) && !/^days_|_(year|percent|level)$/.test(name) && !/USD|currency/.test(String(description)),
    );
    expect(silent.map(([name]) => name)).toEqual([]);
    const unit =
      /USD|currency|kilometers?|_km|meters|minutes?|hours?|seconds|days?|weeks?|years?|percent|celsius|degrees|watts|kilowatts?|kilograms|liters|inches|centimeters|kilocalories|stars|milligrams|bar|beats|0 to 1|0 \(white\)/;
    const unitless = ["rate", "target_rate", "rate_now", "rating", "new_average", "average_stars", "averageStars"]; // ratings and exchange rates
    const bare = numbers
      .filter(([name, { type }]) => type === "number" && !unitless.includes(name))
      .filter(([name, { description }]) => !unit.test(`${description ?? ""} ${name}`));
    expect(bare.map(([name]) => name)).toEqual([]);
  });

  it("bounds every value, so that a small model writes plausible values", () => {
    const leaf = (schema: JsonObject): boolean => {
      if (Array.isArray(schema.enum)) return schema.enum.every((value) => typeof value === "string" && value.length >= 2);
      if (schema.type === "boolean" || schema.format === "date") return true;
      if (schema.type === "string") return Number(schema.maxLength) <= 80;
      if (schema.type === "array") return Number(schema.maxItems) <= 3 && leaf(object(schema.items));
      if (schema.type === "object") return propertiesOf(schema).every(([, inner]) => leaf(inner));
      return ["integer", "number"].includes(String(schema.type)) && Number(schema.minimum) < Number(schema.maximum);
    };
    const loose = objects.flatMap(propertiesOf).filter(([, property]) => !leaf(property));
    expect(loose).toEqual([]);
    const long = tools
      .flatMap((tool) => propertiesOf(tool.returns ?? {}))
      .filter(([, { maxLength }]) => Number(maxLength ?? 0) > 40);
    expect(long).toEqual([]);
  });

  it("is plain JSON Schema, and every tool can be played", async () => {
    for (const schema of objects) expect(plainSchema(schema)).toEqual(schema);
    const faults = await withGrammarParser((parser) => tools.map((tool) => unplayable(tool, parser)));
    expect(faults.filter((fault) => fault !== null)).toEqual([]);
  });

  it("requires only known parameters, all results and every property of a nested object", () => {
    const inner = objects.flatMap((schema) => everyProperty(schema)).filter(([, { type }]) => type === "object");
    for (const [, schema] of inner) expect(requiredOf(schema)).toEqual(propertiesOf(schema).map(([name]) => name));
    for (const tool of tools) {
      const parameters = propertiesOf(tool.parameters).map(([name]) => name);
      expect(parameters).toEqual(expect.arrayContaining([...requiredOf(tool.parameters)]));
      expect(requiredOf(tool.returns ?? {})).toEqual(propertiesOf(tool.returns ?? {}).map(([name]) => name));
    }
  });

  it("accepts every value within its own bounds", () => {
    for (const tool of tools) {
      for (const [schema, check] of [
        [tool.parameters, (value: JsonObject) => argumentErrors(tool, value)],
        [tool.returns ?? {}, (value: JsonObject) => matchesSchema(tool.returns ?? {}, value)],
      ] as const) {
        for (const sample of fc.sample(anyObject(schema), { numRuns: 3, seed: 1 })) expect(check(sample)).toEqual([]);
      }
    }
  });
});

describe("the chains of the catalogue", () => {
  const all = toolsets.flatMap((toolset) => chains(toolset).map((chain) => ({ toolset, ...chain })));

  it("exist in nearly every toolset, and each domain has eight of them", () => {
    expect(new Set(all.map((chain) => chain.toolset.name)).size).toBeGreaterThanOrEqual(50);
    for (const { domain } of toolsets)
      expect(all.filter((chain) => chain.toolset.domain === domain).length, domain).toBeGreaterThanOrEqual(8);
  });

  it("pass on only ids, which cannot be known or guessed before the first call", () => {
    for (const { links, first, second } of all) {
      const [argument = "", ...others] = links;
      expect(others).toEqual([]);
      expect(argument).toMatch(/(_id|_code|Id|Code)$/);
      const returned = propertiesOf(first.returns ?? {}).find(([name]) => name === argument)?.[1] ?? {};
      expect(returned.description).toMatch(/^[A-Z]{2} and \d digits$/);
      expect(returned.maxLength).toBe(returned.minLength);
      const taken = propertiesOf(second.parameters).find(([name]) => name === argument)?.[1] ?? {};
      expect(taken.maxLength).toBe(returned.maxLength);
      expect(taken.description).toContain(returned.description);
    }
  });

  it("never ask for the same thing twice, so that two calls cannot contradict each other", () => {
    for (const { first, second } of all) {
      const asked = new Set(propertiesOf(first.parameters).map(([name]) => name));
      expect(propertiesOf(second.parameters).filter(([name]) => asked.has(name))).toEqual([]);
    }
  });
});

describe("the catalogue's held-out split", () => {
  it("holds out at least 6 toolsets at the default share and leaves training toolsets in every domain", () => {
    const { train, heldOut } = splitHeldOut(toolsets, 0.25, ["seed", 1]);
    expect(heldOut.length).toBeGreaterThanOrEqual(6);
    expect(new Set(train.map((toolset) => toolset.domain))).toEqual(new Set(toolsets.map((toolset) => toolset.domain)));
    expect(heldOut.some((toolset) => chains(toolset).length > 0)).toBe(true);
  });
});
