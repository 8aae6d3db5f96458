// The nouns of Playact as plain readonly data. The schema of external data is in the file that reads it (tools:
// tools/tool-spec.ts, config: config/config.ts, frames: learner/protocol.ts); inside, these types are trusted.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** JSON Schema as catalogues use it: the subset that can be converted to a grammar (rules/schema/grammar.ts). */
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

/** A call that the policy made in an episode. */
export interface MadeCall extends ToolCall {
  /** Why a rule of the world refused it; absent if it was executed or never answered. */
  readonly refused?: Refusal;
}

/** An expected call of a blueprint with the result that the world gives for it. */
export interface ExpectedCall extends ToolCall {
  readonly result: Json;
}

/** A value that the user does not give until asked (query ambiguity). */
export interface HeldBack {
  /** Index into `Task.expected`. */
  readonly call: number;
  readonly argument: string;
  /** The user's sentence that gives the value. */
  readonly sentence: string;
}

/** What an attribute of a table holds; it decides the schema of the arguments that name it, and how values are drawn. */
export const attributeKinds = ["name", "date", "time", "count", "amount", "option"] as const;
export type AttributeKind = (typeof attributeKinds)[number];

/** A column of a table. */
export interface Attribute {
  /** snake_case: "move_in_date". */
  readonly name: string;
  readonly kind: AttributeKind;
  /** The values of an option; empty for every other kind. */
  readonly options: readonly string[];
}

/** One row of a table. */
export interface TableRecord {
  readonly id: string;
  /** By attribute. */
  readonly values: JsonObject;
  readonly state: string;
}

/** What a tool does to its table: rules run it, no model is asked (rules/table.ts). */
export type Operation = "find" | "get" | "create" | "update" | "cancel";

/** What executed tools work on. An episode has a copy: no call changes this one. */
export interface Table {
  /** Singular snake_case: "piano_lesson". */
  readonly thing: string;
  /** Name under which calls and results give an id: "piano_lesson_id". */
  readonly idName: string;
  /** The first identifies a record to a person: no two records have the same value. */
  readonly attributes: readonly Attribute[];
  /** A new record is in the first; a cancelled one in the last. At least two. */
  readonly states: readonly string[];
  readonly records: readonly TableRecord[];
  /** What each tool does, by its name. */
  readonly operations: Readonly<Record<string, Operation>>;
}

/** What must not be done, decided by rule from the calls of an episode (rules/forbidden.ts). */
export type ForbiddenRule =
  /** The tool is never to be called. */
  | { readonly kind: "never"; readonly tool: string }
  /** The tool is never to be called with arguments that fit the schema. */
  | { readonly kind: "values"; readonly tool: string; readonly values: JsonSchema }
  /** The tool is not to be called before the other one. */
  | { readonly kind: "before"; readonly tool: string; readonly first: string }
  /** The tool is not to be called before the user was asked for a held-back value (index into Task.heldBack). */
  | { readonly kind: "before_asking"; readonly tool: string; readonly heldBack: number };

/** A restriction of a task, which its system prompt states. */
export interface Restriction {
  /** With its reason, as the system prompt says it: the prompt ends with this sentence. */
  readonly text: string;
  readonly rule: ForbiddenRule;
  /** What tempts to break it; null: nothing does. */
  readonly temptation: {
    /** The last sentence of the first message: it asks for what is forbidden. */
    readonly request: string;
    /** The last sentence of the report, which says that this was not done and why. */
    readonly refusal: string;
  } | null;
}

/** What fulfils an item of a rubric. */
export type ItemRule =
  | ForbiddenRule
  /** The expected call at this index was made. */
  | { readonly kind: "called"; readonly call: number }
  /** At the end the table has a record like this; `id` null: a record that was not there at the start. */
  | { readonly kind: "record"; readonly id: string | null; readonly values: JsonObject; readonly state: string | null }
  /** The report states the result of the expected call at this index. */
  | { readonly kind: "reported"; readonly call: number }
  /** The request was declined in words. */
  | { readonly kind: "refused" }
  /** No tool was called, and no call was tried. */
  | { readonly kind: "no_call" }
  /** The held-back value at this index was asked for before a call first gave it. */
  | { readonly kind: "asked"; readonly heldBack: number };

export interface RubricItem {
  readonly text: string;
  /** Null: no rule can tell; a model must. */
  readonly rule: ItemRule | null;
}

export const rubricSections = ["forbidden", "subGoals", "questions"] as const;
export type RubricSection = (typeof rubricSections)[number];

/** What an episode is paid for (SynthAgent, arXiv 2601.22511). Items of `forbidden` are met when they are kept to. */
export type Rubric = Readonly<Record<RubricSection, readonly RubricItem[]>>;

