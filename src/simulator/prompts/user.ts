// The prompts of the user: the menu for a choosing user; and for a writing user, first who the person is and what they want,
// which is constant in an episode, then the conversation, so that the engine computes the first part once. Departs from TRUSTEE,
// whose user also reads calls and results: a person hears only what is said, and cannot name a tool that was never shown.
import type { ChatMessage } from "../../llm/llm.ts";
import type { JsonSchema, Line, Task } from "../../types.ts";
import { type Brief, isTold } from "../briefing.ts";
import { transcriptText } from "./transcript.ts";

/** What a choosing user can say besides the task's held-back sentences. */
export const thanks = "Thanks, that is all I needed.";
/** What a writing user who has nothing to say tells a policy that is to end the episode. */
export const nothingMore = "That is all from me.";
export const complaint = "That is not what I asked for. Please do what I asked.";

/** The letters of a menu's options, in order. */
export const letters = ["A", "B", "C", "D", "E", "F", "G", "H"] as const;

export function menuPrompt(task: Task, lines: readonly Line[], menu: readonly string[]): ChatMessage[] {
  const listed = menu.map((sentence, index) => `(${letters[index]}) ${sentence}`).join("\n");
  return [
    {
      role: "system",
      content: "You decide what the user says next to an assistant. The user gives a detail only when the assistant asks for it.",
    },
    {
      role: "user",
      content: `The user wants: ${task.intent}\n\nConversation:\n${transcriptText(lines)}\n\nWhat does the user say next?\n${listed}`,
    },
  ];
}

/** Reason first: a reward written before its reason is a guess. */
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

const role = `You play a person who is talking to an assistant. Stay in character: you want something done, and the assistant does it for you. You do not offer help, look things up or report results, and you do not know the names of any tools.
Answer with JSON:
reason: one sentence about what the assistant's last turn did for the person
reward: 1 if that turn helped, 0 if it neither helped nor harmed, -1 if it was wrong, made up or useless
done: true if the person has what they want, or sees that they will not get it
message: what the person says to the assistant, in one or two sentences; empty if done

For example, if the person wants a cake with a name on it for 6 guests:
the assistant asks what size it should be: {"reason":"It asked for a detail that it needs.","reward":1,"done":false,"message":"There will be 6 of us."}
the assistant explains how to bake bread: {"reason":"That is about bread, but the person wants a cake.","reward":-1,"done":false,"message":"I asked for a cake, not for bread."}
the assistant says that everything is done, without any details: {"reason":"The assistant said nothing about the cake.","reward":-1,"done":false,"message":"What about my cake?"}
the assistant says that the cake K7 will arrive at 15:00: {"reason":"The person has the cake.","reward":1,"done":true,"message":""}
the assistant says that it cannot order cakes: {"reason":"The person will not get a cake here.","reward":0,"done":true,"message":""}`;

/** What each persona of a level knows; a persona written by the simulator is used as it is. */
const personas: Readonly<Record<string, string>> = {
  expert: "knows the subject well, uses its terms and is brief",
  beginner: "has done this once or twice and adds a little background",
  novice: "is new to this, uses simple words and is often unsure",
};

/** By Task.expectedTurns. */
const lengths = [
  "short. Give all the details that the assistant asks for at once, and end as soon as the task is done.",
  "medium. Give one missing detail per message, and ask a question if an answer is unclear.",
  "long. Give one missing detail per message, and ask one more question about the result before you end.",
] as const;

/** Of a person with a background (SynthAgent, arXiv 2601.22511), in place of a length. */
const bitByBit =
  "as long as the assistant asks. The person says one short sentence at a time, which answers what the assistant has just asked and gives only the small part of the background that it needs; never all of it at once, never how the assistant should go about it, and nothing that the background does not say.";

/** What the person knows, then the conversation so far. */
export function userPrompt(task: Brief, lines: readonly Line[]): ChatMessage[] {
  const { background } = task;
  const bit = background !== undefined && isTold(task, "intent");
  const known = [
    ...(task.persona === "" ? [] : [`The person: ${personas[task.persona] ?? task.persona}.`]),
    `The person wants: ${task.intent}`,
    ...(bit ? [`Background that the person alone knows: ${background}`] : []),
    ...(task.heldBack.length > 0 && isTold(task, "intent")
      ? [`Details that the person gives only when the assistant asks: ${task.heldBack.map((held) => held.sentence).join(" ")}`]
      : []),
    `The conversation is ${bit ? bitByBit : (lengths[task.expectedTurns] ?? lengths[0])}`,
  ];
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: `${known.join("\n")}\n\nConversation so far:\n${transcriptText(saidAloud(lines))}\n\nAnswer as the person, with JSON.`,
    },
  ];
}

/** What the person hears; an assistant that has said nothing since the last message appears as "...". */
function saidAloud(lines: readonly Line[]): Line[] {
  const said = lines.filter(({ role }) => role === "user" || role === "assistant");
  return said.at(-1)?.role === "assistant" ? said : [...said, { role: "assistant", text: "..." }];
}
