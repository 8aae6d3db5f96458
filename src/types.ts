// The nouns of Playact as plain readonly data. Schemas for what crosses a boundary live beside the boundary
// (tools: tools/toolset.ts, config: config.ts, frames: learner/protocol.ts); inside, these types are trusted.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** JSON Schema as catalogues use it: the subset that llm/grammar.ts can lower to a grammar. */
export type JsonSchema = { readonly [key: string]: Json };

/** A function the policy may call. `returns` is for the world only; the policy never sees it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  /** Shape of a successful result. Tools without one are simulated as free JSON objects. */
  readonly returns?: JsonSchema;
}

/** A named set of tools that belong together; the unit that is held out for evaluation. */
export interface Toolset {
  readonly domain: string;
  readonly name: string;
  readonly tools: readonly ToolSpec[];
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** A call as an episode met it. */
export interface MadeCall extends ToolCall {
  /** Why a rule of the world refused it; absent where it was carried out, or never answered. */
  readonly refused?: Refusal;
}

/** An expected call of a blueprint with the result that the world gives for it. */
export interface ExpectedCall extends ToolCall {
  readonly result: Json;
}

/** A value the user keeps to himself until asked (query ambiguity). */
export interface HeldBack {
  /** Index into `Task.expected`. */
  readonly call: number;
  readonly argument: string;
  /** The user's sentence that gives the value away. */
  readonly sentence: string;
}

/** What is asked of the policy: a blueprint whose right calls are known before the first token is sampled. */
export interface Task {
  readonly id: string;
  /** In a `decline` task the needed tool is withheld: right is to make no call and say so. */
  readonly kind: "call" | "decline";
  readonly domain: string;
  readonly toolset: string;
  readonly level: number;
  /** The tools shown to the policy, in the order of the prompt. */
  readonly tools: readonly ToolSpec[];
  readonly systemPrompt: string;
  readonly intent: string;
  readonly persona: string;
  /** Length of the talk that a written user aims at: 0 short, 1 medium, 2 long. */
  readonly expectedTurns: number;
  readonly firstMessage: string;
  /** The right calls in order; empty in a decline task. */
  readonly expected: readonly ExpectedCall[];
  /** True where a later expected call takes an argument from an earlier result. */
  readonly dependent: boolean;
  readonly heldBack: readonly HeldBack[];
  /** A truthful report of the expected results: the judge's good anchor and the demonstration's last turn. In a decline task: an honest refusal. */
  readonly report: string;
  readonly criteria: number;
  readonly limits: Limits;
}

/** What an episode is for. Demonstrations belong to step 0; evaluation tasks to no step row, whatever number they carry. */
export type Purpose = "train" | "demonstration" | "evaluation";

/** Limits of the talk, counted exactly: what would exceed one is never begun. */
export interface Limits {
  /** Most replies of the simulated user; the task's first message is none. */
  readonly userReplies: number;
  readonly assistantTurns: number;
  readonly toolTurns: number;
  /** Sampled plus foreign tokens after the prompt. */
  readonly responseTokens: number;
  readonly tokensPerTurn: number;
}

export type Role = "system" | "user" | "assistant" | "tool";

/** One message with exactly the tokens that it adds to the sequence the policy saw. */
export interface Message {
  readonly role: Role;
  readonly text: string;
  /**
   * Index of the training sample it belongs to. Where a template is not append-only a new one starts: its first message
   * holds the whole talk as it is written now, all of it mask 0.
   */
  readonly sample: number;
  readonly ids: readonly number[];
  /** Behaviour log-probs, one an id, for sampled tokens; null for foreign text (mask 0). */
  readonly logprobs: readonly number[] | null;
  /** Reward of the turn in -1..1 from the tool's or the user's side; null where nobody judged it. */
  readonly turnReward: number | null;
  /** Well-formed calls found in an assistant message, those that the world refused among them. */
  readonly calls: readonly MadeCall[];
}

export const stopReasons = [
  "user_done", // terminated: the user has nothing more to say
  "answered", // terminated: the policy has answered and the user has no reply left
  "max_assistant_turns",
  "max_tool_turns",
  "response_length",
  "turn_length",
  "turn_deadline",
  "context_full", // truncated
  "simulator_failed",
  "engine_failed", // aborted
] as const;
export type StopReason = (typeof stopReasons)[number];
export type Status = "terminated" | "truncated" | "aborted";

/** How the reward came about; stored with the trajectory. */
export interface Verdict {
  readonly reward: number;
  /** Share of expected calls and argument values that were right, 0..1 (1 for a decline task without calls). */
  readonly rules: number;
  /** What the model thought of it, 0..1: anchored log-odds, or a written -1, 0 or 1 brought there; null where rules alone decided. */
  readonly judge: number | null;
  /** Nats between the task's anchors; 0 or less: the judge could not tell them apart. Absent where they were not read. */
  readonly margin?: number;
  readonly reason: string;
  /** What rules found wrong first (reward/conduct.ts); absent where they found nothing, and in a verdict read from the store. */
  readonly fault?: Fault;
}

/** What somebody did wrong. */
export type Fault = {
  /** Lower case with underscores. */
  readonly code: string;
  readonly reason: string;
};

/** A finished episode that is about to be judged, or the record of one that is. */
export interface Trajectory {
  readonly task: Task;
  /** Index within the group, 0-based. */
  readonly sample: number;
  readonly policyVersion: number;
  readonly seed: number;
  readonly messages: readonly Message[];
  readonly status: Status;
  readonly stopReason: StopReason;
  readonly verdict: Verdict | null;
  /** Why it was aborted; null otherwise. */
  readonly failure: Failure | null;
  readonly seconds: number;
  /** What was counted while it ran: `refused/KIND`, and the simulator's counts by role (simulator/usage.ts). Zeros are left out. */
  readonly counts: Counts;
}

/** A piece of the talk as everybody but the policy reads it (simulator/lines.ts). */
export interface Line {
  /** `unexecuted`: a call that a limit kept from being carried out. */
  readonly role: "user" | "assistant" | "call" | "result" | "unexecuted";
  readonly text: string;
}

/** A finished episode before its verdict, and what the judge reads. */
export interface Episode {
  readonly trajectory: Trajectory;
  readonly lines: readonly Line[];
}

/** Counts by name. */
export type Counts = Readonly<Record<string, number>>;

/** Why a rule refused a call of the policy; the call never reaches a model. */
export type Refusal = "unknown_tool" | "wrong_arguments" | "invented_id" | "too_many" | "malformed";

/** A failure that is data: the simulator's or the engine's fault, never the policy's. */
export interface Failure {
  readonly boundary: "user" | "tool" | "verifier" | "task" | "engine";
  /** `contradiction`: valid replies that deny what the episode's tools have stated. */
  readonly code: "deadline" | "invalid_reply" | "contradiction" | "context_full" | "error";
  readonly text: string;
}

export type SimulatorRole = Exclude<Failure["boundary"], "engine">;

/** To whom a bad ending is put down, and why; see rules/blame.ts. */
export interface Blame extends Fault {
  readonly party: "agent" | Failure["boundary"];
}

/** G trajectories of one task. */
export interface Group {
  readonly task: Task;
  readonly trajectories: readonly Trajectory[];
}

/** A group of a step with its place there. */
export interface StoredGroup extends Group {
  /** Index of the task within the step. */
  readonly index: number;
  /** Row ids of the trajectories. // [member] */
  readonly ids: readonly number[];
}

/** What is trained on: exactly the ids the policy saw and sampled. All arrays have the same length. */
export interface TrainingSample {
  readonly ids: readonly number[];
  readonly mask: readonly (0 | 1)[];
  /** Behaviour log-probs; 0 where the mask is 0. */
  readonly logprobs: readonly number[];
  /** Advantage of each token; 0 where the mask is 0. */
  readonly advantages: readonly number[];
}
