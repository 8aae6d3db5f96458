// The conformance suite of the learner port, for the scripted double and the real Python child. One open learner for the whole
// suite (a real model takes seconds to load), so the tests run in order and leave it usable.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policyLosses } from "../../src/config/training.ts";
import { PlayactError } from "../../src/errors.ts";
import type { Learner, LearnerSample, OpenRequest, PolicyLoss } from "../../src/learner/learner.ts";
import { tokenDigest } from "../../src/rules/token-digest.ts";
import type { TrainingSample } from "../../src/types.ts";

export interface LearnerSuite {
  readonly start: () => Promise<Learner>;
  readonly request: OpenRequest;
  /** The expected torch version. */
  readonly torch: RegExp;
  /** Metrics of an update with a KL. */
  readonly metrics: readonly string[];
  /** Largest difference between log-probs computed in rows of different shapes, in nats. */
  readonly tolerance: number;
}

export const openRequest: OpenRequest = {
  model: "scripted",
  lora: { rank: 4, alpha: 8, seed: 7 },
  optimizer: { learningRate: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, gradClip: 1 },
  device: "cpu",
  dtype: "float32",
  threads: null,
  memory: null,
  rowTokens: null,
};

export const grpo: PolicyLoss = {
  kind: "grpo",
  clipLow: 0.2,
  clipHigh: 0.2,
  dualClip: 3,
  klCoef: 0,
  normalize: "tokens",
  constant: 64,
  importanceMode: "token_truncate",
  importanceCap: 2,
  temperature: 1,
};
const learningRate = 1e-3;

/** A sample whose ids after `prompt` are trained. Behaviour log-probs are invented: the learner measures the gap. */
function sample(prompt: readonly number[], answer: readonly number[], advantage: number): TrainingSample {
  const trained = [...prompt.map(() => 0), ...answer.map(() => 1)] as const;
  return {
    ids: [...prompt, ...answer],
    mask: trained.map((bit) => (bit === 1 ? 1 : 0)),
    logprobs: trained.map((bit) => (bit === 1 ? -3 : 0)),
    advantages: trained.map((bit) => (bit === 1 ? advantage : 0)),
  };
}

const prompt = [11, 25, 40, 33, 8];
const good = sample(prompt, [101, 17, 230], 1);
const bad = sample(prompt, [64, 300, 12, 9], -1);

