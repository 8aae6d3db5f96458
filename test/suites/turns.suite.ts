// What every policy keeps, be it in process or on a server: turns, their limits and their ends, without a word about log-probs. The
// policy suite of an engine in process begins with it.
import { expect, test } from "vitest";
import type { Policy, Sampled, SampleRequest } from "../../src/llm/llm.ts";

export interface TurnBench {
  readonly policy: Policy;
  /** The ids of one message and the opening of the policy's turn. */
  chat(text: string): number[];
  /** A prompt of exactly this many ids. */
  filled(ids: number): number[];
  /** Ids of the whole context. */
  readonly contextIds: number;
  /** Waits until a request that was made before has begun. */
  begun(prompt: readonly number[]): Promise<unknown>;
  /** Whether what was sampled is what it should be; of a server nothing is known beforehand. */
  checked(prompt: readonly number[], sampled: Sampled): Promise<void>;
}

/** Registers the tests; the bench is opened before they run. */
export function turnTests(bench: () => TurnBench): void {
  const sample = (ids: readonly number[], change: Partial<SampleRequest> = {}) =>
    bench().policy.sample({ ids, seed: 1, temperature: 1, maxTokens: 12, stop: new Set(), deadlineMs: 60_000, ...change });

  test("the same seed gives the same ids", async () => {
    const prompt = bench().chat("Say something.");
    await sample(prompt, { maxTokens: 1 });
    const [one, again] = [await sample(prompt, { seed: 7 }), await sample(prompt, { seed: 7 })];
    expect(again.ids).toEqual(one.ids);
  });

  test("maxTokens ends the turn by length", async () => {
    expect(await sample(bench().chat("Go on."), { maxTokens: 3 })).toMatchObject({ end: "length", ids: { length: 3 } });
  });

  test("a full context ends the turn and never shifts", async () => {
    const prompt = bench().filled(bench().contextIds - 5);
    const filled = await sample(prompt, { maxTokens: 50 });
    expect(filled.end).toBe("context_full");
    expect(filled.ids).toHaveLength(5);
    await bench().checked(prompt, filled);
  });

  test("a prompt that leaves no room is rejected", async () => {
    await expect(sample(bench().filled(bench().contextIds))).rejects.toMatchObject({ code: "context_full" });
    expect((await sample(bench().filled(bench().contextIds - 1))).ids).toHaveLength(1);
  });

  test("a cancelled request rejects, before and while it runs, and the policy continues", async () => {
    const prompt = bench().chat("Never mind.");
    await expect(sample(prompt, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    const controller = new AbortController();
    const running = sample(prompt, { maxTokens: 200, signal: controller.signal });
    const beside = sample(prompt, { seed: 2 });
    await bench().begun(prompt);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    await bench().checked(prompt, await beside);
  });
}