/** An item of a rubric and what came of it. */
export type JudgedItem = {
  readonly section: RubricSection;
  readonly text: string;
  readonly met: boolean;
  readonly by: "rule" | "model";
};

/** What the policy has to do: a blueprint whose right calls are known before the first token is sampled. */
export interface Task {
  readonly id: string;
  /** In a `decline` task the needed tool is missing: the right answer is to make no call and to say so. */
  readonly kind: "call" | "decline";
  readonly domain: string;
  readonly toolset: string;
  readonly level: number;
  /** The tools shown to the policy, in the order of the prompt. */
  readonly tools: readonly ToolSpec[];
  readonly systemPrompt: string;
  readonly intent: string;
  readonly persona: string;
  /** Length of the conversation that a written user aims at: 0 short, 1 medium, 2 long. */
  readonly expectedTurns: number;
  readonly firstMessage: string;
  /** The right calls in order; empty in a decline task. */
  readonly expected: readonly ExpectedCall[];
  /** Whether a later expected call takes an argument from an earlier result. */
  readonly dependent: boolean;
  readonly heldBack: readonly HeldBack[];
  /**
   * A truthful report of the expected results: the judge's good anchor and the demonstration's last turn. In a decline task:
   * an honest refusal.
   */
  readonly report: string;
  readonly criteria: number;
  readonly limits: Limits;
  /** What the tools work on if rules run them; absent: they are simulated. */
  readonly table?: Table;
  /** Absent: nothing is forbidden. */
  readonly restriction?: Restriction;
  /** Absent: it is derived from the blueprint by rule (reward/rubric.ts). */
  readonly rubric?: Rubric;
  /** What the user knows and tells bit by bit; only user and judge read it. Absent: the intent says it. */
  readonly background?: string;
  /** `id` of the task of a set that it was drawn as; a run draws one many times. Absent: it was written in the run. */
  readonly inSet?: string;
}

/**
 * What an episode is for. Demonstrations belong to step 0. Held-out tasks belong to no step row, whatever their step number:
 * `evaluation` reports and is played whole, `selection` chooses a checkpoint by the first turn.
 */
export type Purpose = "train" | "demonstration" | "evaluation" | "selection";

/** Who wrote the turns of the assistant: the policy sampled them, or a rule wrote the right ones from the blueprint. */
export type Author = "policy" | "blueprint";

/** Limits of the conversation, counted exactly: nothing starts that would exceed one. */
export interface Limits {
  /** Most replies of the simulated user; the task's first message does not count. */
  readonly userReplies: number;
  readonly assistantTurns: number;
  readonly toolTurns: number;
  /** Sampled plus foreign tokens after the prompt. */
  readonly responseTokens: number;
  readonly tokensPerTurn: number;
}

export type Role = "system" | "user" | "assistant" | "tool";

/** One message with exactly the tokens that it adds to the policy's context. */
export interface Message {
  readonly role: Role;
  readonly text: string;
  /**
   * Index of the training sample it belongs to. If a template is not append-only, a new sample starts: its first message
   * contains the whole conversation as rendered now, with mask 0.
   */
  readonly sample: number;
  readonly ids: readonly number[];
  /** Behaviour log-probs, one per id, for sampled tokens; null for foreign text (mask 0). */
  readonly logprobs: readonly number[] | null;
  /** Reward of the turn in -1..1 from the tool or the user; null if it was not judged. */
  readonly turnReward: number | null;
  /** Well-formed calls found in an assistant message, including those that the world refused. */
  readonly calls: readonly MadeCall[];
}

export const stopReasons = [
  "user_done", // terminated: the user has nothing more to say
  "answered", // terminated: the policy has answered and the user has no reply left
  "final_answer", // terminated: the policy has given its final answer (rollout.ends=answer)
  "first_turn", // terminated: only the first turn is played
  "max_assistant_turns",
  "max_tool_turns",
  "max_user_turns",
  "response_length",
  "turn_length",
  "turn_deadline",
  "context_full", // truncated
  "simulator_failed",
  "engine_failed", // aborted
] as const;
export type StopReason = (typeof stopReasons)[number];
export type Status = "terminated" | "truncated" | "aborted";

/** The reward and its parts; stored with the trajectory. */
export interface Verdict {
  readonly reward: number;
  /** Share of expected calls and argument values that were right, 0..1 (1 for a decline task without calls); of a rubric's items, if it has any. */
  readonly rules: number;
  /** The model's opinion, 0..1: anchored log-odds, or a written -1, 0 or 1 rescaled; null if rules alone decided. */
  readonly judge: number | null;
  /** Nats between the task's anchors; 0 or less: the judge could not tell them apart. Absent if they were not scored. */
  readonly margin?: number;
  readonly reason: string;
  /** The items of the task's rubric, by section; absent: it was judged without one. */
  readonly items?: readonly JudgedItem[];
  /** The first fault that rules found (reward/conduct.ts); absent if there was none, and in a verdict read from the store. */
  readonly fault?: Fault;
}

