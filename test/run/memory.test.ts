// A run whose tools remember, in a world that never says the same twice by itself: it dies at twenty moments and is resumed each
// time. What the policy is shown stands for what was given, also in lives that lost it.
import { expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { memoryOf } from "../../src/run/memory.ts";
import type { Remembered } from "../../src/simulator/memory.ts";
import { loadAnswers } from "../../src/store/answers.ts";
import { lastClosedStep } from "../../src/store/steps.ts";
import type { JsonObject } from "../../src/types.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { blueprint, says } from "../support/blueprint.ts";
import { memoryOver, stating } from "../support/remembered.ts";
import { cities, dyingAt, Killed, life, newRun, simulatorReply, wholeConfig } from "../support/whole-run.ts";

/** All trains that the policy was shown for the same question, by what its task is about; and how often a model was asked. */
async function shown(memory: boolean, kills: number) {
  using temporary = temporaryStore();
  const { simulator, tasks } = wholeConfig;
  const run = newRun(temporary, { simulator: { ...simulator, memory }, tasks: { ...tasks, perStep: 4 } });
  const seen = new Map<string, Set<string>>();
  let asked = 0;
  const script = {
    say: (prompt: string) => {
      const about = cities.find((city) => prompt.includes(city));
      if (about === undefined) return "Which?"; // a task of the probe
      const [train] = /NT\d{3,}/.exec(prompt) ?? [];
      if (train === undefined) return says({ name: "find_train", arguments: { from: "Oslo", to: "Moss", day: "2027-03-02" } });
      seen.set(about, (seen.get(about) ?? new Set()).add(train));
      return `It is ${train}.`;
    },
    reply: (request: Parameters<typeof simulatorReply>[0]) =>
      "train_id" in (request.schema.properties as JsonObject) // a tool's reply is an object
        ? { train_id: `NT${100 + ++asked}`, departs: "09:00" }
        : simulatorReply(request),
  };
  const random = draws("kills", kills);
  for (let kill = 0; kill < kills; kill++) {
    const { moment } = dyingAt(random.integer(1, 9));
    await expect(life(temporary, run, { token: `life ${kill}`, moment, script })).rejects.toThrow(Killed);
  }
  await life(temporary, run, { token: "last", script });
  expect(lastClosedStep(temporary.store, run)?.number).toBe(2);
  const stored = loadAnswers(temporary.store, run);
  return { seen: [...seen.values()].map((trains) => [...trains]), asked, stored };
}

test("a run that dies at twenty moments never gives two answers to one call of a task", async () => {
  const { seen, asked, stored } = await shown(true, 20);
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.filter((trains) => trains.length !== 1)).toEqual([]);
  expect(stored.map(({ answer }) => /NT\d+/.exec(answer.text)?.[0]).sort()).toEqual(seen.flat().sort());
  expect(asked).toBeGreaterThanOrEqual(stored.length); // a kill may have lost one that nobody was given
  expect(stored[0]).toMatchObject({ call: 'find_train{"day":"2027-03-02","from":"oslo","to":"moss"}', state: [] });
});

test("without memory such a world answers every episode otherwise, and nothing is stored", async () => {
  const { seen, stored } = await shown(false, 0);
  expect(seen.filter((trains) => trains.length > 1).length).toBeGreaterThan(1);
  expect(stored).toEqual([]);
});

test("a run on a task set begins with what the teacher was answered when the set was made", async () => {
  using temporary = temporaryStore();
  const { database } = temporary.store;
  const stored: Remembered[] = [];
  const call = { name: "find_train", arguments: { from: "Oslo", to: "Moss", day: "2027-03-02" } };
  await memoryOver(stored).answer(blueprint(), call, [], async () => stating(call, { train_id: "NT7" }));
  database.prepare("INSERT INTO task_set (id, name, config, created_at) VALUES (1, 'trains', '{}', '')").run();
  database
    .prepare("INSERT INTO synthesis VALUES (1, 0, 'solutions', ?, NULL, NULL, 0, 0, 0, '')")
    .run(JSON.stringify({ solutions: [], memory: stored }));
  database.prepare(`INSERT INTO synthesis VALUES (1, 1, 'solutions', '"by rule"', NULL, NULL, 0, 0, 0, '')`).run();
  const { simulator, tasks } = wholeConfig;
  const { signal } = new AbortController();
  const run = { writer: newWriter(temporary.store), signal, progress: () => undefined };
  const answerOf = (source: string | null) =>
    memoryOf({ simulator: { ...simulator, memory: true }, tasks: { ...tasks, source } }, run)?.answer(
      blueprint({ id: "trains-1@2" }),
      call,
      [],
      async () => stating(call, { train_id: "NT8" }),
    );
  expect(await answerOf("trains")).toMatchObject({ text: '{"train_id":"NT7"}' });
  expect(await answerOf(null)).toMatchObject({ text: '{"train_id":"NT8"}' });
});
