// What came of a task: messages, verdicts, groups, and the samples that are trained on.
import type { JudgedItem } from "./rubric.ts";
import type { Task } from "./task.ts";
import type { MadeCall } from "./tool.ts";

/** Who wrote the turns of the assistant: the policy sampled them, a rule wrote the right ones from the blueprint, or a teacher played them. */
export type Author = "policy" | "blueprint" | "teacher";

/** The part of an episode that a message belongs to (ToolMaster): tools are tried first, then used for the task. */
export type Phase = "trial" | "execution";

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
  /** Of turns and results, where the episode has trials (config trial.turns); absent: it has none. */
  readonly phase?: Phase;
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
  /** Counts of the episode: `refused/KIND` and simulator usage by role (simulator/usage.ts), without zeros; `trial/…` (reward/trials.ts). */
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

/** A failure that is data: the simulator's or the engine's fault, never the policy's. */
export interface Failure {
  readonly boundary: "user" | "tool" | "verifier" | "task" | "engine";
  /**
   * `contradiction`: valid replies that contradict what the episode's tools have stated. Of a model on a server: `refused`: it
   * declined to answer; `unavailable`: the server was down or busy until the deadline, or takes no question any more.
   */
  readonly code: "deadline" | "invalid_reply" | "contradiction" | "context_full" | "error" | "refused" | "unavailable";
  readonly text: string;
}

export type SimulatorRole = Exclude<Failure["boundary"], "engine">;

/** The party at fault for a bad ending, and why; see rules/blame.ts. */
export interface Blame extends Fault {
  readonly party: "agent" | Failure["boundary"];
}

/** G trajectories of one task of a step. They are sampled ones: what measures a group reads these and nothing else. */
export interface Group {
  readonly task: Task;
  readonly trajectories: readonly Trajectory[];
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
