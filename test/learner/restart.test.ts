// A learner whose process dies, tested with deterministic doubles that die on command: its results must equal those of a
// learner that does not die.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { PlayactError } from "../../src/errors.ts";
import type { Learner, UpdateRequest } from "../../src/learner/learner.ts";
import { type MortalLearner, restartingLearner } from "../../src/learner/restart.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { learnerSuite, openRequest } from "../suites/learner.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-restart-"));
afterAll(() => rmSync(folder, { recursive: true }));
/** The signal of a run that nobody stops. */
const going = () => new AbortController().signal;

/** Starts learners that die during their nth call, one number for each process; the last one never dies. */
function mortals(deaths: readonly number[]): { start: () => Promise<MortalLearner>; lives: () => number } {
  let lives = 0;
  const start = async (): Promise<MortalLearner> => {
    const inner = scriptedLearner();
    let left = deaths[lives++] ?? Number.POSITIVE_INFINITY;
    let failure: PlayactError | null = null;
    async function mortal<T>(work: () => Promise<T>): Promise<T> {
      if (failure === null && --left <= 0) failure = new PlayactError("learner", "the learner ended with signal SIGKILL");
      if (failure !== null) throw failure;
      return work();
    }
    return {
      failure: () => failure,
      open: (request) => mortal(() => inner.open(request)),
      logprobs: (...given) => mortal(() => inner.logprobs(...given)),
      update: (request) => mortal(() => inner.update(request)),
      save: (path) => mortal(() => inner.save(path)),
      restore: (path) => mortal(() => inner.restore(path)),
      rest: (keep) => mortal(() => inner.rest(keep)),
      wake: () => mortal(() => inner.wake()),
      close: () => inner.close(),
    };
  };
  return { start, lives: () => lives };
}

const gpu = { device: "cuda:0 (NVIDIA L4)", dtype: "bfloat16" };

const update = (id: number): UpdateRequest => ({
  minibatches: [[{ ids: [1, id], mask: [0, 1], logprobs: [0, -3], advantages: [0, 1] }]],
  loss: { kind: "sft" },
  learningRate: 1e-3,
});

/** A small run: two steps, each with an update or two and a save that is renamed as in checkpoint.ts, then a question. */
async function run(learner: Learner, name: string): Promise<unknown> {
  await learner.open(openRequest);
  await learner.update(update(5));
  await learner.update(update(6));
  await learner.save(join(folder, `${name}.tmp`));
  renameSync(join(folder, `${name}.tmp`), join(folder, name));
  await learner.rest("weights");
  await learner.rest("nothing");
  await learner.wake();
  await learner.update(update(7));
  const { logprobs, metrics } = await learner.update(update(5));
  const { "learner/restarts": _, ...computed } = metrics;
  return { computed, logprobs, after: await learner.logprobs([[1, 5, 6, 7]], "policy", 1) };
}

learnerSuite("a learner that can be started again", {
  start: () => restartingLearner(mortals([]).start, going()),
  request: openRequest,
  torch: /^scripted$/,
  metrics: ["loss", "grad_norm", "num_tokens", "skipped_steps", "guide/probability", "learner/restarts"],
  tolerance: 1e-12,
});

