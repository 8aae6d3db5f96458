// A chat template of a model's file, run as Jinja over a list of turns: text out. Bounded, without a clock, and without the
// library's own globals: a template comes from a file.
import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { describe, PlayactError } from "../../errors.ts";
import type { Json } from "../../types.ts";
import type { ChatTemplate } from "../llm.ts";

/** A message as templates expect it. */
export interface TemplateTurn {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  readonly tool_calls?: readonly Json[];
}

/** The date that templates are told: with the clock's no run could be repeated, and a served policy is told the same one. */
export const trainingDate = "26 Jul 2024";

/** Globals of the templates. Not the library's own: its date is the current one, and no run could be repeated. */
const globals: readonly (readonly [string, unknown])[] = [
  ...(["true", "True"] as const).map((name) => [name, true] as const),
  ...(["false", "False"] as const).map((name) => [name, false] as const),
  ...(["none", "None"] as const).map((name) => [name, null] as const),
  ["strftime_now", () => trainingDate],
  ["raise_exception", raise],
  ["range", range],
];

/** `open`: the opening of the assistant's turn comes last. @throws PlayactError("template") if the template fails. */
export type Renderer = (turns: readonly TemplateTurn[], tools: readonly Json[], open: boolean) => string;

/**
 * The template, parsed once.
 * @param thinking what templates that can be told so are told (`enable_thinking`); the others do not read it
 * @throws PlayactError("template") if it is no Jinja
 */
export function rendererOf(own: ChatTemplate, thinking: boolean): Renderer {
  const failed = (thrown: unknown) =>
    new PlayactError("template", `The model's chat template cannot be rendered (${describe(thrown)}).`, { cause: thrown });
  const within = <T>(work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      throw failed(thrown);
    }
  };
  const { parsed } = within(() => new Template(own.source));
  return (turns, tools, open) => {
    const environment = new Environment();
    for (const [name, value] of globals) environment.set(name, value);
    environment.set("messages", turns);
    environment.set("tools", tools.length === 0 ? null : tools);
    environment.set("add_generation_prompt", open);
    environment.set("enable_thinking", thinking);
    environment.set("bos_token", own.begin);
    environment.set("eos_token", own.end);
    return within(() => String(new Interpreter(environment).run(parsed).value));
  };
}

function raise(message: unknown): never {
  throw new Error(String(message));
}

/** Bounded: a template comes from a file and only needs to count messages. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= 100_000)) throw new Error(`a range of ${length}`);
  return Array.from({ length }, (_, at) => from + at * step);
}
