// The judge that weighs: how well was the result reported, or all of it done? Log-odds of the good answer, averaged over the
// questions, placed between two anchors that we build from the blueprint. It writes nothing (written-verdict.ts does): a
// verdict written by a small model carries no information (design, measured). Kin: GenRM's P(Yes) (arXiv 2408.15240).

import type { ChatModel } from "../llm/llm.ts";
import { spacedJson } from "../rules/json.ts";
import type { Failure, Line, Task } from "../types.ts";
import { failureOf, type Patience, weigh } from "./ask.ts";
import { fitted } from "./prompts/transcript.ts";
import { judgeQuestions, type Subject } from "./prompts/verifier.ts";

/** Log-odds of the two ends of a task's scale. */
export interface Anchors {
  /** The expected calls with a true report; in a decline task the refusal. */
  readonly good: number;
  /**
   * Of a report: the expected calls, and not a word of their results (against doing nothing all reports look good). Of a
   * conduct: nothing done; in a decline task a call of a tool that does not fit.
   */
  readonly bad: number;
}

export type Judged<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** Mean log-odds (nats) of the good answer over the questions. */
export async function logOdds(
  task: Task,
  lines: readonly Line[],
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
  subject: Subject = "report",
): Promise<Judged<number>> {
  const questions = (read: readonly Line[]) => judgeQuestions(task, read, subject);
  // one cut for all of them: what they share is computed once
  const read = fitted(lines, (cut) => questions(cut).every(({ messages, lead }) => simulator.fits(messages, lead, 0)));
  try {
    const odds = await Promise.all(
      questions(read).map(async ({ messages, lead, options }) => {
        const [good, bad] = await weigh(simulator, "verifier", { messages, lead, options }, patience, signal);
        return (good ?? Number.NaN) - (bad ?? Number.NaN);
      }),
    );
    const mean = odds.reduce((sum, value) => sum + value, 0) / odds.length;
    if (Number.isFinite(mean)) return { ok: true, value: mean };
    return {
      ok: false,
      failure: { boundary: "verifier", code: "invalid_reply", text: `log-odds are not finite: ${odds.join(", ")}` },
    };
  } catch (error) {
    return { ok: false, failure: failureOf("verifier", error) };
  }
}

/** Both ends of the task's scale; the judge reads them once a task. */
export async function anchors(
  task: Task,
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
  subject: Subject = "report",
): Promise<Judged<Anchors>> {
  const [good, bad] = await Promise.all([
    logOdds(task, goodEnd(task), simulator, patience, signal, subject),
    logOdds(task, subject === "report" ? silentEnd(task) : uselessEnd(task), simulator, patience, signal, subject),
  ]);
  if (!good.ok) return good;
  if (!bad.ok) return bad;
  return { ok: true, value: { good: good.value, bad: bad.value } };
}

/** Places log-odds between the anchors: 0 at the bad end, 1 at the good one; null where the judge cannot tell the ends apart. */
export function placed(odds: number, scale: Anchors): number | null {
  const margin = scale.good - scale.bad;
  return margin > 0 ? Math.min(1, Math.max(0, (odds - scale.bad) / margin)) : null;
}

function goodEnd(task: Task): Line[] {
  return [...conduct(task), { role: "assistant", text: task.report }];
}

const evasion = "Is there anything else I can help you with?";

function silentEnd(task: Task): Line[] {
  return [...conduct(task), { role: "assistant", text: evasion }];
}

function uselessEnd(task: Task): Line[] {
  const asked: Line = { role: "user", text: task.firstMessage };
  if (task.kind === "call") return [asked, { role: "assistant", text: evasion }];
  const [tool] = task.tools; // none of them fits; where none is offered, only the claim is wrong
  const call: Line[] = tool ? [{ role: "call", text: spacedJson({ name: tool.name, arguments: {} }) }] : [];
  return [asked, ...call, { role: "assistant", text: "It is done." }];
}

/** Everything up to the report, as it is right. */
function conduct(task: Task): Line[] {
  return [
    { role: "user", text: task.firstMessage },
    ...task.heldBack.map((held): Line => ({ role: "user", text: held.sentence })),
    ...task.expected.flatMap((call): Line[] => [
      { role: "call", text: spacedJson({ name: call.name, arguments: call.arguments }) },
      { role: "result", text: spacedJson(call.result) },
    ]),
  ];
}
