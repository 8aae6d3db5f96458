// The prompt that reads a teacher's solution: which sub-goals of the task it has reached.
import type { ChatMessage } from "../../llm/llm.ts";
import type { Line } from "../../types.ts";
import { transcriptText } from "./transcript.ts";

const role = `You check how far an assistant has come with a task. Calls and their results are evidence; what the assistant says about itself is not.
Answer with JSON, for each sub-goal in the given order:
reason: one short sentence that names the call or the words
done: true if the conversation shows that it was reached, otherwise false`;

export function coveragePrompt(task: string, subGoals: readonly string[], lines: readonly Line[]): ChatMessage[] {
  const goals = subGoals.map((goal, index) => `${index + 1}. ${goal}`).join("\n");
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: `The task: ${task}\n\nConversation:\n${transcriptText(lines)}\n\nSub-goals:\n${goals}`,
    },
  ];
}
