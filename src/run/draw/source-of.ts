// Where the tasks of a run come from: written in the run as the paper's are (TRUSTEE), or drawn from a task set (set-source.ts).
import { nextLevel } from "../../tasks/curriculum.ts";
import type { Session } from "../session.ts";
import { heldOutTasks } from "./held-out.ts";
import { setSource } from "./set-source.ts";
import { drawSpare } from "./spare.ts";
import { openTrainingSet } from "./task-set.ts";
import type { TaskSource } from "./task-source.ts";
import { drawWithTwins } from "./twins.ts";

/** The source that the config names. @throws PlayactError as openTrainingSet does, and for tasks that do not fit the policy */
export function sourceOf(session: Session): TaskSource {
  const { config, writer } = session;
  const { source } = config.tasks;
  if (source !== null) return setSource(session, openTrainingSet(writer.store, config, source));
  return {
    draw: (series) => drawWithTwins(session, series),
    spare: (place) => drawSpare(session, place),
    heldOut: () => heldOutTasks(session),
    nextLevel,
  };
}
