// One episode: the state machine of TRUSTEE (generate -> tool turn | user turn -> generate …) over exact token ids. It
// judges nothing (see reward/judge.ts). Departs from TRUSTEE: limits count exactly (what would exceed one is never begun),
// a malformed call is not "a tool was used", parallel calls are answered in order, and a turn is on the record as soon as it
// is sampled, so that whoever judges reads the last one too, whatever ended the talk.

import { type ChatModel, EngineError, type Policy, type Vocabulary } from "../llm/llm.ts";
import type { EpisodeTemplate, WrittenText } from "../llm/text/template.ts";
import { type Dialect, type ParsedCalls, parseToolCalls } from "../llm/text/tool-call.ts";
import { seedFrom } from "../rng.ts";
import type { Fact } from "../rules/journal.ts";
import { spacedJson } from "../rules/json.ts";
import type { Patience } from "../simulator/ask.ts";
import { briefed, type Withheld } from "../simulator/briefing.ts";
import { endsCut, linesOf } from "../simulator/lines.ts";
import { answerCall, cutMiddle } from "../simulator/tool.ts";
import { count, counted, newTally } from "../simulator/usage.ts";
import { nextSentence } from "../simulator/user.ts";
import { writtenResult } from "../simulator/written-tool.ts";
import { writtenTurn } from "../simulator/written-user.ts";
import type { Episode, Failure, Line, MadeCall, Message, Refusal, Status, StopReason, Task, ToolCall } from "../types.ts";

/** What an episode runs in. */
export interface Scene {
  readonly policy: Policy;
  readonly vocabulary: Vocabulary;
  readonly template: EpisodeTemplate;
  readonly dialect: Dialect;
  readonly simulator: ChatModel;
  readonly patience: Patience;
  readonly temperature: number;
  /** Longest time of one turn of the policy, from when it has a sequence. */
  readonly turnMs: number;
  readonly parallelCalls: number;
  readonly toolChars: number;
  /** How the user speaks and tools answer (config simulator.user, simulator.tools). */
  readonly user: "written" | "chosen";
  readonly tools: "written" | "blueprint";
  /** What the simulated user and tools are not told about the task. */
  readonly withhold: readonly Withheld[];
  readonly signal?: AbortSignal | undefined;
}

type Ending = { readonly status: Status; readonly stopReason: StopReason; readonly failure: Failure | null };
const terminated = (stopReason: StopReason): Ending => ({ status: "terminated", stopReason, failure: null });
const truncated = (stopReason: StopReason): Ending => ({ status: "truncated", stopReason, failure: null });
const aborted = (stopReason: StopReason, failure: Failure): Ending => ({ status: "aborted", stopReason, failure });

