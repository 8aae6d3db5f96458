// The record of an episode, turn by turn: the one writer of its messages, whoever plays it (a policy, a demonstration, a talk
// written by hand). It knows what each turn adds to the ids, and to which training sample: where a template is not append-only,
// what it writes anew begins another one.
import type { Sampled } from "../llm/llm.ts";
import type { EpisodeTemplate, WrittenText } from "../llm/text/template.ts";
import type { Message, Refusal, Task, ToolCall } from "../types.ts";

export interface EpisodeRecord {
  readonly messages: readonly Message[];
  /** What the policy sees now. */
  readonly ids: readonly number[];
  /** Sampled plus foreign tokens after the prompt. */
  responseTokens(): number;
  /** A turn of the policy; nobody has answered it yet. */
  sampled(turn: Pick<Sampled, "ids" | "logprobs">, text: string, calls: readonly ToolCall[]): void;
  /** A turn that is given instead. */
  given(text: string, calls: readonly ToolCall[], turnReward: number | null): void;
  /** The last turn's reward, and which of its calls were refused, once the world has answered it. */
  rewarded(turnReward: number, refusals?: readonly (Refusal | null)[]): void;
  /** The results of one turn's calls, cut here before anybody reads them. */
  toolTurn(results: readonly string[]): void;
  userTurn(text: string): void;
}

/** An episode that has begun: its system prompt and first message are written. `toolChars`: most of one tool result. */
export function openEpisode(task: Task, template: EpisodeTemplate, toolChars: number): EpisodeRecord {
  const messages: Message[] = [];
  const ids: number[] = [];
  const written = template.begin();
  let sample = 0;
  const foreign = (role: "system" | "user" | "tool", text: string, added: WrittenText) => {
    if (added.anew) {
      sample++;
      ids.length = 0;
    }
    ids.push(...added.ids);
    messages.push({ role, text, sample, ids: added.ids, logprobs: null, turnReward: null, calls: [] });
  };
  const own = (turn: Pick<Message, "text" | "ids" | "logprobs" | "turnReward" | "calls">) => {
    ids.push(...turn.ids);
    messages.push({ role: "assistant", sample, ...turn });
  };
  foreign("system", task.systemPrompt, written.system(task.systemPrompt, task.tools));
  foreign("user", task.firstMessage, written.user(task.firstMessage));
  const promptLength = ids.length;
  return {
    messages,
    ids,
    responseTokens: () => ids.length - promptLength,
    sampled(turn, text, calls) {
      written.sampled(turn.ids);
      own({ text, ids: turn.ids, logprobs: turn.logprobs, turnReward: null, calls });
    },
    given(text, calls, turnReward) {
      own({ text, ids: written.given(text, calls.length > 0), logprobs: null, turnReward, calls });
    },
    rewarded(turnReward, refusals = []) {
      const turn = messages.pop();
      const marked = turn?.calls.map((call, index) => {
        const refused = refusals[index] ?? null;
        return refused === null ? call : { ...call, refused };
      });
      if (turn) messages.push({ ...turn, turnReward, calls: marked ?? [] });
    },
    toolTurn(results) {
      const texts = results.map((result) => cutMiddle(result, toolChars));
      foreign("tool", texts.join("\n"), written.toolResults(texts));
    },
    userTurn(text) {
      foreign("user", text, written.user(text));
    },
  };
}

/** The head of a long text names what it is, the tail closes it. */
export function cutMiddle(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const half = Math.floor((characters - 5) / 2);
  return `${text.slice(0, half)} ... ${text.slice(text.length - half)}`;
}
