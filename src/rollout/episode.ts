// The record of an episode, turn by turn: the only writer of its messages, for a policy, a demonstration and a hand-written
// conversation alike. It knows which ids each turn adds, and to which training sample: when a template that is not append-only
// rewrites the prompt, a new sample starts.
import type { Sampled } from "../llm/llm.ts";
import { type Instructions, systemPromptUnder } from "../llm/text/system-prompt.ts";
import type { EpisodeTemplate, WrittenText } from "../llm/text/template.ts";
import { hasTrials } from "../llm/text/trial.ts";
import { headOf, tailOf } from "../rules/language/cut.ts";
import type { Message, Phase, Refusal, Task, ToolCall } from "../types.ts";

/** A turn as the policy wrote it, its stop id included in the ids. */
export type OwnTurn = Pick<Message, "text" | "ids">;

/** How an episode is told to the policy. Where trials are a phase, turns and results have one. */
export interface Telling extends Instructions {
  /** Most characters of one tool result. */
  readonly toolChars: number;
}

/** A turn is of the execution unless it is said to be a trial; phases are recorded only where trials are one. */
export interface EpisodeRecord {
  readonly messages: readonly Message[];
  /** What the policy sees now. */
  readonly ids: readonly number[];
  /** Sampled tokens and those of tools and users, after the prompt. */
  responseTokens(): number;
  /** A turn of the policy, not yet answered. */
  sampled(turn: Pick<Sampled, "ids" | "logprobs">, text: string, calls: readonly ToolCall[], phase?: Phase): void;
  /** A turn that is given instead of sampled: a text, or the very ids that the policy wrote before. */
  given(turn: string | OwnTurn, calls: readonly ToolCall[], turnReward: number | null, phase?: Phase): void;
  /** Adds the last turn's reward and which of its calls were refused, after the world has answered. */
  rewarded(turnReward: number, refusals?: readonly (Refusal | null)[]): void;
  /** The results of one turn's calls, in its phase; long ones are shortened here, for all readers. */
  toolTurn(results: readonly string[]): void;
  userTurn(text: string): void;
}

/** A new episode with its system prompt and first message, which come before its phases. */
export function openEpisode(task: Task, template: EpisodeTemplate, { toolChars, ...instructions }: Telling): EpisodeRecord {
  const messages: Message[] = [];
  const ids: number[] = [];
  const written = template.begin();
  let sample = 0;
  const inPhase = (phase: Phase | null) => (phase !== null && hasTrials(instructions.trial) ? { phase } : {});
  const foreign = (role: "system" | "user" | "tool", text: string, added: WrittenText, phase: Phase | null) => {
    if (added.newSample) {
      sample++;
      ids.length = 0;
    }
    ids.push(...added.ids);
    messages.push({ role, text, sample, ids: added.ids, logprobs: null, turnReward: null, calls: [], ...inPhase(phase) });
  };
  const own = (turn: Pick<Message, "text" | "ids" | "logprobs" | "turnReward" | "calls">, phase: Phase = "execution") => {
    ids.push(...turn.ids);
    messages.push({ role: "assistant", sample, ...turn, ...inPhase(phase) });
  };
  const prompt = systemPromptUnder(task.systemPrompt, instructions);
  foreign("system", prompt, written.system(prompt, task.tools), null);
  foreign("user", task.firstMessage, written.user(task.firstMessage), null);
  const promptLength = ids.length;
  return {
    messages,
    ids,
    responseTokens: () => ids.length - promptLength,
    sampled(turn, text, calls, phase) {
      written.sampled(turn.ids);
      own({ text, ids: turn.ids, logprobs: turn.logprobs, turnReward: null, calls }, phase);
    },
    given(turn, calls, turnReward, phase) {
      if (typeof turn !== "string") {
        written.sampled(turn.ids);
        return own({ ...turn, logprobs: null, turnReward, calls }, phase);
      }
      own({ text: turn, ids: written.given(turn, calls.length > 0), logprobs: null, turnReward, calls }, phase);
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
      foreign("tool", texts.join("\n"), written.toolResults(texts), messages.at(-1)?.phase ?? "execution");
    },
    userTurn(text) {
      foreign("user", text, written.user(text), "execution");
    },
  };
}

/** Keeps the head of a long text, which shows what it is, and the tail, which closes it. */
export function cutMiddle(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const half = Math.floor((characters - 5) / 2);
  return `${headOf(text, half)} ... ${tailOf(text, half)}`;
}
