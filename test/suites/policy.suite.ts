// The conformance suite of the engine port, for the scripted double and for llama.cpp on a small model; the simulator's part is
// simulator.suite.ts, which a server keeps too, and so is what turns.suite.ts asks of a policy. Log-probs are compared
// with `score`, which computes every id without a cache: reuse must not change a number by more than rounding. A quantised
// model rounds its activations too, so an id computed alone differs from one computed in a batch (SmolLM2 Q4_1: 0.01 to 0.3
// nats on single ids, 0.05 in the mean), while a wrong or missing cell changes the mean by a nat or more; hence means. `warm`
// puts two runs that must agree into the same shape.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine, Sampled, SampleRequest } from "../../src/llm/llm.ts";
import { renderChat } from "../../src/llm/text/prompt.ts";
import { benchOf, simulatorTests } from "./simulator.suite.ts";
import { turnTests } from "./turns.suite.ts";

export interface SuiteOptions {
  /** Opens an engine with one file for both roles, with `contextTokens` per sequence. */
  readonly open: (contextTokens: number) => Promise<Engine>;
  /** Writes an adapter to this path, with weights of some size or all 0. Absent if the model's shape is not supported. */
  readonly writeAdapter?: (path: string, weights: "some" | "zero") => void;
  /** Largest difference of a first id's log-prob, in nats. */
  readonly tolerance: number;
  /** Largest mean absolute difference of the later ids' log-probs, in nats. */
  readonly meanTolerance: number;
}

const contextTokens = 256;

