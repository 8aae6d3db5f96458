// What a teacher is told beside its task (ToolMaster, arXiv 2601.12762: a stronger model is prompted to try tools explicitly and to
// correct itself). The words of a trial stand in the prompt of every policy (trial.ts); this says how much to make of them.
import type { Config } from "../../config/config.ts";
import { hasTrials } from "./trial.ts";

const always =
  "Someone else will learn from this conversation how it is done. Read every result. Where one is an error or not what you expected, correct your call by what it says.";

const trying =
  "Before you act, try every tool that you may need, as told below, however clear its description looks; where two tools might do what is asked, try both. Act only when results have shown what a tool does and takes. Then make only the calls that were asked for, each once, and report what they returned.";

const doing = "Make only the calls that were asked for, each once, and report what they returned.";

/** The system prompt under which a teacher plays a task; what every policy is told follows it (system-prompt.ts). */
export function promptForTeacher(systemPrompt: string, trial: Config["trial"]): string {
  return [systemPrompt, "", always, hasTrials(trial) ? trying : doing].join("\n");
}
