// Task sets by a scripted simulator: it fills in one of a few forms, and words a message under the grammar that it is given.
import { resolveConfig } from "../../src/config/resolve.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { synthesiseAssembled } from "../../src/synth/assembled.ts";
import type { Persona } from "../../src/synth/persona.ts";
import { personasOf } from "../../src/synth/persona.ts";
import type { Stage, Staged } from "../../src/synth/stage.ts";
import type { Json, Task } from "../../src/types.ts";
import { stage } from "./stage.ts";

export const forms: readonly Json[] = [
  form("piano lesson", "student", "booked", "cancelled", [
    { kind: "date", name: "lesson date" },
    { kind: "time", name: "start time" },
    { kind: "amount", name: "lesson fee" },
  ]),
  form("vaccination", "owner", "scheduled", "cancelled", [
    { kind: "date", name: "visit date" },
    { kind: "option", name: "animal", options: ["dog", "cat", "rabbit", "parrot"] },
  ]),
  form("hut stay", "guest", "reserved", "withdrawn", [
    { kind: "date", name: "arrival date" },
    { kind: "count", name: "number of nights" },
    { kind: "option", name: "room type", options: ["dormitory", "twin room", "camp bed"] },
  ]),
  form("garden loan", "member", "registered", "closed", [
    { kind: "option", name: "machine", options: ["mower", "chainsaw", "shredder"] },
    { kind: "date", name: "return date" },
  ]),
  form("delivery", "customer", "ordered", "cancelled", [
    { kind: "time", name: "drop time" },
    { kind: "count", name: "number of boxes" },
    { kind: "amount", name: "delivery fee" },
  ]),
  form("school visit", "teacher", "requested", "removed", [
    { kind: "count", name: "number of pupils" },
    { kind: "date", name: "visit date" },
    { kind: "time", name: "arrival time" },
  ]),
];

function form(thing: string, whose: string, at_first: string, at_the_end: string, details: readonly Json[]): Json {
  // a small simulator repeats itself where it must name a third detail
  const three = [...details, ...details].slice(0, 3);
  return { thing, whose, details: three, at_first, later: "confirmed", at_the_end };
}

/** What a simulator of words answers: a form for one prompt, for another a request with every detail in it. */
export function scriptedReply(request: ReplyRequest, which: number): Json {
  const properties = request.schema.properties as Readonly<Record<string, Json>>;
  if ("thing" in properties) return forms[which % forms.length] ?? null;
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
    const task = await synthesiseAssembled({ config, simulator, parser: null })(
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
