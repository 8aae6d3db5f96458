// The supervisor with a small program in the worker's place, which really dies.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test, vi } from "vitest";
import { supervise } from "../../src/cli/supervise.ts";
import { liveHolder, releaseLease } from "../../src/store/lease.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { type Built, buildPackage } from "../support/built.ts";
import { isRunning, until } from "../support/processes.ts";

const program = join(dirname(fileURLToPath(import.meta.url)), "fallen-worker.mjs");
let built: Built;
beforeAll(() => {
  built = buildPackage();
});
afterAll(() => built[Symbol.dispose]());

async function supervised(signal: NodeJS.Signals) {
  using temporary = temporaryStore();
  const { run, ...writer } = newWriter(temporary.store);
  releaseLease(writer);
  const code = await supervise(temporary.home, { run: run.name, options: [built.path("."), signal] }, program);
  return { code, holder: liveHolder(temporary.store, run), restarted: existsSync(join(temporary.home, "second")) };
}

describe("a worker that is gone", () => {
  it("leaves its lease to the next one at once, even if no process can be looked up", async () => {
    // the next one throws if the lease still counts as held, and it asks only once
    expect(await supervised("SIGKILL")).toEqual({ code: 0, holder: null, restarted: true });
  });

  it("that was ended by SIGTERM is not started again", async () => {
    expect(await supervised("SIGTERM")).toEqual({ code: 130, holder: null, restarted: false });
  });
});

describe("a worker that hears nothing", () => {
  it("is ended by the third request, and that is no fault of the supervisor", async () => {
    using temporary = temporaryStore();
    const deaf = join(temporary.home, "deaf.mjs");
    writeFileSync(deaf, `import { writeFileSync } from "node:fs"; writeFileSync(process.argv[4] + "/busy", ""); for (;;);`);
    const end = supervise(temporary.home, { run: "deaf" }, deaf);
    await until(() => existsSync(join(temporary.home, "busy")));
    for (let request = 0; request < 3; request++) process.emit("SIGHUP");
    expect(await end).toBe(130);
  });
});

test("a Ctrl-C that npx passes on a second time asks a worker to finish, not to stop at once", async () => {
  using temporary = temporaryStore();
  const [ready, heard] = ["ready", "heard"].map((name) => join(temporary.home, name)) as [string, string];
  const listening = join(temporary.home, "listening.mjs");
  writeFileSync(
    listening,
    `import { writeFileSync } from "node:fs";
    import { Socket } from "node:net";
    let said = "";
    new Socket({ fd: 3, readable: true }).on("data", (text) => {
      said += text;
      setTimeout(() => { writeFileSync(${JSON.stringify(heard)}, said); process.exit(0); }, 200);
    });
    writeFileSync(${JSON.stringify(ready)}, "");`,
  );
  const end = supervise(temporary.home, { run: "listening" }, listening);
  await until(() => existsSync(ready));
  process.emit("SIGINT", "SIGINT");
  process.emit("SIGINT", "SIGINT");
  await end;
  expect(readFileSync(heard, "utf8")).toBe("finish\n");
});

describe("a worker that fails", () => {
  it("ends with the code of its reason, even if the store refuses its last write", async () => {
    using temporary = temporaryStore();
    const { run, ...writer } = newWriter(temporary.store);
    releaseLease(writer);
    for (const change of ["UPDATE OF status ON run WHEN new.status = 'failed'", "DELETE ON lease"])
      temporary.store.database.exec(`CREATE TRIGGER "${change}" BEFORE ${change} BEGIN SELECT RAISE (ABORT, 'not now'); END`);
    const nothing = { PLAYACT_MODELS: temporary.home, HF_HUB_CACHE: temporary.home, PLAYACT_PYTHON: process.execPath };
    for (const [name, value] of Object.entries(nothing)) vi.stubEnv(name, value);
    const code = await supervise(temporary.home, { run: run.name }, built.path("cli.js"));
    vi.unstubAllEnvs();
    expect(code).toBe(4); // the model is not here
  });
});

describe("a worker whose supervisor was killed", () => {
  it("ends soon, even if its main thread is busy for ever", async () => {
    using temporary = temporaryStore();
    const file = join(temporary.home, "pid");
    const busy = join(temporary.home, "busy.mjs");
    writeFileSync(
      busy,
      `import { writeFileSync } from "node:fs";
      const { endWithParent } = await import(${JSON.stringify(built.path("cli/supervise.js"))});
      endWithParent();
      writeFileSync(${JSON.stringify(file)}, String(process.pid));
      for (;;);`,
    );
    const start = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(busy)}], { detached: true, stdio: "ignore" })`;
    const supervisor = spawn(process.execPath, ["-e", `${start}; setInterval(() => {}, 1000)`], { stdio: "ignore" });
    const pid = await until(() => existsSync(file) && Number(readFileSync(file, "utf8")));
    expect(isRunning(pid)).toBe(true);
    supervisor.kill("SIGKILL");
    await until(() => !isRunning(pid));
  });
});
