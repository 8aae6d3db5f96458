// The second prompt of a written task set: the task as the person puts it to the assistant, in one sentence that gives little away,
// and what the person keeps in mind meanwhile. An instruction that spells the workflow out makes all episodes of a group alike, and
// nothing is learnt from it (SynthAgent, arXiv 2601.22511).
import type { ChatMessage } from "../../llm/llm.ts";

const role = `You turn a task into what a person really says, and what the person leaves unsaid. You answer with JSON only:
message: the person's first message to the assistant, one short sentence in the first person. It says what the matter is about and leaves the details out. It names no tool, no field and no order of steps.
background: what the person knows and tells only when asked, in three to eight sentences in the third person. It holds every detail of the task that the message leaves out: all names, dates, numbers, wishes and limits, word for word. It names no tool either.

For example, for the task "Mara Lind wants a table for 6 at a vegetarian restaurant in Ghent on 2027-05-14 at 19:00, for at most 40 euros a person":
{"message":"I need somewhere to eat with my friends in May.","background":"The person is Mara Lind. She is looking for a vegetarian restaurant in Ghent. The dinner is on 2027-05-14 at 19:00. They will be 6. It may cost at most 40 euros a person."}`;

export function fuzzyPrompt({ persona, task }: { readonly persona: string; readonly task: string }): ChatMessage[] {
  return [
    { role: "system", content: role },
    { role: "user", content: `The person: ${persona}\nThe task: ${task}` },
  ];
}
