// Prompts of the task writer, calls first: arguments and results under the tools' own schemas, then the message of the person
// who needs them. Not in the paper. What all tasks share (role, examples) comes first, so that the engine computes it once.
import type { ChatMessage } from "../../llm/llm.ts";
import { listedIn } from "../../rules/listed.ts";
import type { JsonObject, JsonSchema, ToolSpec } from "../../types.ts";
import { bareResult } from "./tool.ts";

/** Settings that keep a simulator from writing the same example again and again. */
export const situations = [
  "a rainy weekend with friends",
  "a business trip next week",
  "a birthday surprise",
  "moving to a new flat",
  "a school project",
  "a long train ride",
  "a family reunion",
  "a first week at a new job",
  "planning a wedding",
  "a quiet holiday by the sea",
  "a conference in another country",
  "a broken phone",
  "a garden in spring",
  "a new puppy",
  "a marathon in autumn",
  "a late night at the office",
  "a small bakery",
  "a visit from grandparents",
  "a winter in the mountains",
  "a student on a budget",
  "a sports club",
  "a house renovation",
  "a music festival",
  "a doctor's appointment",
  "a monthly report",
  "a road trip along the coast",
  "a charity run",
  "a lost parcel",
  "an anniversary dinner",
  "a start-up of three people",
  "a language course",
  "a film night",
  "a neighbour's request",
  "a power cut",
  "a long weekend in the city",
  "an exam on Friday",
  "a delayed flight",
  "a picnic in the park",
  "a retirement party",
  "a book club",
] as const;

/** First question: the arguments of each call and its result (`results` false: the arguments alone). */
export function callsPrompt(tools: readonly ToolSpec[], situation: string, results: boolean): ChatMessage[] {
  const signatures = tools.map((tool, index) => {
    const call = `Call ${index + 1}: ${tool.name}. ${tool.description}\narguments: ${fields(tool.parameters) || "none"}`;
    return results ? `${call}\nresult: ${fields(tool.returns ?? bareResult)}` : call;
  });
  const repeats =
    tools.length > 1 && tools[0] === tools[1] ? ["Call 2 is about something else than call 1: use other values."] : [];
  return [
    {
      role: "system",
      content:
        "You invent realistic example data for software tools and answer with JSON only. Use specific, believable values that a person could say aloud: real names and places, dates in 2027, plausible numbers. Each result fits its arguments.",
    },
    { role: "user", content: [`The example is about ${situation}.`, ...signatures, ...repeats].join("\n\n") },
  ];
}

/** A schema's fields in words: shorter than JSON; the grammar ensures the form. */
export function fields(schema: JsonSchema): string {
  const properties = (schema.properties ?? {}) as { readonly [name: string]: JsonObject }; // checked by the catalogue's loader
  return Object.entries(properties)
    .map(([name, property]) => {
      const words = about(property);
      return words === "" ? name : `${name} (${words})`;
    })
    .join(", ");
}

function about(property: JsonObject): string {
  const { description, type, format, minimum, maximum, items } = property;
  if (type === "object") return `object with ${fields(property)}`;
  if (type === "array") return `list of ${about((items ?? {}) as JsonObject) || "texts"}`; // checked as above
  const values = type === "boolean" ? [] : listedIn(property);
  const bounds = minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : null;
  // a type "string" is copied as the value by small simulators ("a jacket in string color")
  const kind = values.length > 0 ? values.join(" | ") : (format ?? (type === "string" ? undefined : type));
  const parts = [description, kind, bounds];
  return parts.filter((part) => part !== undefined && part !== null).join("; ");
}

const personas = [
  "knows exactly what they want and is brief",
  "is new to this and adds a little background",
  "uses simple everyday words",
];

/** The word of a second request: it takes up the first one, or stands beside it. */
export type Joint = "Then" | "Also";

/** Second question: the person's first message, with every told detail and none of the secret ones. */
export function messagePrompt(request: {
  /** What each call does, in order, and its details to say, as "city: Paris". */
  readonly requests: readonly { readonly purpose: string; readonly told: readonly string[] }[];
  readonly joint: Joint;
  /** Names of the held-back details. */
  readonly secret: readonly string[];
  readonly persona: number;
  readonly situation: string;
}): ChatMessage[] {
  const lines = [
    ...request.requests.flatMap(({ purpose, told }, index) => [
      `${index === 0 ? "Request" : request.joint}: ${purpose}`,
      `Details: ${told.length > 0 ? told.join("; ") : "none"}`,
    ]),
    ...(request.secret.length > 0 ? [`Leave out: ${request.secret.join(", ")}`] : []),
    `Setting: ${request.situation}; the person ${personas[request.persona] ?? personas[0]}.`,
  ];
  return [
    {
      role: "system",
      content: [
        "You write what a person says to a helpful assistant to get something done: one or two sentences in the first person. Say every detail once, and add no numbers or names of your own. You answer with JSON only.",
        "",
        "Request: Get the weather forecast of a city.\nDetails: city: Oslo; date: March 2, 2027\nSetting: a picnic; the person is brief.",
        '{"message":"Can you tell me what the weather will be like in Oslo on March 2, 2027? We are planning a picnic."}',
        "",
        "Request: Find tables at a restaurant.\nDetails: restaurant: Luigi's; guests: 4\nThen: Book a table.\nDetails: outside: yes\nLeave out: the evening\nSetting: a birthday; the person adds a little background.",
        '{"message":"Please find a free table at Luigi\'s for 4 guests, then book it outside. It is for my sister\'s birthday."}',
      ].join("\n"),
    },
    { role: "user", content: lines.join("\n") },
  ];
}

export const systemPrompts = [
  "You are a careful assistant with tools. Call a tool only if it fits the request and every value it needs comes from the user or from an earlier result. If a value is missing, ask the user for it. If no tool fits, say so and do not call any. Report results truthfully.",
  "You are an assistant with tools. Ask for missing values, never invent them. If no tool fits, say so.",
  "You are an assistant with tools. Never invent values.",
  "You are a helpful assistant.",
] as const;
