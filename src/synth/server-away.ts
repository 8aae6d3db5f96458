// A persona is dropped for what it came to, never because the simulator's server was away: then the command ends, and goes on later.
import { PlayactError } from "../errors.ts";
import type { Answer, Simulator } from "../simulator/simulator.ts";

/** The same simulator, whose questions throw PlayactError("environment") where its server does not answer. */
export function endingWhenAway(simulator: Simulator): Simulator {
  const present = <T>(answer: Answer<T>): Answer<T> => {
    if (answer.ok || answer.failure.code !== "unavailable") return answer;
    throw new PlayactError("environment", `${answer.failure.text}. What is finished is stored; the same command goes on.`);
  };
  return {
    ...simulator,
    ask: async (question) => present(await simulator.ask(question)),
    weigh: async (role, choice) => present(await simulator.weigh(role, choice)),
    noting: (notes) => endingWhenAway(simulator.noting(notes)),
  };
}
