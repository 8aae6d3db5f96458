// One episode: the state machine of TRUSTEE (generate -> tool turn | user turn -> generate …) over exact token ids. It
// judges nothing (see rollout/judge.ts). Departs from TRUSTEE: limits count exactly (the turn that would exceed one is
// never begun), a malformed call is not "a tool was used", parallel calls are answered in order, and the last assistant
// message belongs to the transcript.
import { spacedJson } from "../json-text.ts";
import { type ChatModel, EngineError, type Policy, type Vocabulary } from "../llm/llm.ts";
import type { EpisodeTemplate, Written } from "../llm/template.ts";
import { seedFrom } from "../rng.ts";
import type { Patience } from "../simulator/ask.ts";
import { briefed, type Withheld } from "../simulator/briefing.ts";
import type { Line } from "../simulator/prompts/transcript.ts";
import { count, counted, newTally } from "../simulator/tally.ts";
import { answerCall, cutMiddle } from "../simulator/tool.ts";
import { nextSentence } from "../simulator/user.ts";
import { writtenResult } from "../simulator/written-tool.ts";
import { writtenTurn } from "../simulator/written-user.ts";
import type { Failure, MadeCall, Message, Refusal, Status, StopReason, Task, ToolCall, Trajectory } from "../types.ts";
import type { Fact } from "./journal.ts";
import { type Dialect, type ParsedCalls, parseToolCalls } from "./tool-call.ts";

/** What an episode runs in. */
export interface Scene {
  readonly policy: Policy;
  readonly vocabulary: Vocabulary;
  readonly template: EpisodeTemplate;
  readonly dialect: Dialect;
  readonly simulator: ChatModel;
  readonly patience: Patience;
  readonly temperature: number;
  readonly parallelCalls: number;
  readonly toolChars: number;
  /** How the user speaks and tools answer (config simulator.user, simulator.tools). */
  readonly user: "written" | "chosen";
  readonly tools: "written" | "blueprint";
  /** What the simulated user and tools are not told about the task. */
  readonly withhold: readonly Withheld[];
  readonly signal?: AbortSignal | undefined;
}

/** A finished episode before its verdict, and what the judge reads. */
export interface Episode {
  readonly trajectory: Trajectory;
  readonly lines: readonly Line[];
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
  const lines: Line[] = [];
  const journal: Fact[] = [];
  const told = new Set<number>();
  const ids: number[] = [];
  const turns = { assistant: 0, tool: 0, user: 1 };
  const { template, vocabulary, simulator, patience, signal } = scene;
  const brief = briefed(task, scene.withhold);
  const written = template.begin();
  /** The training sample that is being written. */
  let current = 0;
  const foreign = (role: "system" | "user" | "tool", text: string, added: Written) => {
    if (added.anew) {
      current++;
      ids.length = 0;
    }
    messages.push({ role, text, sample: current, ids: added.ids, logprobs: null, turnReward: null, calls: [] });
    ids.push(...added.ids);
  };
  foreign("system", task.systemPrompt, written.system(task.systemPrompt, task.tools));
  foreign("user", task.firstMessage, written.user(task.firstMessage));
  lines.push({ role: "user", text: task.firstMessage });
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
        deadlineMs: scene.patience.deadlineMs * 5,
        signal: scene.signal,
      });
      turns.assistant++;
      ids.push(...sampled.ids);
      written.sampled(sampled.ids);
      const text = template.lead + vocabulary.decode(sampled.end === "stop" ? sampled.ids.slice(0, -1) : sampled.ids);
      const parsed = parseToolCalls(text, scene.dialect);
      const spoke = (turnReward: number | null, calls: readonly MadeCall[] = parsed.calls.map(unanswered)) =>
        messages.push({
          role: "assistant",
          text,
          sample: current,
          ids: sampled.ids,
          logprobs: sampled.logprobs,
          turnReward,
          calls,
        });
      if (sampled.end !== "stop") {
        spoke(null);
        if (sampled.end === "context_full") return truncated("context_full");
        return truncated(room <= task.limits.tokensPerTurn ? "response_length" : "turn_length");
      }
      if (parsed.rest !== "") lines.push({ role: "assistant", text: parsed.rest });

      if (parsed.calls.length + parsed.errors.length > 0) {
        if (turns.tool === task.limits.toolTurns) {
          spoke(null);
          return truncated("max_tool_turns");
        }
        turns.tool++;
        const answers = await answerTurn(parsed, task, journal, lines, scene);
        for (const refusal of answers.refused) refused[`refused/${refusal}`] = (refused[`refused/${refusal}`] ?? 0) + 1;
        if (!answers.ok) {
          spoke(null);
          return aborted("simulator_failed", answers.failure);
        }
        spoke(answers.reward, answers.calls);
        const results = answers.texts.map((result) => cutMiddle(result, scene.toolChars));
        foreign("tool", results.join("\n"), written.toolResults(results));
        continue;
      }

      if (turns.user === task.limits.userTurns) {
        spoke(null);
        return terminated("answered");
      }
      turns.user++;
      const next =
        scene.user === "written"
          ? await writtenTurn(brief, lines, simulator, patience, [...names, turns.user], signal)
          : await nextSentence(brief, lines, told, simulator, patience, signal);
      spoke(next.ok ? next.reward : null);
      if (!next.ok) return aborted("simulator_failed", next.failure);
      if (next.kind === "thanks" || next.kind === "silence") return terminated("user_done");
      if (next.detail !== null) told.add(next.detail);
      lines.push({ role: "user", text: next.text });
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
    lines,
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

type TurnAnswers = { readonly refused: readonly Refusal[] } & (
  | { readonly ok: true; readonly texts: readonly string[]; readonly reward: number; readonly calls: readonly MadeCall[] }
  | { readonly ok: false; readonly failure: Failure }
);

/** Answers the calls of one turn in order, then names what could not be parsed; the turn's reward is the mean. */
async function answerTurn(parsed: ParsedCalls, task: Task, journal: Fact[], lines: Line[], scene: Scene): Promise<TurnAnswers> {
  const texts: string[] = [];
  const rewards: number[] = [];
  const refused: Refusal[] = [];
  const calls: MadeCall[] = [];
  const heard = (call: string, result: string, reward: number, refusal?: Refusal) => {
    lines.push({ role: "call", text: call }, { role: "result", text: result });
    texts.push(result);
    rewards.push(reward);
    if (refusal) refused.push(refusal);
  };
  for (const [index, call] of parsed.calls.entries()) {
    if (index >= scene.parallelCalls) {
      heard(callText(call), `{"error": "at most ${scene.parallelCalls} calls a turn"}`, -1, "too_many");
      calls.push({ ...call, refused: "too_many" });
      continue;
    }
    const { simulator, patience, signal } = scene;
    const answer =
      scene.tools === "written"
        ? await writtenResult(call, briefed(task, scene.withhold), lines, journal, simulator, patience, signal)
        : await answerCall(call, task, lines, journal, simulator, patience, signal);
    if (!answer.ok) return { ...answer, refused };
    if (answer.fact) journal.push(answer.fact);
    heard(callText(call), answer.text, answer.reward, answer.refused);
    calls.push(answer.refused ? { ...call, refused: answer.refused } : call);
  }
  for (const error of parsed.errors)
    heard(error.text, spacedJson({ error: `the call could not be parsed: ${error.reason}` }), -1, "malformed");
  return { ok: true, texts, reward: rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length, refused, calls };
}

function unanswered(call: ToolCall): MadeCall {
  return { ...call, refused: "unanswered" };
}

function callText(call: ToolCall): string {
  return JSON.stringify({ name: call.name, arguments: call.arguments });
}
