// One stage after the other: what an earlier start has stored is read back, what is new is kept at once, and the first reason to
// drop the persona ends its task.
import { asJson } from "../../rules/json.ts";
import type { GrammarParser } from "../../rules/schema/grammar.ts";
import type { Simulator } from "../../simulator/simulator.ts";
import type { Json } from "../../types.ts";
import type { Dropped, Stage, Staged } from "../stage.ts";

/** Who writes, and who says whether a tool can be played. */
export interface ToolWriter {
  readonly simulator: Simulator;
  /** llama.cpp's, where it is at hand. */
  readonly parser: GrammarParser | null;
}

/** Runs a stage, unless it is done; null: it dropped the persona. */
export type RunStage = <Made extends object>(stage: Stage, make: () => Promise<Made | Dropped>) => Promise<Made | null>;

export function stageRunner(done: ReadonlyMap<Stage, Json>, keep: (staged: Staged) => Promise<void>): RunStage {
  return async <Made extends object>(stage: Stage, make: () => Promise<Made | Dropped>): Promise<Made | null> => {
    const stored = done.get(stage);
    if (stored !== undefined) return stored as Made; // what this stage itself has stored
    const made = await make();
    if ("dropped" in made) {
      await keep({ stage, ...made });
      return null;
    }
    await keep({ stage, body: asJson(made) });
    return made;
  };
}
