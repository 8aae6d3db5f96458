// How commands print: data on stdout, messages on stderr. No colours, no envelope. All output passes through escapeText: names,
// messages and replies are untrusted text, and a terminal would obey control characters in it.
import type { Json } from "../types.ts";

/** Where a command's data goes; tests pass their own. */
export type Print = (text: string) => void;

export const toStdout: Print = (text) => void process.stdout.write(escapeText(text));
export const toStderr: Print = (text) => void process.stderr.write(escapeText(text));

/** Erases the current line on stderr, a terminal: the only control sequence that Playact writes. */
export const eraseLine = (): void => void process.stderr.write("\r\u001b[K");

/** Help text of every --home option. */
export const homeHelp = "folder of the runs (default: PLAYACT_HOME, else playact in the XDG data folder)";

/** Any value as one JSON document on stdout; the escapes of escapeText are valid in JSON too. */
export function printJson(print: Print, value: Json): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}

/** A plain table: aligned columns, numbers right-aligned, two blanks between columns, no lines. */
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

/** Six significant digits are enough to read; --json has all of them. */
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

// C0 without tab and newline, DEL, C1, characters that change the direction of text, end a line or are invisible (except the
// selectors that turn a character into an emoji)
const unsafe = /[^\P{Cc}\t\n]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}|[\u2028\u2029\ufff9-\ufffb]/gu;

/** Text for a terminal: control, direction and invisible characters become \u escapes, as JSON writes them; newline and tab stay. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (character) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );
}

/** The same on one line: newline and tab become \n and \t. */
export function escapeLine(text: string): string {
  return escapeText(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
