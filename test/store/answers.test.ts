import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import type { Remembered } from "../../src/simulator/memory.ts";
import { loadAnswers, saveAnswer } from "../../src/store/answers.ts";
import { releaseLease } from "../../src/store/lease.ts";
import { buildSources } from "../support/built.ts";
import { stating } from "../support/remembered.ts";
import { exampleTask, newWriter, temporaryStore } from "./temporary.ts";

const call = { name: "forecast", arguments: { city: "Oslo" } };
const entry: Remembered = {
  world: "0123456789abcdef",
  task: "weather-1",
  call: 'forecast{"city":"oslo"}',
  state: ['book{"seats":"2"}'],
  answer: { ok: true, text: '{"celsius": -2.5}', reward: 1, fact: { ...call, result: { celsius: -2.5 } } },
};

test("an answer is read back as it was stored, by its own run alone", () => {
  using temporary = temporaryStore();
  const writer = newWriter(temporary.store, "one");
  saveAnswer(writer, entry);
  const refusal: Remembered = { ...entry, state: [], answer: { ok: true, text: '{"error": "closed"}', reward: -1, fact: null } };
  saveAnswer(writer, refusal);
  expect(loadAnswers(temporary.store, writer.run)).toEqual(expect.arrayContaining([entry, refusal]));
  expect(loadAnswers(temporary.store, newWriter(temporary.store, "two").run)).toEqual([]);
});

test("a second answer to the same call in the same state is an error, not a change", () => {
  using temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  saveAnswer(writer, entry);
  const second = stating(call, { celsius: 3 });
  expect(() => second.ok && saveAnswer(writer, { ...entry, answer: second })).toThrow(/UNIQUE/);
  expect(loadAnswers(temporary.store, writer.run)).toEqual([entry]);
});

const program = join(dirname(fileURLToPath(import.meta.url)), "answer-giver.mjs");

/** Starts the program, kills it after so many answers and a moment, and returns all that it gave. */
async function giveAndKill(sources: string, path: string, answers: number, microseconds: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, sources, path, JSON.stringify(exampleTask())], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const given: string[] = [];
  const lines = createInterface(child.stdout);
  lines.on("line", (line) => {
    given.push(line);
    if (given.length !== answers) return;
    const until = process.hrtime.bigint() + BigInt(microseconds * 1000);
    while (process.hrtime.bigint() < until); // shorter than any timer; it answers on meanwhile
    child.kill("SIGKILL");
  });
  await Promise.all([once(child, "close"), once(lines, "close")]);
  return given;
}

test("of a process that is killed at twenty moments, no call was ever given two answers", async () => {
  using built = buildSources();
  using temporary = temporaryStore();
  releaseLease(newWriter(temporary.store));
  const random = draws("answers killed");
  const given: string[] = [];
  for (let kill = 0; kill < 20; kill++)
    given.push(
      ...(await giveAndKill(built.path(""), temporary.path, 16 * kill + random.integer(1, 16), random.integer(0, 3000))),
    );
  const answers = new Set(given);
  const calls = new Set(given.map((line) => line.split(" = ")[0]));
  expect(calls.size).toBeGreaterThan(50);
  expect(answers.size).toBe(calls.size);
});
