// Shows one step of the set-up on stderr: what it does and how long it took. On a terminal its line is repainted meanwhile.
import { eraseLine, toStderr } from "./output.ts";

const repaintMs = 250;

/** Runs one step; `work` returns false if there was nothing to do. */
export async function step(title: string, work: (say: (text: string) => void) => Promise<boolean>): Promise<void> {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const terminal = process.stderr.isTTY;
  const clear = () => terminal && eraseLine();
  let said = "";
  const paint = () => {
    clear();
    toStderr(`  …  ${title}  ${seconds()}  ${said}`.slice(0, (process.stderr.columns ?? 80) - 1));
  };
  const ticker = terminal ? setInterval(paint, repaintMs) : undefined;
  let end = `  !!  ${title}`;
  try {
    const worked = await work((text) => {
      // without a terminal each step prints once that it has started, so that a log never looks stuck
      if (!terminal && said === "") toStderr(`  …  ${title}: ${text}\n`);
      said = text;
    });
    end = `  ok  ${title}  ${worked ? seconds() : "(already there)"}`;
  } finally {
    clearInterval(ticker);
    clear();
    toStderr(`${end}\n`);
  }
}
