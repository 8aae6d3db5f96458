// Arbitrary values of a tool's schema, for properties that must hold for every tool of the catalogue.
import fc from "fast-check";
import type { Json, JsonObject, JsonSchema } from "../../src/types.ts";

const letters = "abcdefghijklmnoprstuvw ".split("");

/** Any value that the schema allows: the subset that the catalogue uses. */
export function valuesOf(schema: JsonSchema): fc.Arbitrary<Json> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as Json[]));
  if (schema.type === "object") return objectOf(schema);
  if (schema.type === "array")
    return fc.array(valuesOf(schema.items as JsonSchema), {
      minLength: Number(schema.minItems ?? 0),
      maxLength: Number(schema.maxItems ?? 3),
    });
  if (schema.type === "boolean") return fc.boolean();
  const [min, max] = [Number(schema.minimum ?? 0), Number(schema.maximum ?? 999)];
  if (schema.type === "integer") return fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
  if (schema.type === "number")
    return fc.integer({ min: Math.ceil(min * 10), max: Math.floor(max * 10) }).map((tenths) => tenths / 10);
  if (schema.format === "date") return fc.integer({ min: 1, max: 28 }).map((day) => `2027-03-${String(day).padStart(2, "0")}`);
  const lengths = { minLength: Number(schema.minLength ?? 2), maxLength: Number(schema.maxLength ?? 20) };
  return fc.array(fc.constantFrom(...letters), lengths).map((all) => all.join("").replace(/^ | $/g, "x"));
}

/** An object with its required members, and any of the others. */
export function objectOf(schema: JsonSchema): fc.Arbitrary<JsonObject> {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>; // checked by the catalogue's loader
  const members = Object.fromEntries(Object.entries(properties).map(([name, own]) => [name, valuesOf(own)]));
  const requiredKeys = Array.isArray(schema.required) ? schema.required.map(String) : [];
  return fc.record(members, { requiredKeys });
}
