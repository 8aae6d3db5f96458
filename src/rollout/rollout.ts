// One episode: the state machine of TRUSTEE (generate -> tool turn | user turn -> generate …) over exact token ids. It knows
// neither how the world answers (simulator/world.ts) nor how the episode is rewarded (reward/judge.ts). Departs from TRUSTEE:
// limits count exactly (a turn beyond a limit is never started), a malformed call does not count as "a tool was used", parallel
// calls are answered in order, and a turn is recorded as soon as it is sampled, so that the judge reads the last one too. Under
// rollout.ends=answer (SynthAgent, arXiv 2601.22511) the user ends nothing: the policy does, by a final answer. Where trials are a
// phase (ToolMaster, arXiv 2601.12762), turns that try tools come before those that use them (phases.ts).
import type { Config } from "../config/config.ts";
import { failedAlone, type Policy, type Sampled, type Vocabulary } from "../llm/llm.ts";
import { readFinalAnswer } from "../llm/text/final-answer.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { type ParsedCalls, parseToolCalls } from "../llm/text/tool-call.ts";
import { seedFrom } from "../rng.ts";
import { spacedJson } from "../rules/json.ts";
import { endsCut, linesOf } from "../simulator/lines.ts";
import { nothingMore } from "../simulator/prompts/user.ts";
import type { ToolAnswer } from "../simulator/tool-answer.ts";
import type { World } from "../simulator/world.ts";
import type { Counts, Episode, Failure, Refusal, Status, StopReason, Task, ToolCall, Trajectory } from "../types.ts";
import { type EpisodeRecord, openEpisode } from "./episode.ts";
import { limitsOf, openPhases, type Phases, type Purposed } from "./phases.ts";

