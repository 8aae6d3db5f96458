// What `train` prints at its end: what was learned, on held-out tasks and with intervals, where the best adapter is, and useful
// next commands.
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { checkpointFolder, listCheckpoints } from "../store/checkpoints.ts";
import { commandFor } from "../store/home.ts";
import type { Writer } from "../store/lease.ts";
import { adapterPath } from "../store/named-step.ts";
import { heldOutOutcomes, newestTrajectory, type Scores, scoresByTools, stepScores } from "../store/scores.ts";
import { bestCheckpoint, selectionScores } from "../store/selection.ts";
import { comparisons } from "./comparison.ts";
import { formatTable, type Print } from "./output.ts";

export async function printSummary(writer: Writer, print: Print): Promise<void> {
  const { store, run } = writer;
  print(`\nRun ${run.name}: what happened\n${table(stepScores(store, run))}`);
  const scores = selectionScores(store, run);
  if (scores.length > 0)
    print(`\nFirst turns of held-out tasks, which choose the best step: shares that were right\n${table(scores.map(rounded))}`);
  const best = bestCheckpoint(store, run);
  const [last] = listCheckpoints(store, run);
  if (best === null || last === undefined) return;
  const outcomes = heldOutOutcomes(store, run);
  const compared = comparisons(outcomes, best.step, last.step);
  if (compared.length > 0) {
    const gain = "step 0" in (compared[0] ?? {}) ? ", and gain over step 0 by the same tasks" : "";
    const title = `Held-out tasks that chose nothing (greedy, judged ${judgedBy(run.config.reward)}): success${gain}`;
    print(`\n${title}\n${table(compared)}in brackets: 95 % intervals\n`);
  }
  const byTools = scoresByTools(store, run);
  if (byTools.length > 0) {
    const title =
      "Held-out tasks by which page is not true (solved: all done without harm; harm: something changed that nobody wanted)";
    print(`\n${title}\n${table(byTools.map(rounded))}low, high: 95 % intervals\n`);
  }
  print(
    [
      "",
      `Best step: ${best.step}${best.step === last.step ? ", the last" : ` (the last is ${last.step})`}. Its adapter is the one to use.`,
      `Adapter for llama.cpp:  ${adapterPath(store, best)}`,
      `Adapter for PEFT:       ${join(checkpointFolder(store, best), "peft")}`,
      "",
      "Next:",
      ...[
        `sql "select * from ${outcomes.length === 0 && byTools.length > 0 ? "evaluation_by_tools" : "evaluation_summary"} where run = '${run.name}'"`,
        `sql "select id, task, reward, stop_reason from trajectory_summary where run = '${run.name}' order by reward"`,
        `show ${newestTrajectory(store, run) ?? 1}`,
        `train --resume ${run.name} --steps ${Math.max(1, run.config.steps * 2)}`,
      ].map((words) => `  ${commandFor(store, words)}`),
      "",
    ].join("\n"),
  );
}

/** Who judges a whole held-out task (evaluate.ts): where a run pays by a rubric, its items decide, and not all of them by rule. */
function judgedBy({ verdict, items }: Config["reward"]): string {
  if (verdict !== "rubric") return "by rules";
  return items === "written" ? "by the simulator, item by item" : "item by item, by rules and by the simulator where none can";
}

function rounded(score: object): Scores {
  return Object.fromEntries(
    Object.entries(score).map(([name, value]) => [name, typeof value === "number" ? Math.round(value * 1000) / 1000 : value]),
  );
}

function table(rows: readonly Scores[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return formatTable(
    columns,
    rows.map((row) => columns.map((column) => row[column] ?? null)),
  );
}
