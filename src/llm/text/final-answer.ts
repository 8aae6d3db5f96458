// The final answer by which a policy ends an episode (config rollout.ends=answer), between two tags of ordinary text. The one place
// that knows the tags: the sentence of the system prompt, the writer and the reader.

/** What the system prompt says of it; it is appended to the task's own. */
const answerRule =
  "When you are done, or cannot do what was asked, give your final answer to the user between <answer> and </answer>. Until then, text without a call is a message to the user, who replies.";

/** A system prompt under which the policy ends the episode. */
export function promptForAnswer(systemPrompt: string): string {
  return `${systemPrompt}\n\n${answerRule}`;
}

export function finalAnswer(text: string): string {
  return `<answer>${text}</answer>`;
}

/** What a turn without calls says as its final answer; null if it has none, or one that is never closed. */
export function readFinalAnswer(text: string): string | null {
  return /<answer>([\s\S]*?)<\/answer>/.exec(text)?.[1]?.trim() ?? null;
}
