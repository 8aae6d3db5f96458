// Right or wrong, strictly: a reply counts by the calls that the dialect's parser reads in it, and a malformed call makes the row
// wrong whatever stands beside it. Where nothing fits, right is neither call nor malformed call.
import type { Dialect } from "../config/config.ts";
import type { Checker } from "./checker.ts";
import { callsOf, type Reply } from "./play.ts";
import type { BenchmarkRow } from "./rows.ts";

export interface Marked {
  /** As ReadCalls. */
  readonly calls: string;
  readonly correct: boolean;
  /**
   * Null where correct. context: row and reply do not fit; length: wrong, and cut; malformed; no_call; called: nothing fits, and
   * a call was made; else the checker's error_type, shortened.
   */
  readonly error: string | null;
  /** What was wrong, in the words of the parser or the checker. */
  readonly detail: string | null;
}

const mostDetail = 500;

/** Marks one reply. */
export async function markReply(checker: Checker, dialect: Dialect, row: BenchmarkRow, reply: Reply): Promise<Marked> {
  const { calls, count, malformed } = callsOf(reply.text, dialect);
  const wrong = (error: string, detail: string | null = null): Marked => {
    const kind = reply.ended === "length" ? "length" : error;
    return { calls, correct: false, error: kind, detail: detail === null ? null : detail.slice(0, mostDetail) };
  };
  if (reply.ended === "context_full") return wrong("context");
  if (malformed.length > 0) return wrong("malformed", malformed.join("; "));
  const right: Marked = { calls, correct: true, error: null, detail: null };
  if (row.answer === null) return count === 0 ? right : wrong("called");
  if (count === 0) return wrong("no_call");
  const checked = await checker.check({ category: row.category, functions: row.functions, answer: row.answer, calls });
  return checked.right ? right : wrong(shortened(checked.error ?? "unknown"), checked.detail ?? null);
}

/** "simple_function_checker:missing_required" is missing_required; "value_error:string" is value_error. */
function shortened(type: string): string {
  const [first = "", second] = type.split(":");
  return first.includes("checker") && second !== undefined ? second : first;
}