describe("a learner that is started again", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    "after a death in call %i computes the same as one that does not die",
    async (death) => {
      const expected = await run(scriptedLearner(), `plain-${death}`);
      const { start, lives } = mortals([death]);
      expect(await run(await restartingLearner(start, going()), `death-${death}`)).toEqual(expected);
      expect(lives()).toBe(2);
    },
  );

  test("saves what it was given, and nothing that a process left which died in the save", async () => {
    const { start, lives } = mortals([2]);
    const dying = async (): Promise<MortalLearner> => {
      const next = await start();
      const save: Learner["save"] = async (path) => {
        if (lives() === 1)
          for (const name of ["adapter.gguf", "peft/adapter_model.safetensors"]) writeFileSync(join(path, name), "half");
        return next.save(path);
      };
      return { ...next, save };
    };
    const learner = await restartingLearner(dying, going());
    await learner.open(openRequest);
    const path = join(folder, "given");
    mkdirSync(join(path, "peft"), { recursive: true });
    writeFileSync(join(path, "peft", "chat_template.jinja"), "{{ messages }}");
    const { gguf, files } = await learner.save(path);
    expect(lives()).toBe(2);
    expect(Object.keys(files).sort()).toEqual([basename(gguf), "peft/chat_template.jinja", "state.json"]);
    expect(readFileSync(join(path, "peft", "chat_template.jinja"), "utf8")).toBe("{{ messages }}");
  });

  test("counts its restarts in the metrics of an update", async () => {
    const learner = await restartingLearner(mortals([2]).start, going());
    await learner.open(openRequest);
    expect((await learner.update(update(5))).metrics["learner/restarts"]).toBe(1);
  });

  test("gives up if the same call also ends the next process", async () => {
    const { start, lives } = mortals([2, 2]);
    const learner = await restartingLearner(start, going());
    await learner.open(openRequest);
    await expect(learner.update(update(5))).rejects.toThrow("signal SIGKILL");
    expect(lives()).toBe(2);
  });

  test("is started once for several calls that failed because of one death", async () => {
    const { start, lives } = mortals([2]);
    const learner = await restartingLearner(start, going());
    await learner.open(openRequest);
    const all = await Promise.all([1, 2, 3].map((id) => learner.logprobs([[0, id]], "policy", 1)));
    expect(all).toHaveLength(3);
    expect(lives()).toBe(2);
  });

  test("a refusal by a running learner is passed on", async () => {
    const { start, lives } = mortals([]);
    const learner = await restartingLearner(start, going());
    await expect(learner.logprobs([[1]], "policy", 1)).rejects.toThrow("call open first");
    expect(lives()).toBe(1);
  });

  test("is not continued on another device, so that the run's recorded device stays true", async () => {
    const { start, lives } = mortals([2]);
    const learner = await restartingLearner(async () => {
      const next = await start();
      const open: Learner["open"] = async (request) => ({ ...(await next.open(request)), ...(lives() === 1 ? gpu : {}) });
      return { ...next, open };
    }, going());
    expect(await learner.open(openRequest)).toMatchObject(gpu);
    await expect(learner.update(update(5))).rejects.toThrow(
      "it was on cuda:0 (NVIDIA L4) in bfloat16 by torch scripted and would go on cpu in float32 by torch scripted: resume the run",
    );
  });

  test("reports a missing last save and asks for a resume", async () => {
    const learner = await restartingLearner(mortals([3]).start, going());
    await learner.open(openRequest);
    await learner.save(join(folder, "lost"));
    rmSync(join(folder, "lost"), { recursive: true });
    await expect(learner.update(update(5))).rejects.toThrow("resume the run");
  });

  test.each([1, 2])("ends by a stop at once in the update of its process %i, and is not started again", async (busy) => {
    const { start, lives } = mortals([3]);
    const stop = new AbortController();
    /** A process whose update lasts until it is closed, if it is the busy one; the stop comes in the middle of that. */
    const endless = async (): Promise<MortalLearner> => {
      const next = await start();
      if (lives() !== busy) return next;
      let end = (_: PlayactError) => {};
      const update = () =>
        new Promise<never>((_, reject) => {
          end = reject;
          stop.abort();
        });
      const close = async () => {
        end(new PlayactError("learner", "the learner was closed"));
        await next.close();
      };
      return { ...next, update, close };
    };
    const learner = await restartingLearner(endless, stop.signal);
    await learner.open(openRequest);
    const updates = async () => {
      for (const id of [5, 6]) await learner.update(update(id)); // the first process dies in the second: the next begins with the first
    };
    await expect(updates()).rejects.toThrow("the learner was closed");
    await expect(learner.logprobs([[1]], "policy", 1)).rejects.toThrow();
    expect(lives()).toBe(busy);
  });
});
