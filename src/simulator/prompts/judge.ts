// The judge's prompts. A written verdict: role and task first, the same for a whole group, then the conversation and the criteria.
// And the questions that weigh a report: several wordings and both orders of the letters are averaged, because a small model's
// preference for "Yes" or "(A)" is stronger than its knowledge. Whether a report is true is asked with the results alone: in a
// whole conversation a small model no longer notices that the numbers differ.
import type { ChatMessage } from "../../llm/llm.ts";
import { linksOf } from "../../rules/journal.ts";
import { spacedJson } from "../../rules/json.ts";
import type { JsonSchema, Line, Task } from "../../types.ts";
import { type Brief, isTold } from "../briefing.ts";
import { criteria } from "../criteria.ts";
import { transcriptText } from "./transcript.ts";

/** Reason first: a reward written before its reason is a guess. */
export const verdictReply: JsonSchema = {
  type: "object",
  properties: {
    reason: { type: "string", minLength: 3, maxLength: 400 },
    reward: { type: "integer", enum: [-1, 0, 1] },
  },
  required: ["reason", "reward"],
};

// no examples: a small judge describes them instead of the conversation
const role = `You judge how well an assistant with tools has served a user. What the assistant says about itself is not evidence; calls and results are.
Answer with JSON:
reason: which calls were made, what they returned and what the assistant told the user about it; then which criteria are met and which are not
reward: 1 if all criteria are met, 0 if most are, -1 if most are not`;

/** `task.criteria` is the number of criteria that the verdict uses. */
export function verdictPrompt(task: Brief, lines: readonly Line[]): ChatMessage[] {
  const known = [
    `The user wants: ${task.intent}`,
    `First message: ${task.firstMessage}`,
    ...(task.background === undefined || !isTold(task, "intent") ? [] : [`What the user alone knows: ${task.background}`]),
    ...(task.persona === "" ? [] : [`The user: ${task.persona}`]),
    ...(isTold(task, "expected-calls") ? [`Expected calls: ${expectedText(task)}`] : []),
  ];
  const held = criteria.slice(0, Math.max(1, task.criteria)).map((criterion, index) => `${index + 1}. ${criterion}`);
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: `${known.join("\n")}\n\nConversation:\n${transcriptText(lines)}\n\nCriteria:\n${held.join("\n")}\n\nYour verdict:`,
    },
  ];
}

/**
 * Names and values; with a withheld intent the names alone, which is what TRUSTEE's verifier always reads. A value that comes from an
 * earlier result is not known before: a written world returns another one than the blueprint.
 */
function expectedText(task: Brief): string {
  if (task.kind === "decline") return "none; no available tool fits, so the right answer is to call nothing and say so";
  const valued = task.expected.map(({ name, arguments: values }, index) => {
    const links = linksOf(task, index).map((link) => [link.name, `from the result of ${task.expected[link.from]?.name}`]);
    return `${name} ${spacedJson({ ...values, ...Object.fromEntries(links) })}`;
  });
  return (isTold(task, "intent") ? valued : task.expected.map(({ name }) => name)).join(", then ");
}

export interface ReportQuestion {
  readonly messages: ChatMessage[];
  readonly lead: string;
  /** The good answer first. */
  readonly options: readonly [string, string];
}

const system: ChatMessage = {
  role: "system",
  content: "You judge conversations between a user and an assistant that has tools.",
};

/** The transcript comes first and the question last, so that the engine computes the shared part once. */
export function reportQuestions(task: Task, lines: readonly Line[]): ReportQuestion[] {
  const setting = `The user wants: ${task.intent}\n\nConversation:\n${transcriptText(lines)}\n\n`;
  const grade = (question: string, options: readonly [string, string]): ReportQuestion => ({
    messages: [system, { role: "user", content: setting + question }],
    lead: "Grade:",
    options,
  });
  return [
    truthQuestion(task, lines),
    grade("Grade the assistant's last answer: (A) true and complete (B) false or incomplete", [" A", " B"]),
    grade("Grade the assistant's last answer: (A) false or incomplete (B) true and complete", [" B", " A"]),
  ];
}

/** The results, the assistant's last message, and nothing else. */
function truthQuestion(task: Task, lines: readonly Line[]): ReportQuestion {
  const results = transcriptText(lines.filter(({ role }) => role === "result"));
  const said = transcriptText(lines.filter(({ role }) => role === "assistant").slice(-1));
  const content = `The user asked: ${task.firstMessage}\n\n${results}\n\n${said}\n\nDoes the assistant's message agree with what the tools returned? Answer Yes or No.`;
  return { messages: [system, { role: "user", content }], lead: "Answer:", options: [" Yes", " No"] };
}
