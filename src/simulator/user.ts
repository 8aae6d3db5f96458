// The simulated user, with a table of the ways to play one (config simulator.user). Chosen: the next sentence is picked from the
// blueprint's menu (each held-back detail, thanks, a complaint) by log-odds. Nothing is written, because a small simulator that
// writes speaks in the assistant's voice. Written, as TRUSTEE publishes it: a reason, a reward for the assistant's turn, and the
// next message or the end; if rules find the assistant's voice in the message, the simulator is asked again.
import type { Config } from "../config/config.ts";
import type { ChatMessage } from "../llm/llm.ts";
import { asEnum } from "../llm/text/options.ts";
import { isObject } from "../rules/json.ts";
import { refuses } from "../rules/language/refusal.ts";
import { carriedShare } from "../rules/language/said.ts";
import { namedTool } from "../rules/language/spoken.ts";
import { asksFor } from "../rules/question.ts";
import type { Failure, Json, Line, Task } from "../types.ts";
import { briefed, type Withheld } from "./briefing.ts";
import { complaint, letters, menuPrompt, thanks, userPrompt, userReply } from "./prompts/user.ts";
import { type Checked, promptOver, type Simulator } from "./simulator.ts";

export type UserAnswer =
  | {
      readonly ok: true;
      readonly text: string;
      /** Chosen: a held-back detail, thanks or a complaint. Written: a message, or silence. Thanks and silence end the episode. */
      readonly kind: "detail" | "thanks" | "complaint" | "message" | "silence";
      /** Index into task.heldBack. */
      readonly detail: number | null;
      /** For the assistant's turn, -1, 0 or 1. */
      readonly reward: number;
    }
  | { readonly ok: false; readonly failure: Failure };

/** What the user's next message depends on. */
export interface UserRequest {
  readonly task: Task;
  readonly withhold: readonly Withheld[];
  readonly lines: readonly Line[];
  /** Held-back details that were given already. */
  readonly told: ReadonlySet<number>;
  /** Identify the episode and the turn; a written user's seed derives from them. */
  readonly names: readonly (string | number)[];
}

export const userWays: Readonly<
  Record<Config["simulator"]["user"], (request: UserRequest, simulator: Simulator) => Promise<UserAnswer>>
> = { chosen, written };

type Sentence = Extract<UserAnswer, { ok: true }>;

/**
 * By log-odds where the model gives them, else by what it answers. The odds are calibrated against a conversation in which the assistant has said nothing, so that a preference for a letter does
 * not decide.
 */
async function chosen({ task, withhold, lines, told, names }: UserRequest, simulator: Simulator): Promise<UserAnswer> {
  const brief = briefed(task, withhold);
  const menu = sentences(task, lines, told);
  const [only, ...others] = menu;
  if (only && others.length === 0) return only;
  const options = menu.map((_, index) => ` ${letters[index] ?? "H"}`);
  const texts = menu.map(({ text }) => text);
  if (!simulator.weighs) return picked(menu, { lines, names, prompt: (read) => menuPrompt(brief, read, texts) }, simulator);
  const lead = "Answer:";
  const weighed = (conversation: readonly Line[]) => {
    const messages = promptOver(conversation, simulator, { lead }, (read) => menuPrompt(brief, read, texts));
    return simulator.weigh("user", { messages, lead, options });
  };
  const said = await weighed(lines);
  if (!said.ok) return said;
  const silent = await weighed([...lines.slice(0, 1), { role: "assistant", text: "..." }]);
  if (!silent.ok) return silent;
  const odds = said.value.map((logprob, index) => logprob - (silent.value[index] ?? 0));
  const best = menu[odds.indexOf(Math.max(...odds))];
  const failure = { boundary: "user", code: "invalid_reply", text: "no option has a finite log-probability" } as const;
  return best ?? { ok: false, failure };
}

/** Without log-probs: the letter that the model answers. Nothing corrects a preference for a letter. */
async function picked(
  menu: readonly Sentence[],
  { lines, names, prompt }: Pick<UserRequest, "lines" | "names"> & { prompt: (read: readonly Line[]) => ChatMessage[] },
  simulator: Simulator,
): Promise<UserAnswer> {
  const known = letters.slice(0, menu.length);
  const maxTokens = 40;
  const answer = await simulator.ask<Sentence>({
    role: "user",
    messages: promptOver(lines, simulator, { replyTokens: maxTokens }, (read) => asEnum(prompt(read), known).messages),
    schema: asEnum([], known).schema,
    check: (reply) => {
      const sentence = menu.find((_, index) => isObject(reply) && reply.answer === known[index]);
      return sentence === undefined ? { reason: "no letter of the menu" } : { value: sentence };
    },
    seedNames: [...names, "user"],
    maxTokens,
    temperature: 0,
  });
  return answer.ok ? answer.value : answer;
}

