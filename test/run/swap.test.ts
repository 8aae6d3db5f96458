// The check of the adapter swap: it ends the run only if the learner changed and the engine did not. The learner is the
// reference: it reads the file that it saved, with another engine.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Engine } from "../../src/llm/llm.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import type { Session } from "../../src/run/session.ts";
import { expectedOf, swapAndProbe } from "../../src/run/swap.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-swap-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A saved adapter of these weights; like a real one it has its own hash even if all weights are 0. */
function saved(name: string, weights: readonly number[]) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(weights));
  return { path, hash: `hash of ${name}` };
}

type Saved = ReturnType<typeof saved>;

/** The swap as the loop makes it: what to expect is asked first. */
const swapped = async (session: Session, adapter: Saved, version: number) =>
  swapAndProbe(session, adapter, version, await expectedOf(session));

/** A session whose learner has this adapter; `engine` may ignore swaps. */
async function sessionOf(learned: Saved, engine: Engine): Promise<Session> {
  const [own, reference] = [scriptedEngine(), scriptedEngine()];
  await own.swap(learned, 1);
  const learner = {
    logprobs: (samples: readonly (readonly number[])[], which: "policy" | "reference") =>
      Promise.all(samples.map((ids) => (which === "policy" ? own : reference).score(ids))),
  };
  return { engine, learner } as unknown as Session; // all that a swap works with
}

test("a first step with only dead groups passes: an untrained adapter changes nothing in the learner either", async () => {
  const engine = scriptedEngine();
  const untrained = saved("untrained", [0, 0, 0]);
  expect(engine.policy.adapter).toBeNull(); // as after a step 0 without a warm-up
  expect(await swapped(await sessionOf(untrained, engine), untrained, 1)).toEqual({
    "adapter/probe_gap": 0,
    "adapter/probe_moved": 0,
  });
  // weight decay alone changes the other factor: another hash, and still no effect
  const decayed = saved("decayed", [0, 0, 0]);
  expect(await swapped(await sessionOf(decayed, engine), decayed, 2)).toMatchObject({ "adapter/probe_moved": 0 });
});

test("a step that trained nothing saves the same adapter again, which passes too", async () => {
  const engine = scriptedEngine();
  const trained = saved("trained", [0, 1]);
  const session = await sessionOf(trained, engine);
  expect((await swapped(session, trained, 1))["adapter/probe_moved"]).toBeGreaterThan(0);
  expect(await swapped(session, trained, 2)).toMatchObject({ "adapter/probe_moved": 0 });
});

test("an engine that keeps its old adapter while the learner has changed ends the run", async () => {
  const engine = scriptedEngine();
  const trained = saved("stale", [0, 1]);
  const deaf: Engine = { ...engine, policy: engine.policy, swap: async () => engine.policy };
  const near = await sessionOf(trained, deaf);
  // so near that the gap alone tells nothing
  const drifted = async (ids: readonly number[]) => (await engine.score(ids)).map((logprob) => logprob - 1e-6);
  const session = {
    ...near,
    learner: {
      ...near.learner,
      logprobs: (samples: readonly (readonly number[])[], which: "policy" | "reference") =>
        Promise.all(samples.map((ids) => (which === "policy" ? drifted(ids) : engine.score(ids)))),
    },
  };
  await expect(swapped(session, trained, 1)).rejects.toThrow(/does not follow the learner .* \(moved by 0\.0000\)/);
});

test("an engine that has loaded another adapter than the learner's, or a learner that gives too few log-probs, ends the run", async () => {
  const engine = scriptedEngine();
  const learned = await expectedOf(await sessionOf(saved("learned", [0, 20]), engine));
  const other = saved("other", [0, 1]);
  await expect(swapAndProbe({ engine }, other, 1, learned)).rejects.toThrow(/under 0\.5 on the probe, got \d+\.\d+/);
  const short = { ...learned, policy: learned.policy.slice(0, -1) };
  await expect(swapAndProbe({ engine }, saved("learned", [0, 20]), 2, short)).rejects.toThrow(/got NaN/);
});
