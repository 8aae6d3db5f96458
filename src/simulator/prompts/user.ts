// The prompts of the user: the menu of one who chooses, and of one who writes, who the person is and wants first, which never
// changes in an episode, the talk last, so that the engine computes the rest once. Departs from TRUSTEE, whose user reads calls
// and results too: a person hears what is said aloud, and cannot name a tool that was never shown.
import type { ChatMessage } from "../../llm/llm.ts";
import type { JsonSchema, Line, Task } from "../../types.ts";
import { type Brief, isTold } from "../briefing.ts";
import { transcriptText } from "./transcript.ts";

/** What a choosing user can always say beside the task's held-back sentences. */
export const thanks = "Thanks, that is all I needed.";
export const complaint = "That is not what I asked for. Please do what I asked.";

/** Of a menu's options, in order. */
export const letters = ["A", "B", "C", "D", "E", "F", "G", "H"] as const;

export function menuPrompt(task: Task, lines: readonly Line[], menu: readonly string[]): ChatMessage[] {
  const listed = menu.map((sentence, index) => `(${letters[index]}) ${sentence}`).join("\n");
  return [
    {
      role: "system",
      content: "You decide what the user of an assistant says next. A detail is said only when the assistant asks for it.",
    },
    {
      role: "user",
      content: `The user wants: ${task.intent}\n\nConversation:\n${transcriptText(lines)}\n\nWhat does the user say next?\n${listed}`,
    },
  ];
}

/** Reason first: a reward that is written before its reason is a guess. */
export const userReply: JsonSchema = {
  type: "object",
  properties: {
    reason: { type: "string", minLength: 3, maxLength: 240 },
    reward: { type: "integer", enum: [-1, 0, 1] },
    done: { type: "boolean" },
    message: { type: "string", maxLength: 320 },
  },
  required: ["reason", "reward", "done", "message"],
};

const role = `You play a person who talks to an assistant. Stay that person: you want something done and the assistant does it. You offer no help, look nothing up, report no results and know no names of tools.
Answer with JSON:
reason: one sentence on what the assistant's last turn did for the person
reward: 1 if that turn helped, 0 if it neither helped nor harmed, -1 if it was wrong, made up or useless
done: true when the person has what they want, or sees that they will not get it
message: the person's own words to the assistant, one or two sentences; empty when done

For example, where the person wants a cake with a name on it, for 6 guests:
the assistant asks how large it shall be: {"reason":"It asked for what it needs.","reward":1,"done":false,"message":"We will be 6."}
the assistant tells how bread is baked: {"reason":"That is bread, the person wants a cake.","reward":-1,"done":false,"message":"I asked for a cake, not for bread."}
the assistant says that all is done and tells nothing: {"reason":"The person was told of no cake.","reward":-1,"done":false,"message":"What about my cake?"}
the assistant says that the cake K7 comes at 15:00: {"reason":"The person has the cake.","reward":1,"done":true,"message":""}
the assistant says that it cannot order cakes: {"reason":"The person will not get it here.","reward":0,"done":true,"message":""}`;

/** What a level's personas know; a persona that was written in words speaks for itself. */
const personas: Readonly<Record<string, string>> = {
  expert: "knows the matter well, uses its terms and is brief",
  beginner: "has done this once or twice and adds a little background",
  novice: "is new to all this, uses plain words and is easily unsure",
};

/** By Task.expectedTurns. */
const lengths = [
  "short. Say everything that is asked for at once, and end as soon as it is done.",
  "medium. Give one missing detail in a message, and ask back where an answer is unclear.",
  "long. Give one missing detail in a message, and ask one more question about the result before you end.",
] as const;

/** What the person knows, then what was said so far. */
export function userPrompt(task: Brief, lines: readonly Line[]): ChatMessage[] {
  const known = [
    ...(task.persona === "" ? [] : [`The person: ${personas[task.persona] ?? task.persona}.`]),
    `The person wants: ${task.intent}`,
    ...(task.heldBack.length > 0 && isTold(task, "intent")
      ? [`Known to the person, and said only when the assistant asks: ${task.heldBack.map((held) => held.sentence).join(" ")}`]
      : []),
    `The talk is ${lengths[task.expectedTurns] ?? lengths[0]}`,
  ];
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: `${known.join("\n")}\n\nSaid so far:\n${transcriptText(saidAloud(lines))}\n\nAnswer for the person, with JSON.`,
    },
  ];
}

/** What a person hears; an assistant that has said nothing since the last message is heard to be silent. */
function saidAloud(lines: readonly Line[]): Line[] {
  const said = lines.filter(({ role }) => role === "user" || role === "assistant");
  return said.at(-1)?.role === "assistant" ? said : [...said, { role: "assistant", text: "..." }];
}
