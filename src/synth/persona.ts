// For whom a task is made: 40 personas of our own, or a user's file. Persona Hub, which the paper draws on, is not ours to ship.
import { readFileSync } from "node:fs";
import { describe, PlayactError } from "../errors.ts";
import { isObject, jsonOf } from "../rules/json.ts";
import type { Persona } from "../store/task-sets.ts";
import own from "./personas.json" with { type: "json" };

/**
 * The personas of a file, one JSON object a line with `persona` and, where it has one, a `name`; null: our own.
 * @throws PlayactError("usage") that names the line, what is needed and what to do
 */
export function personasOf(file: string | null): readonly Persona[] {
  if (file === null) return own.map((text, index) => ({ name: nameOf(index), text }));
  const lines = textOf(file)
    .split("\n")
    .map((line, index) => ({ line: line.trim(), place: `${file}, line ${index + 1}` }))
    .filter(({ line }) => line !== "");
  if (lines.length === 0)
    throw new PlayactError(
      "usage",
      `${file} has no personas; write one JSON object a line: {"persona": "a baker in a small town"}.`,
    );
  const personas = lines.map(({ line, place }, index) => personaOf(line, place, nameOf(index)));
  const seen = new Set<string>();
  const twice = personas.find(({ name }) => seen.size === seen.add(name).size);
  if (twice !== undefined)
    throw new PlayactError("usage", `${file} has two personas with the name "${twice.name}"; give each its own, or none at all.`);
  return personas;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new PlayactError("usage", `The file of personas cannot be read (${describe(thrown)}); check its path.`, {
      cause: thrown,
    });
  }
}

function personaOf(line: string, place: string, number: string): Persona {
  const read = jsonOf(line);
  const text = isObject(read) && typeof read.persona === "string" ? read.persona.trim() : "";
  if (!isObject(read) || text === "")
    throw new PlayactError(
      "usage",
      `${place}: expected a JSON object with a text "persona", but found ${line.slice(0, 60)}; add it.`,
    );
  return { name: typeof read.name === "string" && read.name !== "" ? read.name : number, text };
}

function nameOf(index: number): string {
  return `p${String(index + 1).padStart(4, "0")}`;
}
