// Episodes too long for the learner's memory: left out of the update and counted, decided from the memory plan before the
// update. Otherwise one of them would end the run, and each resume would meet it again.
import { trainedPart } from "../learner/batch.ts";
import type { TrainingSample } from "../types.ts";
import type { Session } from "./session.ts";

/** Whether every sample of an episode can be trained on. */
export function fitsMemory({ plan }: Pick<Session, "plan">, samples: readonly TrainingSample[]): boolean {
  const longest = plan.learner?.longestSample ?? Number.POSITIVE_INFINITY;
  return samples.every((sample) => trainedPart(sample).length <= longest);
}

/** Counts them, and says so if there are any. */
export function leftOut({ plan, progress }: Pick<Session, "plan" | "progress">, episodes: number, step?: number) {
  if (episodes > 0) {
    const text = `${episodes} episode${episodes === 1 ? " is" : "s are"} longer than the ${plan.learner?.longestSample} tokens that fit into the learner's memory, and left out of the update`;
    progress({ kind: "warning", text, ...(step === undefined ? {} : { step }) });
  }
  return { "learner/left_out": episodes };
}
