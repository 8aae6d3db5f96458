// A persona or a demonstration is dropped for what it came to, never because the server of simulator or teacher was away: then the
// command ends, and goes on later. So does a run, instead of closing step after step without a task.
import { PlayactError } from "../errors.ts";
import { EngineError, type Policy } from "../llm/llm.ts";
import type { Answer, Simulator } from "./simulator.ts";

/** Faults of a server that say nothing of what was asked: away, a wrong key, a model that was unloaded, an error of its own. */
const lost: ReadonlySet<string> = new Set(["unavailable", "error", "native"]);

/** It takes no question: without its world a run has nothing to do. Any other fault may be of one question, which aborts an episode. */
export const gone: ReadonlySet<string> = new Set(["unavailable"]);

/** The same simulator, whose questions throw PlayactError("environment") for the given faults of its server. */
export function endingWhenAway(simulator: Simulator, faults: ReadonlySet<string> = lost): Simulator {
  const present = <T>(answer: Answer<T>): Answer<T> => {
    if (answer.ok || !faults.has(answer.failure.code)) return answer;
    throw away(answer.failure.text);
  };
  return {
    ...simulator,
    ask: async (question) => present(await simulator.ask(question)),
    weigh: async (role, choice) => present(await simulator.weigh(role, choice)),
    noting: (notes) => endingWhenAway(simulator.noting(notes), faults),
  };
}

/** The same policy, a teacher on a server. Throws likewise. */
export function teachingUnlessAway(policy: Policy): Policy {
  return {
    ...policy,
    sample: (request) =>
      policy.sample(request).catch((error: unknown) => {
        throw error instanceof EngineError && lost.has(error.code) ? away(error.message) : error;
      }),
  };
}

function away(why: string): PlayactError {
  return new PlayactError(
    "environment",
    `${why}. What is finished is stored: a task set goes on with the same command, a run with train --resume.`,
  );
}
