// The user who writes, as TRUSTEE publishes it: after each text of the assistant a reason, a reward for that turn and the
// next message, or the end. Rules hold the message to a person's voice, and it is asked for again where it leaves it. For
// simulators that write well; a small one speaks as the assistant (design, section 10) and chooses instead (user.ts).
import type { ChatModel } from "../llm/llm.ts";
import type { Json, Line, Task } from "../types.ts";
import { ask, type Patience, promptOver } from "./ask.ts";
import { userPrompt, userReply } from "./prompts/user.ts";
import type { UserAnswer } from "./user.ts";

const replyTokens = 260;

interface Turn {
  readonly kind: "message" | "silence";
  readonly text: string;
  /** -1, 0 or 1, for the assistant's turn. */
  readonly reward: number;
}

/**
 * The user's next message; `silence` ends the talk.
 * @param task as the user is told of it (briefing.ts)
 * @param names of the episode and the turn: the draw's seed derives from them
 */
export async function writtenTurn(
  task: Task,
  lines: readonly Line[],
  simulator: ChatModel,
  patience: Patience,
  names: readonly (string | number)[],
  signal?: AbortSignal,
): Promise<UserAnswer> {
  const answer = await ask<Turn>(
    simulator,
    {
      role: "user",
      messages: promptOver(lines, simulator, { replyTokens }, (read) => userPrompt(task, read)),
      schema: userReply,
      check: (reply) => checkedTurn(reply as Reply, task, lines), // the schema was checked by ask
      seedNames: [...names, "user"],
      maxTokens: replyTokens,
      temperature: 0.6,
    },
    patience,
    signal,
  );
  return answer.ok ? { ok: true, ...answer.value, detail: null } : answer;
}

type Reply = { readonly [key: string]: Json } & { readonly reward: number; readonly done: boolean; readonly message: string };

function checkedTurn(reply: Reply, task: Task, lines: readonly Line[]): { value: Turn } | { reason: string } {
  const { reward } = reply;
  const text = reply.message.trim();
  if (reply.done || text === "") return { value: { kind: "silence", text: "", reward } };
  const fault = outOfCharacter(text, task, lines);
  return fault === null ? { value: { kind: "message", text, reward } } : { reason: `the user's message ${fault}: ${text}` };
}

/** What assistants say and those who ask for something do not. */
const assistantVoice = [
  /\bas an? (AI|assistant|language model)\b/i,
  /\b(help|assist) you\b/i,
  /\bI can (help|assist)\b/i,
  /\banything else (I can|you (need|want|would like))\b/i,
  /\b(let me|I'll|I will|I've|I have|I can) [^.?!]*\bfor you\b/i,
  /\byour (request|order|booking|reservation) (has been|was|is) (confirmed|booked|placed|processed|completed|made)\b/i,
];

/** Why no person in need of an assistant would say this; null where one might. */
export function outOfCharacter(text: string, task: Task, lines: readonly Line[]): string | null {
  if (/^(user|assistant|person|tool)\s*:/i.test(text)) return "begins with a speaker's name";
  if (/<\/?tool_(call|response)>|"arguments"\s*:/.test(text)) return "holds a call";
  // "weather" is a word, "get_weather" is the name of a tool
  const named = task.tools.find(({ name }) => /[_.]|[a-z][A-Z]/.test(name) && text.toLowerCase().includes(name.toLowerCase()));
  if (named !== undefined) return `names the tool ${named.name}`;
  if (assistantVoice.some((phrase) => phrase.test(text))) return "speaks as the assistant";
  const heard = lines.findLast(({ role }) => role === "assistant");
  return heard?.text.trim() === text ? "repeats the assistant's" : null;
}
