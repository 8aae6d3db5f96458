// The supervisor with a small program in the worker's place, which really dies.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { supervise } from "../../src/cli/supervise.ts";
import { liveHolder, releaseLease } from "../../src/store/lease.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { type Built, buildSources } from "../support/built.ts";

const program = join(dirname(fileURLToPath(import.meta.url)), "fallen-worker.mjs");
let built: Built;
beforeAll(() => {
  built = buildSources();
});
afterAll(() => built[Symbol.dispose]());

async function supervised(signal: NodeJS.Signals) {
  using temporary = temporaryStore();
  const { run, ...writer } = newWriter(temporary.store);
  releaseLease(writer);
  const code = await supervise(temporary.home, [built.path(""), signal], program);
  return { code, holder: liveHolder(temporary.store, run), restarted: existsSync(join(temporary.home, "second")) };
}

describe("a worker that is gone", () => {
  it("leaves its lease to the next one at once, also where no process can be looked up", async () => {
    // the next one throws where the lease still counts as held, and it asks only once
    expect(await supervised("SIGKILL")).toEqual({ code: 0, holder: null, restarted: true });
  }, 20_000);

  it("by SIGTERM was ended by somebody, and is not started again", async () => {
    expect(await supervised("SIGTERM")).toEqual({ code: 130, holder: null, restarted: false });
  }, 20_000);
});
