// The port through which the loops get their tasks. They know these four functions and nothing of where tasks come from.
import type { nextLevel } from "../../tasks/curriculum.ts";
import type { Task } from "../../types.ts";
import type { HeldOutTasks } from "./held-out.ts";
import type { DrawnTasks, Series } from "./series.ts";
import type { SparePlace } from "./spare.ts";

/** What is stored already stays: a resumed run goes on with the same tasks. */
export interface TaskSource {
  /** The tasks of a training series by place, with their twins. */
  readonly draw: (series: Series) => Promise<DrawnTasks>;
  /** A task for the time of a group that agreed; null if there is none. */
  readonly spare: (place: SparePlace) => Promise<{ readonly index: number; readonly task: Task } | null>;
  readonly heldOut: () => Promise<HeldOutTasks>;
  readonly nextLevel: typeof nextLevel;
}
