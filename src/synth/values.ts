// Values of a table, drawn by rule: what a person could say, in the year 2027. Each kind leaves room at its upper end that no
// record uses, so that a restriction can forbid it (restriction.ts).
import type { Draws } from "../rng.ts";
import type { Attribute, AttributeKind, Json, JsonSchema } from "../types.ts";

// first and last names are drawn apart, so that no name is part of another one
const firstNames = [
  ...["Ana", "Bashir", "Clara", "Dmitri", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Luca", "Mira"],
  ...["Nadia", "Oscar", "Priya", "Quentin", "Rosa", "Samir", "Tilda", "Umar", "Vera", "Wanda", "Xavier", "Yusuf", "Zoe"],
] as const;
const lastNames = [
  ...["Abara", "Berg", "Castillo", "Doyle", "Eriksen", "Fontaine", "Gupta", "Haddad", "Ivanov", "Jensen", "Kowalski"],
  ...["Lindqvist", "Moreau", "Nakamura", "Okafor", "Pereira", "Quist", "Romano", "Silva", "Tanaka", "Ueda", "Varga", "Weiss"],
] as const;

/** `count` names of which no two share a first or a last name. */
export function drawnNames(count: number, random: Draws): readonly string[] {
  const last = random.shuffle(lastNames);
  return random
    .shuffle(firstNames)
    .slice(0, count)
    .flatMap((first, at) => (last[at] === undefined ? [] : [`${first} ${last[at]}`]));
}

/** Above these nothing is drawn. Months 1 and 10 to 12, and hours from 19 on, are not drawn either. */
export const most = { count: 12, amount: 240 } as const;

const two = (number: number) => String(number).padStart(2, "0");

const drawnOf: Readonly<Record<AttributeKind, (attribute: Attribute, random: Draws) => Json>> = {
  name: (_, random) => drawnNames(1, random)[0] ?? null,
  date: (_, random) => `2027-${two(random.integer(2, 9))}-${two(random.integer(1, 28))}`,
  time: (_, random) => `${two(random.integer(8, 18))}:${random.pick(["00", "15", "30", "45"])}`,
  count: (_, random) => random.integer(2, most.count),
  amount: (_, random) => 5 * random.integer(4, most.amount / 5),
  option: ({ options }, random) => random.pick(options),
};

/** A value of an attribute. */
export function drawnValue(attribute: Attribute, random: Draws): Json {
  return drawnOf[attribute.kind](attribute, random);
}

/** A value of an attribute that is none of these; null where the draws found none. */
export function otherValue(attribute: Attribute, not: readonly Json[], random: Draws): Json {
  for (let draw = 0; draw < 40; draw++) {
    const value = drawnValue(attribute, random);
    if (!not.includes(value)) return value;
  }
  return null;
}

/** The schema of an argument or a field that holds such a value; `words` say what it is. */
export function schemaOfKind({ kind, options }: Attribute, words: string): JsonSchema {
  switch (kind) {
    case "name":
      return { type: "string", description: `${words}.` };
    case "date":
      return { type: "string", format: "date", description: `${words}, as YYYY-MM-DD.` };
    case "time":
      return { type: "string", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", description: `${words}, as HH:MM.` };
    case "count":
      return { type: "integer", minimum: 1, maximum: 99, description: `${words}, a whole number.` };
    case "amount":
      return { type: "number", minimum: 0, maximum: 9999, description: `${words}, in euros.` };
    case "option":
      return { type: "string", enum: [...options], description: `${words}.` };
  }
}