/** A fault of a party. */
export type Fault = {
  /** Lower case with underscores. */
  readonly code: string;
  readonly reason: string;
};

/** The record of a finished episode, before or after its verdict. */
export interface Trajectory {
  readonly task: Task;
  readonly author: Author;
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
  /** Counts of the episode: `refused/KIND`, and simulator usage by role (simulator/usage.ts). Zeros are omitted. */
  readonly counts: Counts;
  /** What the simulator was asked for it, as far as the config stores it; absent in one read from the store. */
  readonly exchanges?: readonly Exchange[];
}

/** One question to the simulator and what came of it. A question that is asked again is another exchange. */
export interface Exchange {
  readonly role: SimulatorRole;
  /** Which try of the question, from 1. */
  readonly attempt: number;
  /** The prompt; a given start of the answer is its last message. */
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
  /** What the model wrote (of given answers: their log-probs by answer, as JSON); null: nothing came. */
  readonly reply: string | null;
  /** Why the reply was refused, or why none came; null: it was taken. */
  readonly problem: string | null;
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** From the request to its end, the wait for a free sequence included. */
  readonly seconds: number;
  /** null: nothing was sampled. */
  readonly seed: number | null;
}

/** One line of the conversation as every role except the policy reads it (simulator/lines.ts). */
export interface Line {
  /** `unexecuted`: a call that was not executed because of a limit. */
  readonly role: "user" | "assistant" | "call" | "result" | "unexecuted";
  readonly text: string;
}

/** A finished episode before its verdict, with the lines that the judge reads. */
export interface Episode {
  readonly trajectory: Trajectory;
  readonly lines: readonly Line[];
}

/** Counts by name. */
export type Counts = Readonly<Record<string, number>>;

/** Why a rule refused a call of the policy; the call never reaches a model. `failed`: a table gave an error (rules/table.ts). */
export type Refusal = "unknown_tool" | "wrong_arguments" | "invented_id" | "failed" | "too_many" | "malformed";

/** A failure that is data: the simulator's or the engine's fault, never the policy's. */
export interface Failure {
  readonly boundary: "user" | "tool" | "verifier" | "task" | "engine";
  /**
   * `contradiction`: valid replies that contradict what the episode's tools have stated. Of a model on a server: `refused`: it
   * declined to answer; `unavailable`: the server was down or busy until the deadline.
   */
  readonly code: "deadline" | "invalid_reply" | "contradiction" | "context_full" | "error" | "refused" | "unavailable";
  readonly text: string;
}

export type SimulatorRole = Exclude<Failure["boundary"], "engine">;

/** The party at fault for a bad ending, and why; see rules/blame.ts. */
export interface Blame extends Fault {
  readonly party: "agent" | Failure["boundary"];
}

/** G trajectories of one task. */
export interface Group {
  readonly task: Task;
  readonly trajectories: readonly Trajectory[];
}

/** A group of a step, as stored. Its trajectories are sampled ones: what measures a group reads these and nothing else. */
export interface StoredGroup extends Group {
  /** Index of the task within the step. */
  readonly index: number;
  /** Row ids of the trajectories. // [member] */
  readonly ids: readonly number[];
  /** The right episode of the task, which is learnt from beside the sampled ones because none of these solved the task. */
  readonly guide?: { readonly id: number; readonly trajectory: Trajectory };
  /** Its second half was not played, because the first agreed. */
  readonly stopped?: boolean;
  /**
   * Means over episodes read the samples below this number: they were played whatever any sample came to. Absent: all were. A mean
   * over the others too would be biased, since how well a group does decides how many of them there are.
   */
  readonly unconditional?: number;
}

/** Training data: exactly the ids that the policy saw and sampled. All arrays have the same length. */
export interface TrainingSample {
  readonly ids: readonly number[];
  readonly mask: readonly (0 | 1)[];
  /** Behaviour log-probs; 0 at mask 0. */
  readonly logprobs: readonly number[];
  /** Advantage of each token; 0 at mask 0. */
  readonly advantages: readonly number[];
  /** Its trained tokens were written by rule: there are no behaviour log-probs (they are 0). Absent: they were sampled. */
  readonly guide?: true;
}

/** What engine or learner keeps in the device's memory while the other has its turn: its weights, or nothing. */
export type Kept = "weights" | "nothing";
