// What `train` prints at its end: what was learned, where the adapter is, and useful next commands.
import { join } from "node:path";
import { commandLine } from "../models/installation.ts";
import { adapterIn } from "../run/checkpoint.ts";
import { checkpointFolder, listCheckpoints } from "../store/checkpoints.ts";
import type { Writer } from "../store/lease.ts";
import { evaluationScores, newestTrajectory, type Scores, stepScores } from "../store/scores.ts";
import { formatTable, type Print } from "./output.ts";

export async function printSummary(writer: Writer, print: Print): Promise<void> {
  const { store, run } = writer;
  print(`\nRun ${run.name}: what happened\n${table(stepScores(store, run))}`);
  const scores = evaluationScores(store, run);
  if (scores.length > 0) print(`\nHeld-out tasks (toolsets never trained on, greedy, judged by rules)\n${table(scores)}`);
  const newest = listCheckpoints(store, run)[0];
  if (!newest) return;
  const folder = checkpointFolder(store, newest);
  print(
    [
      "",
      `Adapter for llama.cpp:  ${await adapterIn(folder)}`,
      `Adapter for PEFT:       ${join(folder, "peft")}`,
      "",
      "Next:",
      ...[
        `sql "select * from success_by_kind where run = '${run.name}'"`,
        `sql "select id, task, reward, stop_reason from trajectory_summary where run = '${run.name}' order by reward"`,
        `show ${newestTrajectory(store, run) ?? 1}`,
        `train --resume ${run.name} --steps ${run.config.steps * 2}`,
      ].map((words) => `  ${commandLine(words)}`),
      "",
    ].join("\n"),
  );
}

function table(rows: readonly Scores[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return formatTable(
    columns,
    rows.map((row) => columns.map((column) => row[column] ?? null)),
  );
}