/**
 * What the person can say: the remaining details, thanks and a complaint; the details that were just asked for by name alone, if there
 * are any. No thanks before any result was reported, no complaint after all of them were. A turn earns 1 if it draws out a detail or
 * ends in thanks for everything.
 */
function sentences(task: Task, lines: readonly Line[], told: ReadonlySet<number>): Sentence[] {
  const details = task.heldBack.flatMap(({ sentence }, detail): Sentence[] =>
    told.has(detail) ? [] : [{ ok: true, text: sentence, kind: "detail", detail, reward: 1 }],
  );
  const last = lines.at(-1);
  const turn = { text: last?.role === "assistant" ? last.text : "", calls: [] }; // an empty turn is no line
  const asked = details.filter(({ detail }) => task.heldBack.some((held, at) => at === detail && asksFor(turn, held)));
  if (asked.length > 0) return asked;
  const all = hasHeard(task, lines, "all");
  const ends: readonly Sentence[] = [
    ...(hasHeard(task, lines, "nothing")
      ? []
      : [{ ok: true, text: thanks, kind: "thanks", detail: null, reward: all ? 1 : 0 } as const]),
    ...(all ? [] : [{ ok: true, text: complaint, kind: "complaint", detail: null, reward: -1 } as const]),
  ];
  return [...details.slice(0, letters.length - 2), ...ends];
}

/**
 * Whether the assistant has said all that the person waits for, or nothing of it: the results' values, or a refusal. Neither is
 * known if the results have no values to listen for, or in a decline task before it was declined.
 */
function hasHeard(task: Task, lines: readonly Line[], what: "all" | "nothing"): boolean {
  const spoken = lines.filter(({ role }) => role === "assistant").map(({ text }) => text);
  const declined = refuses(spoken.at(-1) ?? "");
  if (task.kind === "decline") return what === "all" && declined;
  const results = heardResults(task);
  if (carriedShare("", results) > 0) return false; // no values to listen for
  const share = carriedShare(spoken.join("\n"), results);
  return what === "all" ? share === 1 : share === 0 && !declined;
}

/** The results that the person waits for. On a table a later result says what has become of an earlier one. */
function heardResults({ table, expected }: Task): Json {
  const results = expected.map(({ result }) => result);
  return table !== undefined && results.every(isObject) ? Object.assign({}, ...results) : results;
}

async function written({ task, withhold, lines, names }: UserRequest, simulator: Simulator): Promise<UserAnswer> {
  const brief = briefed(task, withhold);
  const maxTokens = 260;
  const answer = await simulator.ask<Sentence>({
    role: "user",
    messages: promptOver(lines, simulator, { replyTokens: maxTokens }, (read) => userPrompt(brief, read)),
    schema: userReply,
    check: (reply) => checkedTurn(reply as Reply, task, lines), // the schema was checked by ask
    seedNames: [...names, "user"],
    maxTokens,
    temperature: 0.6,
  });
  return answer.ok ? answer.value : answer;
}

type Reply = { readonly [key: string]: Json } & { readonly reward: number; readonly done: boolean; readonly message: string };

function checkedTurn({ reward, done, message }: Reply, task: Task, lines: readonly Line[]): Checked<Sentence> {
  const text = message.trim();
  if (done || text === "") return { value: { ok: true, kind: "silence", text: "", detail: null, reward } };
  const fault = outOfCharacter(text, task, lines);
  if (fault !== null) return { reason: `the user's message ${fault}: ${text}` };
  return { value: { ok: true, kind: "message", text, detail: null, reward } };
}

/** Phrases of assistants, which people who ask for something do not use. */
const assistantVoice = [
  /\bas an? (AI|assistant|language model)\b/i,
  /\b(help|assist) you\b/i,
  /\bI can (help|assist)\b/i,
  /\banything else (I can|you (need|want|would like))\b/i,
  /\b(let me|I'll|I will|I've|I have|I can) [^.?!]*\bfor you\b/i,
  /\byour (request|order|booking|reservation) (has been|was|is) (confirmed|booked|placed|processed|completed|made)\b/i,
];

/** Why a person who asks for something would not say this; null if they might. */
export function outOfCharacter(text: string, task: Task, lines: readonly Line[]): string | null {
  if (/^(user|assistant|person|tool)\s*:/i.test(text)) return "begins with a speaker's name";
  if (/<\/?tool_(call|response)>|"arguments"\s*:/.test(text)) return "contains a call";
  const named = namedTool(text, task.tools);
  if (named !== null) return `names the tool ${named}`;
  if (assistantVoice.some((phrase) => phrase.test(text))) return "speaks as the assistant";
  const heard = lines.findLast(({ role }) => role === "assistant");
  return heard?.text.trim() === text ? "repeats the assistant's message" : null;
}