export function learnerSuite(name: string, { start, request, torch, metrics, tolerance }: LearnerSuite): void {
  describe(`${name} keeps the learner port`, () => {
    let learner: Learner;
    const folder = mkdtempSync(join(tmpdir(), "playact-learner-"));
    beforeAll(async () => {
      learner = await start();
    });
    afterAll(async () => {
      await learner.close();
      rmSync(folder, { recursive: true });
    });

    const logprobs = async (ids: readonly number[], which: "policy" | "reference" = "policy") =>
      (await learner.logprobs([ids], which, 1))[0] ?? [];
    const answered = async ({ ids, mask }: TrainingSample) =>
      (await logprobs(ids)).reduce((sum, value, i) => sum + value * (mask[i] ?? 0), 0);

    test("a request before opening is rejected with what to do", async () => {
      await expect(learner.logprobs([[1, 2]], "policy", 1)).rejects.toThrow("call open first");
    });

    test("opening reports what was opened", async () => {
      const reply = await learner.open(request);
      expect(reply.vocabulary).toBeGreaterThan(300);
      expect(reply.trainableParameters).toBeGreaterThan(0);
      expect(reply).toMatchObject({ device: "cpu", dtype: "float32", torch: expect.stringMatching(torch) });
      await expect(learner.open(request)).rejects.toThrow(PlayactError);
    });

    test("a fresh adapter is the reference, log-probs have the samples' shapes and the first is 0", async () => {
      const samples = [good.ids, [5], bad.ids];
      const policy = await learner.logprobs(samples, "policy", 1);
      expect(policy.map((row) => row.length)).toEqual(samples.map((ids) => ids.length));
      expect(policy.map((row) => row[0])).toEqual([0, 0, 0]);
      expect(policy.every((row) => row.slice(1).every((value) => value < 0))).toBe(true);
      expect(await learner.logprobs(samples, "reference", 1)).toEqual(policy);
      expect(await learner.logprobs([], "policy", 1)).toEqual([]);
    });

    test("a higher temperature makes the log-probs more even", async () => {
      const spread = (values: readonly number[]) => Math.max(...values.slice(1)) - Math.min(...values.slice(1));
      const [sharp, flat] = [await learner.logprobs([good.ids], "policy", 1), await learner.logprobs([good.ids], "policy", 5)];
      expect(spread(flat[0] ?? [])).toBeLessThan(spread(sharp[0] ?? []));
    });

    test("GRPO makes good answers more likely and bad ones less, and returns the log-probs from before", async () => {
      const before = [await answered(good), await answered(bad)] as const;
      const values = await logprobs(good.ids);
      // Sampled by this policy: the weights of behaviour log-probs far from it would be near zero.
      const own = await Promise.all([good, bad].map(async (s) => ({ ...s, logprobs: await logprobs(s.ids) })));
      const reply = await learner.update({ minibatches: [own], loss: grpo, learningRate });
      expect(await answered(good)).toBeGreaterThan(before[0]);
      expect(await answered(bad)).toBeLessThan(before[1]);
      expect(reply.metrics).toMatchObject({ num_tokens: 7, skipped_steps: 0 });
      expect(reply.metrics.grad_norm).toBeGreaterThan(0);
      expect(reply.logprobs.map((row) => row.length)).toEqual([good.ids.length, bad.ids.length]);
      for (const [i, value] of (reply.logprobs[0] ?? []).entries()) {
        const wanted = good.mask[i] === 1 ? (values[i] ?? Number.NaN) : 0;
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(tolerance);
      }
    });

    test("the reference does not change", async () => {
      const reference = await logprobs(good.ids, "reference");
      await learner.update({ minibatches: [[good], [bad]], loss: grpo, learningRate });
      expect(await logprobs(good.ids, "reference")).toEqual(reference);
      expect(await logprobs(good.ids)).not.toEqual(reference);
    });

    test("an update returns the digests of the ids that it computed, up to each sample's last trained one", async () => {
      const cut = { ...good, ids: [...good.ids, 77, 5], mask: [...good.mask, 0 as const, 0 as const] };
      const whole = { ...cut, logprobs: cut.ids.map(() => -3), advantages: cut.ids.map(() => 1) };
      const reply = await learner.update({ minibatches: [[bad, whole], [sample(prompt, [], 1)]], loss: grpo, learningRate: 0 });
      expect(reply.digests).toEqual([bad.ids, good.ids, []].map(tokenDigest));
    });

    test("advantages that are all zero, or not finite, change nothing and are counted", async () => {
      const before = await logprobs(good.ids);
      for (const advantage of [0, Number.NaN]) {
        const reply = await learner.update({ minibatches: [[sample(prompt, [7, 9], advantage)]], loss: grpo, learningRate });
        expect(reply.metrics.skipped_steps).toBe(1);
        expect(await logprobs(good.ids)).toEqual(before);
      }
      const reply = await learner.update({ minibatches: [[], [sample(good.ids, [], 1)]], loss: grpo, learningRate });
      expect(reply.metrics).toMatchObject({ skipped_steps: 2, num_tokens: 0 });
      expect(await logprobs(good.ids)).toEqual(before);
    });

    test("supervised steps make the answer more likely and report its mean negative log-prob", async () => {
      const before = await answered(bad);
      const first = await learner.update({ minibatches: [[bad]], loss: { kind: "sft" }, learningRate });
      expect(first.metrics.loss).toBeCloseTo(-before / 4, 3);
      await learner.update({ minibatches: [[bad], [bad]], loss: { kind: "sft" }, learningRate });
      expect(await answered(bad)).toBeGreaterThan(before);
    });

    test("every policy loss is available by name, with other settings than GRPO's", async () => {
      const pair = [sample(prompt, [7, 9], 1), sample(prompt, [12], -1)].map((one) => ({ ...one, rollout: 3 }));
      const guide: LearnerSample = { ...sample(prompt, [7], 1), guide: true, rollout: 4 };
      const others = { normalize: "rollout", klCoef: 0.01 } as const;
      for (const kind of policyLosses) {
        const before = await logprobs([...prompt, 7]);
        const loss: PolicyLoss = { ...grpo, ...others, kind, importanceMode: "sequence_mask" };
        const reply = await learner.update({ minibatches: [[...pair, guide]], loss, learningRate });
        expect(reply.metrics, kind).toMatchObject({ num_tokens: 4, skipped_steps: 0 });
        expect(Object.keys(reply.metrics).sort()).toEqual(metrics.toSorted());
        expect(await logprobs([...prompt, 7]), kind).not.toEqual(before);
      }
    });

    test("the tokens of a guide have the loss of sampled ones, and become likelier without behaviour log-probs", async () => {
      const unlikely = sample(prompt, [205, 31], 1.5);
      const guide: LearnerSample = { ...unlikely, logprobs: unlikely.logprobs.map(() => 0), guide: true };
      const other = sample(prompt, [7], 0); // a sampled one without an advantage adds nothing to the sum
      const before = await answered(guide);
      const reply = await learner.update({ minibatches: [[other, guide]], loss: grpo, learningRate });
      expect(reply.metrics.loss).toBeCloseTo((-1.5 * 2) / 3, 4);
      // a moment of earlier updates may hold the first steps back
      for (let more = 0; more < 8; more++) await learner.update({ minibatches: [[other, guide]], loss: grpo, learningRate });
      expect(await answered(guide)).toBeGreaterThan(before);
    });

    test("a save is named by its content, hashed file by file and never overwritten", async () => {
      const saved = await learner.save(join(folder, "first"));
      expect(basename(saved.gguf)).toBe(`adapter-${saved.hash.slice(0, 16)}.gguf`);
      expect(Object.keys(saved.files)).toContain(basename(saved.gguf));
      for (const [file, hash] of Object.entries(saved.files)) {
        const bytes = readFileSync(join(saved.folder, file));
        expect(createHash("sha256").update(bytes).digest("hex"), file).toBe(hash);
      }
      mkdirSync(join(folder, "given", "peft"), { recursive: true });
      writeFileSync(join(folder, "given", "peft", "chat_template.jinja"), "{{ messages }}");
      const given = await learner.save(join(folder, "given"));
      expect(given.files["peft/chat_template.jinja"]).toBe(createHash("sha256").update("{{ messages }}").digest("hex"));
      await learner.restore(given.folder);
      await expect(learner.save(join(folder, "first"))).rejects.toThrow("contains an older save");
      expect((await learner.save(join(folder, "again"))).hash).toBe(saved.hash);
    });

    test("after a restore the same updates give the same numbers, bit for bit", async () => {
      await learner.save(join(folder, "middle"));
      const proceed = async () => {
        const first = await learner.update({ minibatches: [[good, bad]], loss: grpo, learningRate });
        const second = await learner.update({ minibatches: [[bad]], loss: { kind: "sft" }, learningRate });
        return [first.metrics.loss, first.logprobs, second.metrics.loss, second.metrics.grad_norm, await logprobs(bad.ids)];
      };
      const straight = await proceed();
      await learner.restore(join(folder, "middle"));
      expect(await proceed()).toEqual(straight);
    });

    test.each(["weights", "nothing"] as const)(
      "at rest, keeping its %s, it refuses every verb; awake its numbers and its next update are those without a rest",
      async (keep) => {
        const place = join(folder, `rested-${keep}`);
        await learner.save(place);
        const proceed = async () => {
          const before = [await logprobs(bad.ids), await logprobs(bad.ids, "reference")];
          const { metrics, logprobs: old } = await learner.update({
            minibatches: [[good, bad], [bad]],
            loss: grpo,
            learningRate,
          });
          return [before, metrics.loss, metrics.grad_norm, old, await logprobs(bad.ids)];
        };
        const straight = await proceed();
        await learner.restore(place);
        expect(await learner.rest(keep)).toBeGreaterThanOrEqual(0);
        const calls = [
          () => logprobs(good.ids),
          () => learner.update({ minibatches: [[good]], loss: grpo, learningRate }),
          () => learner.save(join(folder, "asleep")),
          () => learner.restore(place),
        ];
        for (const call of calls) await expect(call()).rejects.toThrow("the learner rests: call wake first");
        await learner.rest(keep); // again: nothing to do
        await learner.wake();
        await learner.wake();
        expect(await proceed()).toEqual(straight);
      },
    );

    test("what cannot be restored or trained is rejected and leaves the learner unchanged", async () => {
      const before = await logprobs(good.ids);
      await expect(learner.restore(join(folder, "nowhere"))).rejects.toThrow("cannot be restored");
      await expect(learner.logprobs([[1, 100_000_000]], "policy", 1)).rejects.toThrow("token ids must be in");
      expect(await logprobs(good.ids)).toEqual(before);
    });

    test("calls after closing are rejected; closing twice is fine", async () => {
      await learner.close();
      await learner.close();
      await expect(learner.logprobs([[1, 2]], "policy", 1)).rejects.toThrow("closed");
    });
  });
}
