// The probe: how does the untrained policy write calls? Parses its greedy first turns on tasks that hold nothing back, in every
// dialect, and checks whether the tag tokens of its template were ever trained (cosine between their embedding rows; identical
// rows mean never). The `auto` warm-up depends on it.

import { type Dialect, dialects } from "../config/config.ts";
import type { Learner } from "../learner/learner.ts";
import type { Vocabulary } from "../llm/llm.ts";
import { parseToolCalls } from "../llm/text/tool-call.ts";
import type { Task, Trajectory } from "../types.ts";

export interface Probe {
  /** Share of call tasks whose first turn contains a well-formed call, by dialect, 0..1. */
  readonly wellFormed: Readonly<Record<Dialect, number>>;
  /** Largest cosine between two of the tag tokens' embedding rows; null if the model has no such tokens. */
  readonly markerCosine: number | null;
}

/** Above this the rows are practically the same vector: never trained. Trained rows are far below. */
const untrainedCosine = 0.99;

/** Evaluates first turns, sampled for the probe or stored by an evaluation. */
export async function probe(turns: readonly string[], vocabulary: Vocabulary, learner: Learner): Promise<Probe> {
  const share = (dialect: Dialect) =>
    turns.filter((text) => parseToolCalls(text, dialect).calls.length > 0).length / Math.max(1, turns.length);
  return {
    wellFormed: Object.fromEntries(dialects.map((dialect) => [dialect, share(dialect)])) as Probe["wellFormed"], // every dialect is a key
    markerCosine: await markerCosine(vocabulary, learner),
  };
}

/** Whether the right first turn of a task is a call: nothing is held back, and the needed tool is offered. */
export function asksForCall(task: Task): boolean {
  return task.kind === "call" && task.heldBack.length === 0;
}

export function firstTurn(trajectory: Trajectory): string {
  return trajectory.messages.find((message) => message.role === "assistant")?.text ?? "";
}

async function markerCosine(vocabulary: Vocabulary, learner: Learner): Promise<number | null> {
  const ids = ["<tool_call>", "</tool_call>"].flatMap((tag) => {
    try {
      return [vocabulary.marker(tag)];
    } catch {
      return []; // the model has no such token: its tags are ordinary text
    }
  });
  if (ids.length < 2) return null;
  const cosines = await learner.cosines(ids);
  return Math.max(...cosines.flatMap((row, i) => row.filter((_, j) => j > i)));
}

/** Whether the template's tags must be written in ordinary tokens. */
export function markersUntrained(found: Probe): boolean {
  return found.markerCosine === null || found.markerCosine > untrainedCosine;
}

/** A policy that seldom forms a call in the dialect cannot learn by reinforcement: calls that are never sampled get no reward. */
export function needsWarmup(found: Probe, dialect: Dialect): boolean {
  return found.wellFormed[dialect] < 0.5;
}

export function probeMetrics(found: Probe): Record<string, number> {
  const shares = Object.entries(found.wellFormed).map(([dialect, share]) => [`probe/well_formed/${dialect}`, share] as const);
  return { ...Object.fromEntries(shares), ...(found.markerCosine === null ? {} : { "probe/marker_cosine": found.markerCosine }) };
}
