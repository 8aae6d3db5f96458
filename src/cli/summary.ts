// What `train` prints at its end: what was learned, where the adapter lies, and the next useful commands.
import { join } from "node:path";
import { commandLine } from "../models/installation.ts";
import { adapterIn } from "../run/checkpoint.ts";
import { checkpointFolder, listCheckpoints } from "../store/checkpoints.ts";
import type { Writer } from "../store/lease.ts";
import { formatTable, type Print } from "./output.ts";

export async function printSummary(writer: Writer, print: Print): Promise<void> {
  const { store, run } = writer;
  const rows = <Row>(sql: string) => store.database.prepare<[string], Row>(sql).all(run.name);
  const steps = rows<Record<string, number | null>>(
    "SELECT step, level, reward_mean, reward_std, trajectories, aborted, policy_version, seconds FROM step_summary WHERE run = ? ORDER BY step",
  );
  print(`\nRun ${run.name}: what happened\n${table(steps)}`);
  const scores = rows<Record<string, number | string | null>>(
    "SELECT phase, kind, tasks, success, reward_mean FROM evaluation_summary WHERE run = ? ORDER BY kind, CASE phase WHEN 'base' THEN 0 WHEN 'warmup' THEN 1 ELSE 2 END, length(phase), phase",
  );
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
        `show ${firstTrajectory(writer)}`,
        `train --resume ${run.name} --steps ${run.config.steps * 2}`,
      ].map((words) => `  ${commandLine(words)}`),
      "",
    ].join("\n"),
  );
}

function firstTrajectory({ store, run }: Writer): number {
  return (
    store.database.prepare<[string], number>("SELECT max(id) FROM trajectory_summary WHERE run = ?").pluck().get(run.name) ?? 1
  );
}

function table(rows: readonly Record<string, number | string | null>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return formatTable(
    columns,
    rows.map((row) => columns.map((column) => row[column] ?? null)),
  );
}
