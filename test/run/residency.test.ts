// Engine and learner in turns. The doubles refuse every call at rest, as the real ones do (test/suites), so a run that ends has
// asked nobody who rested.
import { expect, test } from "vitest";
import type { Residency } from "../../src/config/config.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { lending, restAtFirst, whileEngineRests } from "../../src/run/residency.ts";
import { temporaryStore } from "../store/temporary.ts";
import { openRequest } from "../suites/learner.suite.ts";
import { dyingAt, Killed, life, newRun, outcome, wholeConfig } from "../support/whole-run.ts";

const inResidency = (residency: Residency) => ({ engine: { ...wholeConfig.engine, residency } });

/** Without what a residency adds: the memory held at rest. */
const withoutHeld = ({ metrics, ...others }: ReturnType<typeof outcome>) => ({
  ...others,
  metrics: metrics.filter(([, name]) => !String(name).endsWith("/resting_mb")),
});

test.each(["turns", "alternate"] as const)(
  "a run with %s is the run with together, also after a kill in a save",
  async (residency) => {
    using together = temporaryStore();
    const run = newRun(together);
    const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
    await life(together, run, { token: "together", moment });
    using temporary = temporaryStore();
    const other = newRun(temporary, inResidency(residency));
    const died = seen.lastIndexOf("in a save") + 1;
    await expect(life(temporary, other, { token: "first", moment: dyingAt(died).moment })).rejects.toThrow(Killed);
    await life(temporary, other, { token: "second" });
    expect(withoutHeld(outcome(temporary, other))).toEqual(outcome(together, run));
    const held = outcome(temporary, other).metrics.filter(([, name]) => String(name).endsWith("/resting_mb"));
    expect(held).toHaveLength(2 * 3); // of both, at step 0 and both others
  },
);

/** Doubles that note who rests and who wakes. */
async function noted(residency: Residency) {
  const [engine, learner, said] = [scriptedEngine(), scriptedLearner(), [] as string[]];
  await learner.open(openRequest);
  const noting = <T extends typeof engine | typeof learner>(who: string, one: T) => ({
    ...one,
    rest: (keep: "weights" | "nothing") => {
      said.push(`${who} keeps ${keep}`);
      return one.rest(keep);
    },
    wake: () => {
      said.push(`${who} wakes`);
      return one.wake();
    },
  });
  const session = { engine: noting("engine", engine), learner: noting("learner", learner), plan: { residency } };
  await restAtFirst(session.learner, session.plan);
  return { session, said };
}

test("the engine rests before the learner wakes, and the learner before the engine does", async () => {
  const { session, said } = await noted("alternate");
  const { value, rested } = await whileEngineRests(session, async () => said.push("training"));
  expect(value).toBe(4);
  expect(said).toEqual([
    "learner keeps nothing",
    "engine keeps nothing",
    "learner wakes",
    "training",
    "learner keeps nothing",
    "engine wakes",
  ]);
  expect(Object.keys(rested)).toEqual(["engine/resting_mb", "learner/resting_mb"]);
});

test("in turns both keep their weights, and together nobody rests", async () => {
  const turns = await noted("turns");
  await whileEngineRests(turns.session, async () => undefined);
  expect(turns.said.filter((one) => one.includes("keeps"))).toEqual([
    "learner keeps weights",
    "engine keeps weights",
    "learner keeps weights",
  ]);
  const together = await noted("together");
  expect(await whileEngineRests(together.session, async () => 7)).toEqual({ value: 7, rested: {} });
  expect(together.said).toEqual([]);
});

test("a run's engine that lends its place keeps nothing meanwhile, and wakes only if all went well", async () => {
  const { session, said } = await noted("together");
  expect(await lending(session.engine, async () => said.push("another engine"))).toBe(2);
  expect(said).toEqual(["engine keeps nothing", "another engine", "engine wakes"]);
  await expect(lending(session.engine, () => Promise.reject(new Error("stopped")))).rejects.toThrow("stopped");
  expect(said.at(-1)).toBe("engine keeps nothing");
});
