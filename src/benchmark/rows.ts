// The rows of BFCL as its package has them: a question, function docs, and the answers that its checker takes. Single turns in
// Python and irrelevance; the other categories of BFCL (live, several turns, Java) are not played.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PlayactError } from "../errors.ts";
import { jsonOf } from "../rules/json.ts";
import { fromFunctionDoc } from "../tools/bfcl.ts";
import type { Json, JsonObject, ToolSpec } from "../types.ts";

export const categories = ["simple_python", "multiple", "parallel", "parallel_multiple", "irrelevance"] as const;
export type Category = (typeof categories)[number];

export interface BenchmarkRow {
  readonly category: Category;
  /** Within the category, from 0. */
  readonly position: number;
  /** The row's own id, e.g. "simple_python_17". */
  readonly name: string;
  readonly question: string;
  /** As the policy sees them. */
  readonly tools: readonly ToolSpec[];
  /** As the checker reads them. */
  readonly functions: Json;
  /**
   * The answer as the package writes it, JSON: the checker tells 12.0 from 12, which no parsed number does. Null: nothing fits, the
   * right answer is no call.
   */
  readonly answer: string | null;
}

const json: z.ZodType<Json> = z.json();
const functionDoc = z.looseObject({ name: z.string(), description: z.string(), parameters: z.record(z.string(), json) });
const rowShape = z.object({
  id: z.string(),
  question: z.tuple([z.tuple([z.object({ role: z.literal("user"), content: z.string() })])]),
  function: z.array(functionDoc).min(1),
});
const answerShape = z.object({ id: z.string(), ground_truth: json });

/** All rows of a category. @throws PlayactError("environment") if the package's files are missing or of another shape */
function readRows(data: string, category: Category): readonly BenchmarkRow[] {
  const rows = linesOf(join(data, `BFCL_v4_${category}.json`), rowShape);
  const answers =
    category === "irrelevance" ? [] : linesOf(join(data, "possible_answer", `BFCL_v4_${category}.json`), answerShape);
  const answerOf = new Map(answers.map(({ value, line }) => [value.id, truthIn(line)]));
  const lacking = rows.find(({ value }) => category !== "irrelevance" && !answerOf.has(value.id));
  if (lacking !== undefined) throw damagedFile(data, `${lacking.value.id} has no answer`);
  return rows.map(({ value: row }, position) => ({
    category,
    position,
    name: row.id,
    question: row.question[0][0].content,
    tools: row.function.map((doc) => toolOfDoc(doc as JsonObject)), // checked above
    functions: row.function as Json,
    answer: answerOf.get(row.id) ?? null,
  }));
}

/** The text of the last key of a row of answers. */
function truthIn(line: string): string | null {
  return /"ground_truth"\s*:\s*([\s\S]*)\}\s*$/.exec(line)?.[1] ?? null;
}

/** A function doc as a tool; its result's schema stays hidden. */
export function toolOfDoc(doc: JsonObject): ToolSpec {
  const { name, description, parameters } = functionDoc.parse(fromFunctionDoc(doc));
  return { name, description, parameters };
}

/** Rows of a category, as they were asked for: `from` to `to`, which is left out. */
export interface RowRange {
  readonly given: string;
  readonly category: Category;
  readonly from: number;
  readonly to: number;
}

/**
 * The rows of ranges, each row once; without a range all rows of all categories.
 * @throws PlayactError("usage") for rows that do not exist
 */
export function selectRows(data: string, ranges: readonly RowRange[]): readonly BenchmarkRow[] {
  return categories.flatMap((category) => {
    const own = ranges.filter((range) => range.category === category);
    if (own.length === 0 && ranges.length > 0) return [];
    const rows = readRows(data, category);
    for (const { from, to, given } of own)
      if (from >= to || to > rows.length)
        throw new PlayactError(
          "usage",
          `--rows ${given}: ${category} has ${rows.length} rows, 0 to ${rows.length - 1}. FROM must be less than TO, and TO at most ${rows.length}.`,
        );
    return own.length === 0 ? rows : rows.filter(({ position }) => own.some(({ from, to }) => position >= from && position < to));
  });
}

/** A range CATEGORY:FROM:TO. @throws PlayactError("usage") for any other text */
export function rowRange(given: string): RowRange {
  const [, name, from, to] = /^(\w+):(\d+):(\d+)$/.exec(given) ?? [];
  const category = categories.find((one) => one === name);
  if (category === undefined)
    throw new PlayactError(
      "usage",
      `--rows expects CATEGORY:FROM:TO, e.g. simple_python:0:40, got ${JSON.stringify(given)}. Categories: ${categories.join(", ")}.`,
    );
  return { given, category, from: Number(from), to: Number(to) };
}

/** The lines of a file, as they are and as rows. */
function linesOf<T>(path: string, shape: z.ZodType<T>): { readonly value: T; readonly line: string }[] {
  if (!existsSync(path)) throw damagedFile(path, "the file is missing");
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line, at) => {
    const parsed = shape.safeParse(jsonOf(line));
    if (!parsed.success) throw damagedFile(path, `line ${at + 1} is not a row (${parsed.error.issues[0]?.message})`);
    return { value: parsed.data, line };
  });
}

function damagedFile(path: string, why: string): PlayactError {
  const todo = "Remove BFCL's environment and repeat the command, which installs it again.";
  return new PlayactError("environment", `${path}: ${why}. ${todo}`);
}
