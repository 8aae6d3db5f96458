// The pages of a task's tools that are not true, each beside what the tool is (types/drift.ts), as lines for people. Pure.
import { isObject, own, propertiesOf } from "../rules/json.ts";
import { requiredParameters } from "../tools/tool-arguments.ts";
import type { Json, Task, ToolSpec } from "../types.ts";
import { escapeLine } from "./output.ts";

/** A tool as the policy reads it and as the world goes by, both escaped for the terminal. */
export interface UntruePage {
  readonly page: string;
  readonly world: string;
}

/** In the order of the prompt; none if all pages are true. */
export function untruePages({ tools, world = tools }: Task): readonly UntruePage[] {
  return tools.flatMap((tool) => {
    const real = world.find(({ name }) => name === tool.name);
    if (real === undefined) return [];
    const [page, is] = [signature(tool), signature(real)];
    return page === is ? [] : [{ page, world: is }];
  });
}

/** `name(needed: string, other?: "a" | "b"): description`. */
function signature(tool: ToolSpec): string {
  const required = new Set(requiredParameters(tool));
  const parameters = Object.entries(propertiesOf(tool.parameters)).map(
    ([name, schema]) => `${name}${required.has(name) ? "" : "?"}: ${typeText(schema)}`,
  );
  return escapeLine(`${tool.name}(${parameters.join(", ")}): ${tool.description}`);
}

function typeText(schema: Json): string {
  const of = (key: string) => (isObject(schema) ? own(schema, key) : undefined);
  const [listed, type] = [of("enum"), of("type")];
  if (Array.isArray(listed)) return listed.map((value: Json) => JSON.stringify(value)).join(" | ");
  return typeof type === "string" ? type : "any";
}