/** Runs one episode of `task`. Every draw's seed derives from `names` (run, step, task, sample). Throws only when cancelled. */
export async function rollOut(task: Task, sample: number, names: readonly (string | number)[], stage: Scene): Promise<Episode> {
  const started = performance.now();
  const tally = newTally();
  const refused: Record<string, number> = {};
  const scene = { ...stage, patience: { ...stage.patience, tally } };
  const messages: Message[] = [];
  const journal: Fact[] = [];
  const told = new Set<number>();
  const ids: number[] = [];
  const turns = { assistant: 0, tool: 0, user: 0 };
  const { template, vocabulary, simulator, patience, signal } = scene;
  const brief = briefed(task, scene.withhold);
  const written = template.begin();
  /** The training sample that is being written. */
  let current = 0;
  const foreign = (role: "system" | "user" | "tool", text: string, added: WrittenText) => {
    if (added.anew) {
      current++;
      ids.length = 0;
    }
    messages.push({ role, text, sample: current, ids: added.ids, logprobs: null, turnReward: null, calls: [] });
    ids.push(...added.ids);
  };
  /** The last turn's reward, and which of its calls were refused, once the world has answered it. */
  const rewarded = (turnReward: number, refusals: readonly (Refusal | null)[] = []) => {
    const turn = messages.pop();
    const marked = ({ calls }: Message) => calls.map((call, index) => withRefusal(call, refusals[index] ?? null));
    if (turn) messages.push({ ...turn, turnReward, calls: marked(turn) });
  };
  foreign("system", task.systemPrompt, written.system(task.systemPrompt, task.tools));
  foreign("user", task.firstMessage, written.user(task.firstMessage));
  const promptLength = ids.length;

  const run = async (): Promise<Ending> => {
    for (;;) {
      if (turns.assistant === task.limits.assistantTurns) return truncated("max_assistant_turns");
      const room = task.limits.responseTokens - (ids.length - promptLength);
      if (room <= 0) return truncated("response_length");
      const sampled = await scene.policy.sample({
        ids: [...ids],
        seed: seedFrom(...names, "policy", turns.assistant),
        temperature: scene.temperature,
        maxTokens: Math.min(room, task.limits.tokensPerTurn),
        stop: template.stop,
        deadlineMs: scene.turnMs,
        signal,
      });
      turns.assistant++;
      ids.push(...sampled.ids);
      written.sampled(sampled.ids);
      const text = template.lead + vocabulary.decode(sampled.end === "stop" ? sampled.ids.slice(0, -1) : sampled.ids);
      const parsed = parseToolCalls(text, scene.dialect);
      messages.push({
        role: "assistant",
        text,
        sample: current,
        ids: sampled.ids,
        logprobs: sampled.logprobs,
        turnReward: null,
        calls: parsed.calls,
      });
      if (sampled.end !== "stop") {
        const length = room <= task.limits.tokensPerTurn ? "response_length" : "turn_length";
        return truncated(({ length, context_full: "context_full", deadline: "turn_deadline" } as const)[sampled.end]);
      }

      const lines = linesOf(messages, scene.dialect);
      if (parsed.calls.length + parsed.errors.length > 0) {
        if (turns.tool === task.limits.toolTurns) return truncated("max_tool_turns");
        turns.tool++;
        const answers = await answerTurn(parsed, task, journal, lines, scene);
        for (const refusal of answers.refusals)
          if (refusal !== null) refused[`refused/${refusal}`] = (refused[`refused/${refusal}`] ?? 0) + 1;
        if (!answers.ok) return aborted("simulator_failed", answers.failure);
        rewarded(answers.reward, answers.refusals);
        foreign("tool", answers.texts.join("\n"), written.toolResults(answers.texts));
        continue;
      }

      if (turns.user === task.limits.userReplies) return terminated("answered");
      turns.user++;
      const next =
        scene.user === "written"
          ? await writtenTurn(brief, lines, simulator, patience, [...names, turns.user], signal)
          : await nextSentence(brief, lines, told, simulator, patience, signal);
      if (!next.ok) return aborted("simulator_failed", next.failure);
      rewarded(next.reward);
      if (next.kind === "thanks" || next.kind === "silence") return terminated("user_done");
      if (next.detail !== null) told.add(next.detail);
      foreign("user", next.text, written.user(next.text));
    }
  };

  const ending = await run().catch((error: unknown): Ending => {
    if (!(error instanceof EngineError) || error.code === "cancelled" || error.code === "closed") throw error;
    if (error.code === "context_full") return truncated("context_full");
    return aborted("engine_failed", {
      boundary: "engine",
      code: error.code === "deadline" ? "deadline" : "error",
      text: error.message,
    });
  });
  const seconds = (performance.now() - started) / 1000;
  if (stage.patience.tally) count(stage.patience.tally, tally);
  return {
    lines: linesOf(messages, scene.dialect, endsCut({ ...ending, messages })),
    trajectory: {
      task,
      sample,
      policyVersion: scene.policy.version,
      seed: seedFrom(...names),
      messages,
      ...ending,
      verdict: null,
      seconds,
      counts: { ...counted(tally), ...refused },
    },
  };
}

function withRefusal(call: ToolCall, refused: Refusal | null): MadeCall {
  return refused === null ? call : { ...call, refused };
}

/** `refusals`: one for each call that was met, then for what could not be parsed. */
type TurnAnswers = { readonly refusals: readonly (Refusal | null)[] } & (
  | { readonly ok: true; readonly texts: readonly string[]; readonly reward: number }
  | { readonly ok: false; readonly failure: Failure }
);

/**
 * Answers the calls of one turn in order, then names what could not be parsed; the turn's reward is the mean.
 * Results are cut here, before anybody reads them.
 */
async function answerTurn(
  parsed: ParsedCalls,
  task: Task,
  journal: Fact[],
  lines: readonly Line[],
  scene: Scene,
): Promise<TurnAnswers> {
  const texts: string[] = [];
  const rewards: number[] = [];
  const refusals: (Refusal | null)[] = [];
  const heard = (result: string, reward: number, refusal?: Refusal) => {
    texts.push(cutMiddle(result, scene.toolChars));
    rewards.push(reward);
    refusals.push(refusal ?? null);
  };
  for (const [index, call] of parsed.calls.entries()) {
    if (index >= scene.parallelCalls) {
      heard(`{"error": "at most ${scene.parallelCalls} calls a turn"}`, -1, "too_many");
      continue;
    }
    const { simulator, patience, signal } = scene;
    const answer =
      scene.tools === "written"
        ? await writtenResult(call, briefed(task, scene.withhold), lines, journal, simulator, patience, signal)
        : await answerCall(call, task, lines, journal, simulator, patience, signal);
    if (!answer.ok) return { ...answer, refusals };
    if (answer.fact) journal.push(answer.fact);
    heard(answer.text, answer.reward, answer.refused);
  }
  for (const error of parsed.errors)
    heard(spacedJson({ error: `the call could not be parsed: ${error.reason}` }), -1, "malformed");
  return { ok: true, texts, reward: rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length, refusals };
}
