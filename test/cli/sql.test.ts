import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { query, sqlCommand } from "../../src/cli/sql.ts";
import { processStart } from "../../src/store/lease.ts";
import { openStep } from "../../src/store/steps.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import { exampleTask, exampleTrajectory, newWriter, type Temporary, temporaryStore } from "../store/temporary.ts";
import { type Built, buildSources } from "../support/built.ts";

let built: Built;
let temporary: Temporary;
beforeAll(() => {
  built = buildSources();
  temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  openStep(writer, 1, { level: 3, policyVersion: 0 });
  saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
  saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory());
});
afterAll(() => {
  temporary[Symbol.dispose]();
  built[Symbol.dispose]();
});

const limits = { rows: 100, seconds: 30, memory: 768 };
const ask = (sql: string, change: Partial<typeof limits> = {}) =>
  query(temporary.path, sql, { ...limits, ...change }, built.path("cli/sql-child.js"));

async function run(...words: readonly string[]): Promise<string> {
  let printed = "";
  const command = sqlCommand((text) => {
    printed += text;
  }, built.path("cli/sql-child.js"));
  await command.parseAsync([...words, "--home", temporary.home], { from: "user" });
  return printed;
}

describe("playact sql", () => {
  it("prints a table, numbers to the right and text escaped", async () => {
    const sql = "SELECT run, step, reward_mean, 1.0 / 3 AS third, char(27) || '[2J' AS esc, NULL AS none FROM step_summary";
    expect(await run(sql)).toMatchInlineSnapshot(`
      "run     step  reward_mean     third  esc        none
      tiny-1     1          0.5  0.333333  \\u001b[2J
      "
    `);
  });

  it("prints one JSON array, with BLOBs as base64 and no column lost", async () => {
    const ids = Buffer.from(new Uint32Array([4, 151657]).buffer).toString("base64");
    const sql = "SELECT position, ids, 1 AS x, 2 AS x, 9007199254740993 AS big FROM message WHERE role = 'assistant'";
    expect(JSON.parse(await run(sql, "--json"))).toEqual([{ position: 1, ids, x: 1, "x:1": 2, big: "9007199254740993" }]);
    expect(await run(sql)).toContain("<8 bytes>");
    expect(JSON.parse(await run("SELECT 1 WHERE 0", "--json"))).toEqual([]);
  });

  it("cuts rows at the limit and says so in the answer", async () => {
    const answer = await ask("SELECT value FROM generate_series(1, 5)", { rows: 3 }).catch((thrown: Error) => thrown.message);
    expect(answer).toMatch(/no such table: generate_series\. Views: .*step_summary/);
    const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    expect(await ask(numbers, { rows: 3 })).toEqual({ columns: ["i"], rows: [[1], [2], [3]], cut: "rows" });
    expect((await ask("SELECT 1", { rows: 1 })).cut).toBeNull();
  });

  it("refuses in a sentence what is no query", async () => {
    for (const sql of ["DELETE FROM run", "PRAGMA query_only = OFF", "selec 1"])
      await expect(ask(sql), sql).rejects.toMatchObject({ boundary: "usage" });
    expect(temporary.store.database.prepare("SELECT count(*) FROM run").pluck().get()).toBe(1);
  });

  it("stops a query that never ends, and its process is gone", async () => {
    const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    await expect(ask(endless, { seconds: 0.5 })).rejects.toMatchObject({
      boundary: "store",
      message: expect.stringMatching(/0.5 s .*--timeout/),
    });
    expect((await ask("SELECT 1")).rows).toEqual([[1]]);
  });

  it("stops a query that takes the machine's memory", async () => {
    await expect(ask("SELECT randomblob(400000000)", { memory: 150 })).rejects.toMatchObject({
      boundary: "memory",
      message: expect.stringMatching(/150 MiB/),
    });
  });

  it("leaves no endless query behind when its parent dies: the child ends itself", async () => {
    const child = spawn(process.execPath, [built.path("cli/sql-child.js")], { stdio: ["pipe", "ignore", "ignore"] });
    const sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    child.stdin.end(JSON.stringify({ path: temporary.path, sql, rows: 1, bytes: 1e6, lifetime: 300, memory: 1e12 }));
    const [, signal] = await once(child, "exit"); // it is not killed from outside
    expect(signal).toBe("SIGKILL");
    expect(processStart(child.pid ?? 0)).toBeNull();
  });

  it("refuses a longest time that no timer can count to, and one that is none", async () => {
    for (const seconds of ["99999999", "0", "soon"]) {
      const command = sqlCommand(() => undefined, built.path("cli/sql-child.js")).exitOverride();
      const said: string[] = [];
      command.configureOutput({ writeErr: (text) => said.push(text) });
      const asked = command.parseAsync(["SELECT 1", "--timeout", seconds, "--home", temporary.home], { from: "user" });
      await expect(asked).rejects.toMatchObject({ code: "commander.invalidArgument" });
      expect(said.join("")).toMatch(/A number above 0 was expected, 86400 \(a day\) at most\./);
    }
  });

  it("reports a missing store before it runs the query", async () => {
    const command = sqlCommand(() => undefined, built.path("cli/sql-child.js"));
    const nowhere = ["SELECT 1", "--home", join(temporary.home, "nowhere")];
    await expect(command.parseAsync(nowhere, { from: "user" })).rejects.toMatchObject({ boundary: "store" });
  });
});