export function policySuite(name: string, { open, writeAdapter, tolerance, meanTolerance }: SuiteOptions): void {
  describe(`${name} keeps the engine port`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open(contextTokens);
    });
    afterAll(() => engine[Symbol.asyncDispose]());

    const chat = (text: string) => renderChat(engine.vocabulary, [{ role: "user", content: text }], "");
    const sample = (ids: readonly number[], change: Partial<SampleRequest> = {}) =>
      engine.policy.sample({ ids, seed: 1, temperature: 1, maxTokens: 12, stop: new Set(), deadlineMs: 60_000, ...change });

    async function warm(text: string): Promise<number[]> {
      const prompt = chat(text);
      await sample(prompt, { maxTokens: 1 });
      return prompt;
    }

    async function expectScored(prompt: readonly number[], sampled: Sampled): Promise<void> {
      const scored = (await engine.score([...prompt, ...sampled.ids])).slice(prompt.length);
      const differences = sampled.logprobs.map((logprob, at) => Math.abs(logprob - (scored[at] ?? Number.NaN)));
      expect(differences).toHaveLength(sampled.ids.length);
      expect(differences[0]).toBeLessThanOrEqual(tolerance);
      expect(differences.reduce((sum, one) => sum + one, 0) / differences.length).toBeLessThanOrEqual(meanTolerance);
    }

    turnTests(() => ({
      policy: engine.policy,
      chat,
      filled: (ids) => [...chat("Start:"), ...engine.vocabulary.encode("a b ".repeat(300))].slice(0, ids),
      contextIds: contextTokens,
      begun: (prompt) => sample(prompt, { maxTokens: 2 }),
      checked: expectScored,
    }));

    test("the samples of a group that start together have the log-probs of a fresh computation", async () => {
      const prompt = chat("Tell me a story about a lighthouse and the people in it.");
      const group = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => sample(prompt, { seed })));
      for (const sampled of group) {
        expect(sampled.ids).toHaveLength(12);
        await expectScored(prompt, sampled);
      }
      expect(new Set(group.map(({ ids }) => ids.join(" "))).size).toBeGreaterThan(1);
    });

    test("the next turn of an episode has the log-probs of a fresh computation", async () => {
      const first = chat("Name a colour.");
      const turn = await sample(first);
      const second = [...first, ...turn.ids, ...chat("And another one, please.")];
      await expectScored(second, await sample(second));
    });

    test("a branch that leaves a computed sequence in its middle has the log-probs of a fresh computation", async () => {
      const stem = chat("One two three four five six seven eight nine ten eleven twelve.");
      const left = [...stem, ...engine.vocabulary.encode("Thirteen, fourteen, fifteen, sixteen")];
      await sample(left);
      for (const cut of [stem.length, stem.length + 1, stem.length - 1]) {
        const right = [...left.slice(0, cut), ...engine.vocabulary.encode(" Monday, Tuesday, Wednesday, Thursday")];
        await expectScored(right, await sample(right));
      }
    });

    test("requests of different lengths that run together do not disturb each other", async () => {
      const prompts = ["Hi.", "Count the planets of our sun and name the largest of them.", "Why?", "x".repeat(90)].map(chat);
      const sampled = await Promise.all(prompts.map((prompt, seed) => sample(prompt, { seed })));
      for (const [at, prompt] of prompts.entries())
        await expectScored(prompt, sampled[at] ?? { ids: [], logprobs: [], end: "length" });
    });

    test("temperature 0 takes the most likely id for any seed, and returns its log-prob at temperature 1", async () => {
      const prompt = await warm("What is the capital of France?");
      const greedy = await sample(prompt, { temperature: 0, seed: 1 });
      expect((await sample(prompt, { temperature: 0, seed: 2 })).ids).toEqual(greedy.ids);
      await expectScored(prompt, greedy);
      const drawn = await Promise.all([1, 2, 3, 4].map((seed) => sample(prompt, { seed, maxTokens: 1 })));
      for (const { logprobs } of drawn) expect(logprobs[0]).toBeLessThanOrEqual((greedy.logprobs[0] ?? 0) + tolerance);
    });

    test.each([1, 0.6])("at temperature %d the frequency of ids matches their log-probs", async (temperature) => {
      const prompt = await warm("Pick a number from one to ten.");
      const draws = 160;
      const firsts = await Promise.all(
        Array.from({ length: draws }, (_, seed) => sample(prompt, { seed, temperature, maxTokens: 1 })),
      );
      const seen = new Map<number, { count: number; logprob: number }>();
      for (const { ids, logprobs } of firsts) {
        const id = ids[0] ?? -1;
        const before = seen.get(id) ?? { count: 0, logprob: logprobs[0] ?? 0 };
        expect(Math.abs(before.logprob - (logprobs[0] ?? 0))).toBeLessThanOrEqual(tolerance);
        seen.set(id, { ...before, count: before.count + 1 });
      }
      const [commonest] = [...seen.values()].sort((one, other) => other.count - one.count);
      expect(commonest).toBeDefined();
      const share = (commonest?.count ?? 0) / draws;
      const probability = Math.exp(commonest?.logprob ?? 0);
      // four standard deviations of a share over this many draws
      expect(Math.abs(share - probability)).toBeLessThan(4 * Math.sqrt((probability * (1 - probability)) / draws) + 0.02);
    });

    test("a stop id ends the turn and is part of it", async () => {
      const prompt = await warm("Name three animals.");
      const greedy = await sample(prompt, { temperature: 0 });
      const stopId = greedy.ids[4] ?? -1;
      const stopped = await sample(prompt, { temperature: 0, stop: new Set([stopId]) });
      expect(stopped.end).toBe("stop");
      expect(stopped.ids).toEqual(greedy.ids.slice(0, greedy.ids.indexOf(stopId) + 1));
    });

    test("a sample out of time ends with what it has; with nothing the error names the request", async () => {
      const prompt = await warm("Take your time.");
      const late = (deadlineMs: number) =>
        sample(prompt, { maxTokens: 200, deadlineMs }).catch((thrown: unknown) => {
          expect(thrown).toMatchObject({ code: "deadline", message: expect.stringContaining("policy sample") });
          return null;
        });
      let sampled: Sampled | null = null;
      for (let deadlineMs = 1; sampled === null; deadlineMs *= 2) sampled = await late(deadlineMs);
      expect(sampled.end).toBe("deadline");
      expect(sampled.ids.length).toBeGreaterThan(0);
      await expectScored(prompt, sampled);
    });

    test.runIf(writeAdapter)("an adapter changes log-probs; one of zeros changes none, although its hash differs", async () => {
      const folder = mkdtempSync(join(tmpdir(), "playact-suite-"));
      const prompt = chat("Say hello to the world.");
      const { version } = engine.policy;
      const bare = await engine.score(prompt);
      const late = await engine.score(prompt, 5); // earlier ones are left out
      expect(late).toHaveLength(prompt.length);
      for (const [at, logprob] of late.entries()) expect(logprob).toBeCloseTo(at < 5 ? 0 : (bare[at] ?? Number.NaN), 3);
      for (const [at, weights] of (["zero", "some"] as const).entries()) {
        const path = join(folder, weights);
        writeAdapter?.(path, weights);
        expect(await engine.swap({ path, hash: `hash of ${weights}` }, version + 1 + at)).toMatchObject({
          adapter: `hash of ${weights}`,
        });
        const moved = (await engine.score(prompt)).map((logprob, position) => Math.abs(logprob - (bare[position] ?? 0)));
        if (weights === "zero") expect(Math.max(...moved)).toBe(0);
        else expect(Math.max(...moved)).toBeGreaterThan(0.01);
      }
      await engine.swap(null, version + 3);
      expect(await engine.score(prompt)).toEqual(bare);
      rmSync(folder, { recursive: true });
    });

    simulatorTests(() => benchOf(engine), { contextTokens, tolerance });

    test.each(["weights", "nothing"] as const)(
      "at rest, keeping its %s, it refuses requests but reads text; awake it goes on bit for bit, with its adapter",
      async (keep) => {
        const folder = mkdtempSync(join(tmpdir(), "playact-suite-"));
        const prompt = chat("What is left of the night?");
        const path = join(folder, "some");
        writeAdapter?.(path, "some");
        const bare = await engine.score(prompt);
        const policy = await engine.swap(writeAdapter ? { path, hash: "worn" } : null, engine.policy.version + 1);
        const [scored, counted] = [await engine.score(prompt), engine.counters().policy];
        if (writeAdapter) expect(scored).not.toEqual(bare);

        expect(await engine.rest(keep)).toBeGreaterThanOrEqual(0);
        const messages = [{ role: "user", content: "Still there?" }] as const;
        const request = { messages, seed: 1, temperature: 1, maxTokens: 9, deadlineMs: 60_000 };
        const calls = [
          () => sample(prompt),
          () => engine.score(prompt),
          () => engine.swap(null, 99),
          () => engine.simulator.choose({ ...request, lead: "", options: ["A", "B"] }),
          () => engine.simulator.reply({ ...request, schema: { type: "boolean" } }),
        ];
        for (const call of calls)
          await expect(call()).rejects.toMatchObject({ code: "resting", message: expect.stringContaining("wake it first") });
        expect(engine.vocabulary.decode(chat("Still there?"))).toContain("Still there?");
        expect(engine.simulator.fits(messages, "", 1)).toBe(true);
        expect(engine.counters().policy).toMatchObject({ prefilled: counted.prefilled, decoded: counted.decoded });

        await engine.rest(keep); // again: nothing to do
        await engine.wake();
        await engine.wake();
        expect(engine.policy).toBe(policy);
        expect(await engine.score(prompt)).toEqual(scored);
        expect(await sample(prompt)).toMatchObject({ ids: { length: 12 } });
        await engine.swap(null, policy.version + 1);
        expect(await engine.score(prompt)).toEqual(bare);
        rmSync(folder, { recursive: true });
      },
    );

    test("a rest waits for the samples in flight, and a wake for the rest", async () => {
      const running = sample(chat("Count to ten."));
      const rested = engine.rest("nothing");
      await new Promise((resolve) => setImmediate(resolve));
      await expect(sample(chat("Me too."))).rejects.toMatchObject({ code: "resting" });
      const woken = engine.wake();
      expect((await running).ids).toHaveLength(12);
      await rested;
      await woken;
      expect((await sample(chat("Me too."))).ids).toHaveLength(12);
    });

    test("a swap returns a new handle, and the old one rejects requests", async () => {
      const before = engine.policy;
      const after = await engine.swap(null, before.version + 1);
      expect(after).toMatchObject({ version: before.version + 1, adapter: null });
      expect(engine.policy).toBe(after);
      const request = { ids: chat("Hello."), seed: 1, temperature: 1, maxTokens: 2, stop: new Set<number>(), deadlineMs: 60_000 };
      await expect(before.sample(request)).rejects.toMatchObject({ code: "closed" });
      await expectScored(request.ids, await after.sample(request));
    });
  });
}
