// What a task forbids and pays for, item by item (SynthAgent, arXiv 2601.22511).
import type { JsonObject, JsonSchema } from "./json.ts";

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
