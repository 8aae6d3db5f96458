// Ctrl-C for commands that work in this process, piece by piece: the first one lets the pieces in flight finish, a second one kills.
import { Stopped } from "../errors.ts";
import { interruptedCode } from "./exit.ts";
import type { Print } from "./output.ts";

export interface StopWords {
  /** What is in flight: "rows". */
  readonly pieces: string;
  /** What is true when it has stopped. */
  readonly stopped: () => string;
}

/** Runs `work`, which calls `pause` before each new piece. */
export async function stoppable(work: (pause: () => void) => Promise<void>, words: StopWords, progress: Print): Promise<void> {
  let asked = false;
  const ask = () => {
    asked = true;
    progress(`Stopping when the ${words.pieces} in flight are finished …\n`);
  };
  process.once("SIGINT", ask).once("SIGTERM", ask);
  try {
    await work(() => {
      if (asked) throw new Stopped();
    });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    progress(`Stopped. ${words.stopped()}\n`);
    process.exitCode = interruptedCode;
  } finally {
    process.off("SIGINT", ask).off("SIGTERM", ask);
  }
}
