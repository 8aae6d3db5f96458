// Files of tools on disk: the JSON and JSON Lines files of a folder, and what one of them holds, a value or one a line.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, type PlayactError } from "../errors.ts";
import { jsonOf } from "../rules/json.ts";
import type { Json } from "../types.ts";
import { fault } from "./tool-spec.ts";

const mostBytes = 64_000_000;

export function statsOf(path: string) {
  try {
    return statSync(path);
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/** The JSON and JSON Lines files of a folder and of its direct subfolders, by name. */
export function jsonFilesOf(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const jsonIn = (inner: string) =>
    readdirSync(inner)
      .filter((name) => /\.jsonl?$/.test(name))
      .sort()
      .map((name) => join(inner, name));
  const files = [
    ...jsonIn(folder),
    ...below.filter((entry) => entry.isDirectory()).flatMap(({ name }) => jsonIn(join(folder, name))),
  ];
  if (files.length === 0)
    throw fault(folder, {
      who: "the folder",
      expected: "JSON files of tools, in it or in a direct subfolder",
      came: "none",
      todo: "check the path (config tasks.tools)",
    });
  return files;
}

/** The content of a file: one JSON value, or one per line. */
export function contentOf(path: string): Json {
  const { size } = statsOf(path);
  if (size > mostBytes)
    throw fault(path, {
      who: "the file",
      expected: `at most ${mostBytes} bytes`,
      came: `${size} bytes`,
      todo: "split the file",
    });
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\ufeff/, ""); // without a byte order mark
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
  try {
    return JSON.parse(text) as Json; // JSON.parse returns nothing else
  } catch (thrown) {
    return valuesOfLines(text, path) ?? notJson(path, "JSON", describe(thrown), thrown);
  }
}

/** The values of JSON Lines, one or more of them; null for a text whose first line is no JSON. */
function valuesOfLines(text: string, path: string): Json[] | null {
  const lines = text
    .split("\n")
    .map((line, at) => ({ line, at }))
    .filter(({ line }) => line.trim() !== "");
  const [first] = lines;
  if (first === undefined || lines.length === 1 || jsonOf(first.line) === undefined) return null;
  return lines.map(({ line, at }) => {
    try {
      return JSON.parse(line) as Json; // as above
    } catch (thrown) {
      return notJson(path, "JSON in every line", `in line ${at + 1}: ${describe(thrown)}`, thrown);
    }
  });
}

function notJson(path: string, expected: string, came: string, cause: unknown): never {
  throw fault(path, { who: "the file", expected, came, todo: "correct the file", cause });
}

function unreadable(path: string, thrown: unknown): PlayactError {
  return fault(path, {
    who: "the file",
    expected: "a readable JSON file",
    came: describe(thrown),
    todo: "check the path (config tasks.tools)",
    cause: thrown,
  });
}