/** The player: a policy, how it reads and writes, and how long its turns may be. */
export interface Player {
  readonly policy: Policy;
  readonly vocabulary: Vocabulary;
  readonly template: EpisodeTemplate;
  /** Sampling temperature; 0 is greedy. */
  readonly temperature: number;
  readonly rollout: Pick<Config["rollout"], "turnSeconds" | "parallelCalls" | "toolChars" | "ends">;
  /** Trials before the execution; absent: there are none. */
  readonly trial?: Config["trial"] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which of a task's episodes: its number in the group, and the names from which the seeds of all its draws derive. */
export interface Place {
  readonly sample: number;
  readonly names: readonly (string | number)[];
}

type Ending = { readonly status: Status; readonly stopReason: StopReason; readonly failure: Failure | null };
const terminated = (stopReason: StopReason): Ending => ({ status: "terminated", stopReason, failure: null });
const truncated = (stopReason: StopReason): Ending => ({ status: "truncated", stopReason, failure: null });
const aborted = (stopReason: StopReason, failure: Failure): Ending => ({ status: "aborted", stopReason, failure });

/** Plays one episode of `task`. Throws only when cancelled. */
export async function rollOut(task: Task, player: Player, world: World, place: Place): Promise<Episode> {
  const refused: Refusal[] = [];
  const trajectory = await recorded(task, player, place, (record) =>
    play({ task, player, world, record, phases: openPhases(player.trial), refused, names: place.names }),
  );
  return {
    lines: linesOf(trajectory.messages, player.template.dialect, endsCut(trajectory)),
    trajectory: { ...trajectory, counts: byKind(refused) },
  };
}

/** Plays the first turn of `task` and nothing more: no tool and no user is asked. Throws only when cancelled. */
export function rollOutFirstTurn(task: Task, player: Player, place: Place): Promise<Trajectory> {
  return recorded(task, player, place, async (record) => {
    const taken = await takeTurn({ task, player, record, phases: openPhases(player.trial), names: place.names }, 0);
    return "status" in taken ? taken : terminated("first_turn");
  });
}

/** The record of what `conduct` plays, without a verdict. */
async function recorded(
  task: Task,
  player: Player,
  { sample, names }: Place,
  conduct: (record: EpisodeRecord) => Promise<Ending>,
): Promise<Trajectory> {
  const started = performance.now();
  const record = openEpisode(task, player.template, { ...player.rollout, trial: player.trial });
  const ending = await conduct(record).catch(ofEngine);
  return {
    task,
    author: "policy",
    sample,
    policyVersion: player.policy.version,
    seed: seedFrom(...names),
    messages: record.messages,
    ...ending,
    verdict: null,
    seconds: (performance.now() - started) / 1000,
    counts: {},
  };
}

interface Playing extends Pick<Place, "names"> {
  readonly task: Task;
  readonly player: Player;
  readonly world: World;
  readonly record: EpisodeRecord;
  readonly phases: Phases;
  /** All refused calls so far. */
  readonly refused: Refusal[];
}

async function play({ task, player, world, record, phases, refused, names }: Playing): Promise<Ending> {
  const limits = limitsOf(task, player.trial);
  const policyEnds = player.rollout.ends === "answer";
  // answered trials are none of the assistant's turns: their limit is the phases'
  const turns = { taken: 0, assistant: 0, tool: 0, user: 0 };
  for (;;) {
    if (turns.assistant === limits.assistantTurns) return truncated("max_assistant_turns");
    const taken = await takeTurn({ task, player, record, phases, names }, turns.taken++);
    if ("status" in taken) return taken;
    const { rest, purpose } = taken;
    const isTrial = purpose?.phase === "trial";
    const isAnsweredTrial = isTrial && purpose.refusal === null;
    if (!isAnsweredTrial) turns.assistant++;

    const lines = linesOf(record.messages, player.template.dialect);
    if (purpose !== null) {
      if (!isAnsweredTrial && turns.tool++ === limits.toolTurns) return truncated("max_tool_turns");
      const { refusal } = purpose;
      const answer = (call: ToolCall) => {
        if (refusal !== null) return untried(refusal);
        return isTrial ? world.attempt(call, lines) : world.answer(call, lines);
      };
      const { results, rewards, refusals, failure } = await answers(taken, answer, player.rollout.parallelCalls);
      refused.push(...refusals.filter((refusal) => refusal !== null));
      if (failure) return aborted("simulator_failed", failure);
      record.rewarded(isTrial ? 0 : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length, refusals);
      record.toolTurn(results);
      continue;
    }

    if (policyEnds && readFinalAnswer(rest) !== null) return terminated("final_answer");
    if (turns.user++ === limits.userReplies) return policyEnds ? truncated("max_user_turns") : terminated("answered");
    const next = await world.reply(lines);
    if (!next.ok) return aborted("simulator_failed", next.failure);
    record.rewarded(next.reward);
    if (!policyEnds && (next.kind === "thanks" || next.kind === "silence")) return terminated("user_done");
    record.userTurn(next.kind === "silence" ? nothingMore : next.text);
  }
}

/** What a turn says, and what its calls are for; null: it has none. */
interface Taken extends ParsedCalls {
  readonly purpose: Purposed | null;
}

/** Samples turn `number` (from 0) and records it: what it says, or how it ends the episode. */
async function takeTurn(
  { task, player, record, phases, names }: Pick<Playing, "task" | "player" | "record" | "phases" | "names">,
  number: number,
): Promise<Taken | Ending> {
  const { limits } = task;
  const room = limits.responseTokens - record.responseTokens();
  if (room <= 0) return truncated("response_length");
  const sampled = await player.policy.sample({
    ids: [...record.ids],
    seed: seedFrom(...names, "policy", number),
    temperature: player.temperature,
    maxTokens: Math.min(room, limits.tokensPerTurn),
    stop: player.template.stop,
    deadlineMs: player.rollout.turnSeconds * 1000,
    signal: player.signal,
  });
  const text = textOf(sampled, player);
  const parsed = parseToolCalls(text, player.template.dialect);
  const purpose = parsed.calls.length + parsed.errors.length > 0 ? phases.next(text) : null;
  record.sampled(sampled, text, parsed.calls, purpose?.phase);
  if (sampled.end === "stop") return { ...parsed, purpose };
  const length = room <= limits.tokensPerTurn ? "response_length" : "turn_length";
  return truncated(({ length, context_full: "context_full", deadline: "turn_deadline" } as const)[sampled.end]);
}

/** The stop id is not part of the text. */
function textOf({ ids, end }: Sampled, { template, vocabulary }: Player): string {
  return template.lead + vocabulary.decode(end === "stop" ? ids.slice(0, -1) : ids);
}

/** The world's answers to one turn: the calls in order, then what could not be parsed. Stops at the first failure. */
async function answers(
  { calls, errors }: Pick<ParsedCalls, "calls" | "errors">,
  answerTo: (call: ToolCall) => ToolAnswer | Promise<ToolAnswer>,
  parallelCalls: number,
) {
  const results: string[] = [];
  const rewards: number[] = [];
  const refusals: (Refusal | null)[] = [];
  const add = (result: string, reward: number, refusal: Refusal | null) => {
    results.push(result);
    rewards.push(reward);
    refusals.push(refusal);
  };
  for (const [index, call] of calls.entries()) {
    if (index >= parallelCalls) {
      add(`{"error": "at most ${parallelCalls} calls per turn"}`, -1, "too_many");
      continue;
    }
    const answer = await answerTo(call);
    if (!answer.ok) return { results, rewards, refusals, failure: answer.failure };
    add(answer.text, answer.reward, answer.refused ?? null);
  }
  for (const error of errors) add(spacedJson({ error: `the call could not be parsed: ${error.reason}` }), -1, "malformed");
  return { results, rewards, refusals, failure: null };
}

/** A trial that is not answered. */
function untried(reason: string): ToolAnswer {
  return { ok: true, text: spacedJson({ error: reason }), reward: -1, fact: null, refused: "no_trial" };
}

/** The ending after an engine error. Anything else, and cancellation, is thrown again. */
function ofEngine(error: unknown): Ending {
  if (!failedAlone(error)) throw error;
  if (error.code === "context_full") return truncated("context_full");
  const code = error.code === "deadline" ? "deadline" : "error";
  return aborted("engine_failed", { boundary: "engine", code, text: error.message });
}

function byKind(refused: readonly Refusal[]): Counts {
  const counts: Record<string, number> = {};
  for (const refusal of refused) counts[`refused/${refusal}`] = (counts[`refused/${refusal}`] ?? 0) + 1;
  return counts;
}
