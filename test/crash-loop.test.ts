// The whole loop on the doubles of engine and learner: it dies before and after each commit, save, update and swap in turn, is
// resumed, and must end as if nothing had been. A crash here is an error that nothing catches and after which nothing of that
// process takes effect; real kills of real processes are in store/crash.test.ts and e2e.
import BetterSqlite from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { PlayactError } from "../src/errors.ts";
import type { ProgressEvent } from "../src/run/session.ts";
import { lastClosedStep } from "../src/store/steps.ts";
import { temporaryStore } from "./store/temporary.ts";
import { dyingAt, Killed, life, lostOf, type Moment, newRun, outcome } from "./support/whole-run.ts";

describe("a run", () => {
  test("killed at any moment and resumed ends like an uninterrupted one, with no file left over and none lost", async () => {
    using whole = temporaryStore();
    const run = newRun(whole);
    const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
    await life(whole, run, { token: "uninterrupted", moment });
    const expected = outcome(whole, run);
    expect(expected.steps).toHaveLength(3);
    expect(new Set(expected.adapters).size).toBe(2); // both steps have trained
    expect(expected.folders).toBe(2); // two checkpoints
    expect(expected.exchanges.length).toBeGreaterThan(20); // of episodes, of tasks and of rejected drafts
    expect(lostOf(whole)).toEqual([]);

    for (let n = 1; n <= seen.length; n++) {
      using temporary = temporaryStore();
      const died = newRun(temporary);
      const what = `moment ${n} of ${seen.length}, ${seen[n - 1]}`;
      await expect(life(temporary, died, { token: "first", moment: dyingAt(n).moment }), what).rejects.toThrow(Killed);
      const open = (lastClosedStep(temporary.store, died)?.number ?? -1) + 1;
      await life(temporary, died, { token: "second" });
      expect(outcome(temporary, died), what).toEqual(expected);
      // nothing but a save that was whole and that no row named yet
      expect(
        lostOf(temporary).filter((name) => name !== `tiny-1-checkpoint-${open}.first-1`),
        what,
      ).toEqual([]);
    }
  });

  test("with a full disk at every commit and save waits, reports the free bytes, and loses nothing", async () => {
    using whole = temporaryStore();
    const run = newRun(whole);
    await life(whole, run, { token: "uninterrupted" });
    using temporary = temporaryStore();
    const full = newRun(temporary);
    const told: string[] = [];
    let turn = 0;
    const moment: Moment = (name) => {
      if (name === "before a commit" && turn++ % 2 === 0)
        throw new BetterSqlite.SqliteError("database or disk is full", "SQLITE_FULL");
      if (name === "in a save" && turn++ % 2 === 0) throw new PlayactError("disk", "learner: no space left on device");
    };
    const progress = (event: ProgressEvent) => {
      if (event.kind === "warning" && /[1-9]\d* bytes are free there\. The run waits/.test(event.text)) told.push(event.text);
    };
    await life(temporary, full, { token: "full", moment, progress });
    expect(outcome(temporary, full)).toEqual(outcome(whole, run));
    expect(told.length).toBeGreaterThan(20);
  });
});
