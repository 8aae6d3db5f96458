// Trials in plain words (ToolMaster, arXiv 2601.12762): a turn that begins `Trial:` tries tools; then a policy notes what it was
// told, plans, and makes the calls. The one place that knows the words: the sentences of the system prompt, the writers and the
// readers. Notes and plan are read by people alone.
import type { Config, Dialect } from "../../config/config.ts";
import { PlayactError } from "../../errors.ts";
import type { Message } from "../../types.ts";
import { replyStart } from "./thinking.ts";
import type { ParsedCalls } from "./tool-call.ts";

const trialWord = "Trial:";
const notesWord = "Notes:";
const planWord = "Plan:";
/** From a line that begins with one of the words to the end: notes and plan are the last words before the calls. */
const notesAndPlan = new RegExp(`^\\s*(${notesWord}|${planWord})[\\s\\S]*$`, "m");

/** Whether trials are a phase of their own: the prompt tells of them, and `Trial:` means something. */
export function hasTrials(trial: Config["trial"] | undefined): trial is Config["trial"] {
  return trial?.phase === true && trial.turns > 0;
}

/** Of this dialect a call is read only where no words are before it: a turn could not say that it tries. */
const wordless: Dialect = "llama-3.1";

/** @throws PlayactError("config") if the policy writes its calls so that it cannot try */
export function assertTriable(trial: Config["trial"], dialect: Dialect): void {
  if (!hasTrials(trial) || dialect !== wordless) return;
  throw new PlayactError(
    "config",
    `Config key "trial.turns": a trial begins with a word, and in the dialect ${dialect} no word may come before a call. Set policy.dialect=hermes, or trial.turns=0.`,
  );
}

/** A system prompt under which the policy may try tools first. It says nothing of what a trial is to find out. */
export function promptForTrials(
  systemPrompt: string,
  { turns, notes, world }: Pick<Config["trial"], "turns" | "notes" | "world">,
): string {
  const most = turns === 1 ? "one turn" : `at most ${turns} turns`;
  const lost = world === "scratch" ? "What a trial changes is undone before you act." : "What a trial changes stays changed.";
  const before = notes ? `"${notesWord}" (what each tool you tried does and takes) and "${planWord}"` : `"${planWord}"`;
  return [
    systemPrompt,
    "",
    `Tools may differ from their descriptions. You may try them first, in ${most}: begin such a turn with "${trialWord}", then call. ${lost}`,
    `Then act: write ${before}, then the calls that do what was asked, without "${trialWord}". After them no trial is answered.`,
  ].join("\n");
}

/** Whether a turn of the policy's own says that it tries. Nobody else's text is asked. */
export function beginsTrial(text: string): boolean {
  return text.slice(replyStart(text)).trimStart().startsWith(trialWord);
}

/** A turn that tries calls. @param calls as the policy's dialect writes them */
export function trialTurn(calls: string): string {
  return `${trialWord}\n${calls}`;
}

/** The words of a turn that somebody reads: where an execution acts, its notes and its plan are addressed to nobody. */
export function toldWords({ calls, errors, rest }: ParsedCalls, phase: Message["phase"]): string {
  const acts = phase === "execution" && calls.length + errors.length > 0;
  return acts ? rest.replace(notesAndPlan, "").trim() : rest;
}

/** Errors for a trial that is not answered: none is left, or a call without the word came before it. */
export const noTrial = {
  spent: `no trial is left: call without "${trialWord}" now`,
  late: `no trial is left: trials end with the first call without "${trialWord}"`,
} as const;

/** The first turn of the execution. @param calls as the policy's dialect writes them */
export function actingTurn(notes: readonly string[], plan: string, calls: string): string {
  const noted = notes.length === 0 ? [] : [notesWord, ...notes.map((note) => `- ${note}`)];
  return [...noted, `${planWord} ${plan}`, calls].join("\n");
}
