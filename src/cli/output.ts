// How commands print: data on stdout, talk on stderr, text of models made harmless for terminals. No colours, no envelope.
import type { Json } from "../types.ts";

/** Where a command's data goes; tests pass their own. */
export type Print = (text: string) => void;

export const toStdout: Print = (text) => void process.stdout.write(text);
export const toStderr: Print = (text) => void process.stderr.write(text);

/** What every command that reads the store says of its --home. */
export const homeHelp = "folder of the runs (default: PLAYACT_HOME, else playact in the XDG data folder)";

/** Any value as one JSON document on stdout. */
export function printJson(print: Print, value: Json): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}

/** A plain table: columns aligned, numbers to the right, two blanks between, no lines. */
export function formatTable(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = [columns, ...rows.map((row) => row.map(formatCell))].map((row) => row.map((cell) => escapeLine(cell)));
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => lengthOf(row[index] ?? ""))));
  const numeric = columns.map((_, index) => rows.length > 0 && rows.every((row) => typeof (row[index] ?? 0) === "number"));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => pad(cell, widths[index] ?? 0, numeric[index] ?? false))
      .join("  ")
      .trimEnd();
  return `${cells.map(line).join("\n")}\n`;
}

/** Six significant digits are enough for eyes; --json has all of them. */
function formatCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

const lengthOf = (text: string) => [...text].length; // code points; wide characters are not worth a library

function pad(text: string, width: number, right: boolean): string {
  const space = " ".repeat(width - lengthOf(text));
  return right ? space + text : text + space;
}

// C0 without tab and newline, DEL, C1, and the marks that turn the direction of text around
const unsafe = /[^\P{Cc}\t\n]|[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** Text of a model or a tool for a terminal: control and direction characters become \u escapes; newlines stay. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same on one line: newline and tab become \n and \t. */
export function escapeLine(text: string): string {
  return escapeText(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
