// `playact runs`: lists the runs of the home folder, latest first.
import { Command } from "commander";
import { resolveHome, storePath } from "../store/home.ts";
import { overview } from "../store/overview.ts";
import { openStore } from "../store/store.ts";
import { formatTable, homeHelp, type Print, printJson, toStderr, toStdout } from "./output.ts";

/** The command; `print` receives its data. */
export function runsCommand(print: Print = toStdout): Command {
  return new Command("runs")
    .description("list runs with status, closed steps, level, last reward, the best adapter, and why a run failed")
    .option("--home <folder>", homeHelp)
    .option("--json", "print a JSON array")
    .action((options: { readonly home?: string; readonly json?: boolean }) => {
      using store = openStore(storePath(resolveHome(options.home)), { readonly: true });
      const runs = overview(store);
      if (options.json)
        return printJson(
          print,
          runs.map((run) => ({ ...run })),
        );
      if (runs.length === 0) return toStderr(`No runs in ${store.path} yet.\n`);
      const columns = [
        ...["run", "preset", "status", "steps", "level"],
        ...["reward", "started", "engine", "learner", "best", "adapter", "note"],
      ];
      const rows = runs.map((run) => [
        ...[run.run, run.preset, run.status, `${run.steps}/${run.of ?? "?"}`, run.level],
        ...[run.reward, run.started.slice(0, 16).replace("T", " "), run.engine, run.learner, run.best, run.adapter, run.note],
      ]);
      print(formatTable(columns, rows));
    });
}
