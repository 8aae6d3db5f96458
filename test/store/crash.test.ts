import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { draws } from "../../src/rng.ts";
import { releaseLease } from "../../src/store/lease.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { buildSources } from "../support/built.ts";
import { exampleTask, exampleTrajectory, newWriter, temporaryStore } from "./temporary.ts";

const program = join(dirname(fileURLToPath(import.meta.url)), "crash-writer.mjs");

/** Starts the writer, kills it after so many acknowledged commits and a moment, and returns all that it acknowledged. */
async function writeAndKill(sources: string, path: string, commits: number, microseconds: number): Promise<string[]> {
  const data = [JSON.stringify(exampleTask()), JSON.stringify(exampleTrajectory())];
  const child = spawn(process.execPath, [program, sources, path, ...data], { stdio: ["ignore", "pipe", "inherit"] });
  const said: string[] = [];
  const lines = createInterface(child.stdout);
  lines.on("line", (line) => {
    said.push(line);
    if (said.length !== commits) return;
    const until = process.hrtime.bigint() + BigInt(microseconds * 1000);
    while (process.hrtime.bigint() < until); // shorter than any timer; it writes on meanwhile
    child.kill("SIGKILL");
  });
  await Promise.all([once(child, "close"), once(lines, "close")]);
  return said;
}

describe("a writer killed at any moment", () => {
  it("loses nothing it acknowledged, keeps the file intact, closes each step completely or not at all, and can continue", async () => {
    using built = buildSources();
    using temporary = temporaryStore();
    releaseLease(newWriter(temporary.store));
    const random = draws("crash test");
    const said: string[] = [];
    for (let kill = 0; kill < 12; kill++) {
      const round = await writeAndKill(built.path(""), temporary.path, random.integer(1, 12), random.integer(0, 3000));
      expect(round.length).toBeGreaterThan(0); // it took the lease of the dead one over and went on
      said.push(...round);
      using store = openStore(temporary.path);
      expect(store.database.pragma("integrity_check", { simple: true })).toBe("ok");
      expect(store.database.pragma("foreign_key_check")).toEqual([]);
      const stored = store.database.prepare("SELECT 'trajectory ' || step || ' ' || sample FROM episode").pluck().all();
      const steps = store.database.prepare("SELECT 'step ' || number FROM step WHERE closed_at IS NOT NULL").pluck().all();
      const known = new Set([...stored, ...steps]);
      expect(said.filter((line) => !known.has(line))).toEqual([]);
      expect(halfDone(store)).toEqual([]);
    }
    expect(new Set(said).size).toBe(said.length); // nothing was done twice
  });
});

/** Steps that are neither open with no more than trajectories nor closed with everything; trajectories not of two messages. */
function halfDone(store: Store): readonly unknown[] {
  const steps = store.database
    .prepare(
      `SELECT number, closed_at IS NOT NULL AS closed, (SELECT count(*) FROM metric WHERE metric.step = number) AS metrics,
         (SELECT count(*) FROM checkpoint WHERE checkpoint.step = number) AS checkpoints,
         count(DISTINCT id) AS trajectories, count(role) AS messages, count(advantage) AS advantages
       FROM step LEFT JOIN episode ON episode.step = number LEFT JOIN message ON trajectory = id GROUP BY number`,
    )
    .all() as Record<"number" | "closed" | "metrics" | "checkpoints" | "trajectories" | "messages" | "advantages", number>[];
  return steps.filter((step) => {
    const parts = [step.metrics, step.checkpoints, step.advantages].join(" ");
    const whole = step.closed ? parts === "1 1 4" && step.trajectories === 4 : parts === "0 0 0";
    return !whole || step.messages !== 2 * step.trajectories;
  });
}
