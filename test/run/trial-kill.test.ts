// A process killed between the trial and the execution of an episode, and what is stored when the run is resumed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { actingTurn } from "../../src/llm/text/trial.ts";
import { createRun } from "../../src/store/runs.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { blueprint, found, says } from "../support/blueprint.ts";
import { buildSources } from "../support/built.ts";
import { tries } from "../support/trials.ts";

const program = join(dirname(fileURLToPath(import.meta.url)), "trial-player.mjs");
const turns = [tries(found), actingTurn([], "look it up.", says(found)), "The train is NT418, it leaves at 08:25."];

/** Plays the group to its end; with `kill`, until the second episode has tried. */
async function play(sources: string, { path }: Temporary, kill: boolean): Promise<readonly string[]> {
  const given = [program, sources, path, JSON.stringify(blueprint()), JSON.stringify(turns), ...(kill ? ["wait"] : [])];
  const child = spawn(process.execPath, given, { stdio: ["ignore", "pipe", "inherit"] });
  const said: string[] = [];
  const lines = createInterface(child.stdout);
  lines.on("line", (line) => {
    said.push(line);
    if (kill && line === "tried 2") child.kill("SIGKILL");
  });
  await Promise.all([once(child, "close"), once(lines, "close")]);
  return said;
}

function started(): Temporary {
  const temporary = temporaryStore();
  const config = configSchema.parse({
    trial: { turns: 2 },
    rollout: { groupSize: 3, tokensPerTurn: 400, responseTokens: 4000, stopAgreed: false, guide: "off" },
    engine: { policyContext: 8192 },
  });
  createRun(temporary.store, { preset: "tiny", config, versions: {} });
  return temporary;
}

const stored = ({ store }: Temporary) => ({
  episodes: store.database
    .prepare("SELECT sample, seed, status, reward, ids_sha256, counts FROM trajectory ORDER BY sample")
    .all(),
  messages: store.database.prepare("SELECT count(*) FROM message").pluck().get(),
});

test("an episode killed between trial and execution is played anew whole, and nothing of its trial counts", async () => {
  using built = buildSources();
  using whole = started();
  expect(await play(built.path(""), whole, false)).toEqual(["tried 1", "tried 2", "tried 3"]);
  const expected = stored(whole);
  expect(expected.episodes).toHaveLength(3);
  expect(expected.messages).toBe(3 * 7);
  for (const one of expected.episodes as { counts: string }[])
    expect(JSON.parse(one.counts)).toMatchObject({ "trial/turns": 1, "trial/telling": 1, "trial/solved": 1 });

  using killed = started();
  expect(await play(built.path(""), killed, true)).toEqual(["tried 1", "tried 2"]);
  expect(stored(killed).episodes).toEqual(expected.episodes.slice(0, 1));
  expect(await play(built.path(""), killed, false)).toEqual(["tried 1", "tried 2"]); // both from their start
  expect(stored(killed)).toEqual(expected);
});
