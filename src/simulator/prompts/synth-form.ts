// The form from which rules make a toolset (synth/assemble.ts): what people book or order with a person, and what is written down
// about each. A small simulator chooses here and hardly writes: the kinds of the details are drawn, a kind decides how its name ends,
// states are picked from lists, and every text is one to three words. Not in the paper, whose teacher writes the tools themselves.
import type { ChatMessage } from "../../llm/llm.ts";
import type { AttributeKind, JsonSchema } from "../../types.ts";

/** Kinds of details, in their order in a form: first what tells two of them apart for a person. The name is always there. */
export const detailKinds = ["date", "time", "option", "count", "amount"] as const satisfies readonly AttributeKind[];
export type DetailKind = (typeof detailKinds)[number];

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
/** Up to three words, of which one may be short: where only two may stand, "type of bread" becomes "type ofbread". */
const short: JsonSchema = { type: "string", pattern: `^${word}( [a-z]{2,12}){0,2}$` };

/** How the name of a detail reads, by kind: a small model calls a breed a count where it may. */
const names: Readonly<Record<DetailKind, JsonSchema>> = {
  date: { type: "string", pattern: `^${word} date$` },
  time: { type: "string", pattern: `^${word} time$` },
  option: short,
  count: { type: "string", pattern: `^number of ${word}$` },
  amount: { type: "string", pattern: `^${word} (price|fee|cost|deposit|budget)$` },
};

/** The schema of a form with details of these kinds. */
export function formSchema(kinds: readonly DetailKind[]): JsonSchema {
  const properties = {
    thing: short,
    whose: { type: "string", enum: [...people] },
    ...Object.fromEntries(kinds.map((kind) => [kind, names[kind]])),
    ...(kinds.includes("option") ? { options: { type: "array", items: short, minItems: 3, maxItems: 5 } } : {}),
    at_first: { type: "string", enum: Object.keys(openings) },
    later: { type: "string", enum: [...betweens] },
    at_the_end: { type: "string", enum: Object.keys(endings) },
  };
  return { type: "object", properties, required: Object.keys(properties) };
}

const asked: Readonly<Record<DetailKind, string>> = {
  date: "a date",
  time: "a time",
  option: "an option with three to five values",
  count: "a count",
  amount: "an amount of money",
};

/** Asks for the form of one person. */
export function formPrompt(persona: string, kinds: readonly DetailKind[]): ChatMessage[] {
  const question = (who: string, of: readonly DetailKind[]) =>
    `Person: ${who}\nDetails: ${of.map((kind) => asked[kind]).join(", ")}`;
  return [
    {
      role: "system",
      content: [
        "You name one kind of thing that people book, order or ask for with a certain person, and what is written down about each. You answer with JSON only:",
        "thing: what is booked or ordered, in the singular, one or two plain words;",
        "whose: whom it is for;",
        "then a name for each of the details, which differ from thing to thing;",
        "at_first, later, at_the_end: what is said of it as time goes by.",
        "",
        question("the owner of a boat house on a lake", ["date", "time", "option"]),
        '{"thing":"boat rental","whose":"guest","date":"rental date","time":"start time","option":"boat type","options":["canoe","rowing boat","yacht"],"at_first":"reserved","later":"paid","at_the_end":"cancelled"}',
        "",
        question("a tax adviser with many clients", ["date", "count", "amount"]),
        '{"thing":"tax interview","whose":"client","date":"meeting date","count":"number of papers","amount":"service fee","at_first":"scheduled","later":"confirmed","at_the_end":"closed"}',
      ].join("\n"),
    },
    { role: "user", content: question(persona, kinds) },
  ];
}
