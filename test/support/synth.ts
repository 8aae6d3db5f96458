// Task sets by a scripted simulator: it fills in one of a few forms, and words a message under the grammar that it is given.
import { resolveConfig } from "../../src/config/resolve.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import type { Persona } from "../../src/store/task-sets.ts";
import { synthesiseAssembled } from "../../src/synth/assembled.ts";
import { personasOf } from "../../src/synth/persona.ts";
import type { Stage, Staged } from "../../src/synth/stage.ts";
import type { Json, JsonObject, Task } from "../../src/types.ts";
import { stage } from "./stage.ts";

/** Names of every kind of detail; a form has those that it is asked for. */
export const forms: readonly JsonObject[] = [
  form("piano lesson", "student", "booked", "cancelled", ["lesson date", "start time", "number of pieces", "lesson fee"]),
  form("vaccination", "owner", "scheduled", "cancelled", ["visit date", "visit time", "number of animals", "vaccine price"]),
  form("hut stay", "guest", "reserved", "withdrawn", ["arrival date", "arrival time", "number of nights", "room price"]),
  form("garden loan", "member", "registered", "closed", ["return date", "pickup time", "number of days", "loan deposit"]),
  form("delivery", "customer", "ordered", "cancelled", ["drop date", "drop time", "number of boxes", "delivery fee"]),
  form("school visit", "teacher", "requested", "removed", ["visit date", "arrival time", "number of pupils", "entry price"]),
];

function form(
  thing: string,
  whose: string,
  at_first: string,
  at_the_end: string,
  [date = "", time = "", count = "", amount = ""]: readonly string[],
): JsonObject {
  const option = { option: "size", options: ["small", "medium", "extra large"] };
  return { thing, whose, date, time, ...option, count, amount, at_first, later: "confirmed", at_the_end };
}

/** What a simulator of words answers: a form for one prompt, for another a request with every detail in it. */
export function scriptedReply(request: ReplyRequest, which: number): Json {
  const properties = request.schema.properties as Readonly<Record<string, Json>>;
  const filled = forms[which % forms.length] ?? {};
  if ("thing" in properties) return Object.fromEntries(Object.entries(filled).filter(([name]) => name in properties));
  const text = request.messages.at(-1)?.content ?? "";
  const details = (/^Details: (.*)$/m.exec(text)?.[1] ?? "").split("; ").map((detail) => detail.replace(":", ""));
  const purpose = (/^Request: (.*)\.$/m.exec(text)?.[1] ?? "").split(",")[0]?.toLowerCase();
  const message = `Could you please ${purpose} with the ${details.join(" and the ")}?`;
  return { message };
}

/** The task of each position, with the stages that were kept, by the scripted simulator. */
export async function scriptedSet(
  count: number,
  change: { readonly personas?: readonly Persona[]; readonly set?: readonly string[] } = {},
): Promise<readonly { readonly task: Task | null; readonly stages: readonly Staged[]; readonly plain: boolean }[]> {
  const { personas = personasOf(null), set = [] } = change;
  const { config } = resolveConfig({ preset: "laptop-synth", set: [...set] });
  const made = [];
  for (let position = 0; position < count; position++) {
    const { simulator } = stage({ reply: (request) => scriptedReply(request, position) });
    const stages: Staged[] = [];
    const persona = personas[position % personas.length];
    if (persona === undefined) throw new RangeError("no personas");
    const task = await synthesiseAssembled(config, { simulator, parser: null })(
      persona,
      { position, names: [config.seed, "synth", position] },
      new Map<Stage, Json>(),
      async (staged) => {
        stages.push(staged);
      },
    );
    const words = stages.find(({ stage }) => stage === "task");
    made.push({ task, stages, plain: (JSON.stringify(words) ?? "").includes('"plainMessage":true') });
  }
  return made;
}
