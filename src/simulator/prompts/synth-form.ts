// The form from which rules make a toolset (synth/assemble.ts): what people book or order with a person, and what is written down
// about each. A small simulator chooses here and hardly writes: the kind of a detail decides how its name ends, states are picked
// from lists, and every text is one or two words. Not in the paper, whose teacher writes the tools themselves.
import type { ChatMessage } from "../../llm/llm.ts";
import type { Json, JsonSchema } from "../../types.ts";

/** Whom a thing is for: the first attribute is the name of this person. */
const people = [
  ...["student", "guest", "client", "patient", "customer", "member", "owner", "tenant", "driver", "player", "visitor"],
  ...["reader", "volunteer", "applicant", "donor", "child", "teacher", "helper"],
] as const;

/** States of a new thing, each with the verb that makes one. */
export const openings: Readonly<Record<string, string>> = {
  booked: "book",
  reserved: "reserve",
  scheduled: "schedule",
  requested: "request",
  registered: "register",
  ordered: "order",
  planned: "plan",
};
/** States on the way. */
const betweens = ["confirmed", "approved", "paid", "prepared", "started"] as const;
/** States of a thing that has ended early, each with the verb that ends one. */
export const endings: Readonly<Record<string, string>> = {
  cancelled: "cancel",
  withdrawn: "withdraw",
  closed: "close",
  removed: "remove",
};

/** The things of the examples: a form that repeats one has not been made for its person. */
export const exampleThings = ["boat rental", "tax interview"] as const;

const word = "[a-z]{3,12}";

/** How the name of a detail reads, by kind: a small model calls a breed a count where it may. */
const names: Readonly<Record<string, string>> = {
  date: `^${word} date$`,
  time: `^${word} time$`,
  count: `^number of ${word}$`,
  amount: `^${word} (price|fee|cost|deposit|budget)$`,
};

export const formSchema: JsonSchema = object({
  thing: { type: "string", pattern: `^${word}( ${word})?$` },
  whose: { type: "string", enum: [...people] },
  details: {
    type: "array",
    items: {
      anyOf: [
        ...Object.entries(names).map(([kind, pattern]) => object({ kind: { const: kind }, name: { type: "string", pattern } })),
        object({
          kind: { const: "option" },
          name: { type: "string", pattern: `^${word}( ${word})?$` },
          options: { type: "array", items: { type: "string", pattern: `^${word}( ${word})?$` }, minItems: 3, maxItems: 5 },
        }),
      ],
    },
    // one more than are needed: a small model repeats itself, and what it repeats is left out
    minItems: 3,
    maxItems: 3,
  },
  at_first: { type: "string", enum: Object.keys(openings) },
  later: { type: "string", enum: [...betweens] },
  at_the_end: { type: "string", enum: Object.keys(endings) },
});

function object(properties: Readonly<Record<string, Json>>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties) };
}

/** Asks for the form of one person. */
export function formPrompt(persona: string): ChatMessage[] {
  return [
    {
      role: "system",
      content: [
        "You name one kind of thing that people book, order or ask for with a certain person, and say what is written down about each. You answer with JSON only:",
        "thing: what is booked or ordered, in the singular, one or two plain words;",
        "whose: whom it is for;",
        "details: three different things that are written down about each one: a date, a time, a count, an amount of money, or an option with three to five values to choose from;",
        "at_first, later, at_the_end: what is said of it as time goes by.",
        "",
        "Person: the owner of a boat house on a lake",
        '{"thing":"boat rental","whose":"guest","details":[{"kind":"date","name":"rental date"},{"kind":"time","name":"start time"},{"kind":"option","name":"boat type","options":["canoe","rowing boat","pedal boat"]}],"at_first":"reserved","later":"paid","at_the_end":"cancelled"}',
        "",
        "Person: a tax adviser with many clients",
        '{"thing":"tax interview","whose":"client","details":[{"kind":"date","name":"interview date"},{"kind":"amount","name":"service fee"},{"kind":"count","name":"number of papers"}],"at_first":"scheduled","later":"confirmed","at_the_end":"closed"}',
      ].join("\n"),
    },
    { role: "user", content: `Person: ${persona}` },
  ];
}
