// The built command with a scripted simulator on a server, killed at any moment and started again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { openStore } from "../../src/store/store.ts";
import { findTaskSet, openPlaces, tasksOf } from "../../src/store/task-sets.ts";
import { buildPackage } from "../support/built.ts";
import { chatServer } from "../support/chat-server.ts";
import { startPlayact } from "../support/playact.ts";
import { scriptedReply } from "../support/synth.ts";

const personas = 160;

test("a set whose command is killed at 20 random moments has the same tasks as one that was made in one go", async () => {
  const folder = mkdtempSync(join(tmpdir(), "playact-kill-"));
  using built = buildPackage();
  let asked = 0;
  let heard: () => void = () => undefined;
  await using server = await chatServer({
    reply: (request) => {
      asked++;
      heard();
      return scriptedReply(request, request.seed);
    },
  });
  const start = (home: string) =>
    startPlayact(
      built.path("cli.js"),
      ["synth", "lessons", "--home", join(folder, home), "-n", String(personas), "--set", `models.simulator=${server.url}#big`],
      folder,
      { PLAYACT_RELAUNCHED: "1" }, // the process that is killed is the one that writes
    );
  const tasksIn = (home: string) => {
    using store = openStore(join(folder, home, "playact.db"));
    expect(store.database.pragma("integrity_check", { simple: true })).toBe("ok");
    const set = findTaskSet(store, "lessons");
    return { tasks: tasksOf(store, set), open: openPlaces(store, set, personas).length };
  };
  expect((await start("whole").ended).code).toBe(0);
  const whole = tasksIn("whole").tasks;
  expect(whole.length).toBeGreaterThan(personas / 2);
  const askedOnce = asked;

  const random = draws("synth kill");
  let open = personas;
  asked = 0;
  for (let kill = 0; kill < 20; kill++) {
    const killed = start("killed");
    const most = asked + random.integer(4, 24);
    await new Promise<void>((reached) => {
      heard = () => {
        if (asked >= most) reached();
      };
      void killed.ended.then(() => reached());
    });
    await wait(random.integer(0, 60));
    killed.child.kill("SIGKILL");
    await killed.ended;
    const left = tasksIn("killed").open;
    expect(left).toBeLessThanOrEqual(open); // what has ended is not open again
    open = left;
  }
  expect(open).toBeLessThan(personas);
  expect((await start("killed").ended).code).toBe(0);
  expect(tasksIn("killed")).toEqual({ tasks: whole, open: 0 });
  // a kill loses the stages in flight, of which each may have asked its question up to three times
  expect(asked).toBeLessThanOrEqual(askedOnce + 20 * 8 * 3);
  rmSync(folder, { recursive: true });
});
