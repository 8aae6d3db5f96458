// The results of the run of story.ts, read by SQL, by the command line, and by the libraries that users load adapters with.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { getLlama, type LlamaContext, LlamaLogLevel, type LlamaModel, type Token } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TokenRow } from "../../src/cli/show.ts";
import { modelPath } from "../../src/models/model.ts";
import { pythonPath } from "../../src/models/python.ts";
import { type Home, newHome, play, type Story, shape, trajectories } from "./story.ts";

let home: Home;
let story: Story;
beforeAll(async () => {
  home = newHome();
  story = await play(home);
});
afterAll(() => home[Symbol.asyncDispose]());

describe("a run that is interrupted once and killed twice", () => {
  test("ends by Ctrl-C with code 130, as interrupted, and names the command that resumes it", () => {
    expect(story.interrupted).toMatchObject({ code: 130, status: "interrupted" });
    expect(story.interrupted.stderr).toContain("playact train --resume tiny-1");
    expect(home.rows("SELECT * FROM task ORDER BY id")).toEqual(expect.arrayContaining([...story.interrupted.tasks]));
  });

  test("is restarted by its supervisor after the worker is killed in step 1", () => {
    expect(story.worker.step).toMatchObject({ number: 1 });
    expect(story.worker.step.trajectories).toBeGreaterThan(0);
    expect(story.supervisor.stderr).toContain("the worker was ended by SIGKILL");
  });

  test("stops with its supervisor in step 2, and is resumed to its end", () => {
    expect(story.supervisor.step).toMatchObject({ number: 2 });
    expect(story.supervisor.step.trajectories).toBeGreaterThan(0);
    expect(story.finished).toMatchObject({ code: 0 });
    expect(home.rows("SELECT status FROM run")).toEqual([{ status: "finished" }]);
  });

  test("prints each step once on stdout, as a line of JSON", () => {
    const lines = `${story.interrupted.stdout}${story.supervisor.stdout}${story.finished.stdout}`.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2]);
  });

  test("keeps every trajectory that was stored before a kill, bit for bit", () => {
    const now = trajectories(home);
    for (const [id, content] of [...story.worker.stored, ...story.supervisor.stored]) expect(now.get(id)).toBe(content);
  });

  test("has each step once and closed, the warm-up as step 0, and each task and sample once", () => {
    expect(home.rows("SELECT number, closed_at IS NOT NULL AS closed FROM step ORDER BY number")).toEqual(
      [0, 1, 2].map((number) => ({ number, closed: 1 })),
    );
    expect(home.rows("SELECT step, policy_version, trajectories FROM step_summary ORDER BY step")).toEqual([
      { step: 0, policy_version: 0, trajectories: shape.demonstrations },
      { step: 1, policy_version: 1, trajectories: shape.tasks * shape.samples },
      { step: 2, policy_version: 2, trajectories: shape.tasks * shape.samples },
    ]);
    const places = home.rows<object>("SELECT DISTINCT step, task, sample FROM trajectory_summary");
    expect(places).toHaveLength(shape.demonstrations + shape.steps * shape.tasks * shape.samples);
    expect(
      home.rows("SELECT step, min(policy_version) AS least, max(policy_version) AS most FROM episode GROUP BY step"),
    ).toEqual([0, 1, 2].map((version) => ({ step: version, least: version, most: version })));
  });

  test("leaves an intact database", () => {
    expect(home.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(home.rows("PRAGMA foreign_key_check")).toEqual([]);
    expect(home.rows("SELECT * FROM lease")).toEqual([]);
  });

  test("has the sampler-learner gap and the time of every step as metrics", () => {
    const gap = ["sampling/sampling_logp_difference/mean", "sampling/sampling_logp_difference/max", "sampling/ratio_out_of_band"];
    for (const step of [1, 2]) {
      const metrics = new Map(
        home
          .rows<{ name: string; value: number }>(`SELECT name, value FROM metric WHERE step = ${step}`)
          .map(({ name, value }) => [name, value]),
      );
      for (const name of [...gap, "step_time"]) expect(metrics.get(name), `${name} of step ${step}`).toBeTypeOf("number");
      // the sampler is quantised, the learner is not: they differ, but a wrong token would differ far more
      expect(metrics.get(gap[0] ?? "")).toBeGreaterThan(0);
      expect(metrics.get(gap[0] ?? "")).toBeLessThan(0.3);
    }
  });

  test("is not changed by another resume, which ends with code 0", async () => {
    const everything = () => [trajectories(home), home.rows("SELECT * FROM step"), home.rows("SELECT * FROM checkpoint")];
    const before = everything();
    expect(await home.start("train", "--resume", "--json").ended).toMatchObject({ code: 0, stdout: "" });
    expect(everything()).toEqual(before);
    expect(home.rows("SELECT status FROM run")).toEqual([{ status: "finished" }]);
  });
});

describe("its tokens and its adapter", () => {
  let model: LlamaModel;
  let row: TokenRow & { readonly text: readonly string[] };
  beforeAll(async () => {
    const llama = await getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      logLevel: LlamaLogLevel.error,
      maxThreads: 1,
    });
    model = await llama.loadModel({ modelPath: await modelPath("smollm2-135m-instruct") });
    const [last] = home.rows<{ id: number }>("SELECT max(id) AS id FROM trajectory_summary WHERE step = 2");
    const shown = await home.start("show", String(last?.id), "--tokens", "--json").ended;
    row = JSON.parse(shown.stdout);
  });
  afterAll(() => model.dispose());

  test("show --tokens gives ids, mask, log-probs and text of one length, log-probs only for what the policy wrote", () => {
    const { ids, mask, logprobs, text } = row;
    expect([mask, logprobs, text].map((column) => column.length)).toEqual([ids.length, ids.length, ids.length]);
    expect(mask).toContain(1);
    expect(logprobs.map((logprob) => (logprob === null ? 0 : 1))).toEqual(mask);
    expect(text.join("")).toBe(model.detokenize(ids as Token[], true));
  });

  test("the GGUF adapter and the PEFT folder load in node-llama-cpp and peft, and shift the same log-probs", async () => {
    const [{ adapter = "" } = {}] = JSON.parse((await home.start("runs", "--json").ended).stdout);
    const ids = row.ids.slice(-128);
    const engine = {
      base: await logprobsOf(await model.createContext({ contextSize: 128 }), ids),
      adapted: await logprobsOf(await model.createContext({ contextSize: 128, lora: adapter }), ids),
    };
    const script = fileURLToPath(new URL("peft_logprobs.py", import.meta.url));
    const request = { gguf: await modelPath("smollm2-135m-instruct"), peft: join(dirname(adapter), "peft"), ids };
    const input = JSON.stringify(request);
    const answer = execFileSync(pythonPath(), [script], { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
    const torch: typeof engine = JSON.parse(answer);

    expect(mean(shifts({ base: engine.base, adapted: torch.base }).map(Math.abs))).toBeLessThan(0.2); // the same base model
    const [shiftsOfEngine, shiftsOfTorch] = [shifts(engine), shifts(torch)];
    expect(mean(shiftsOfEngine.map(Math.abs))).toBeGreaterThan(0.1);
    // llama.cpp also quantises activations, which adds up to 0.1 of noise to each log-prob: the correlation is below 1
    expect(correlation(shiftsOfEngine, shiftsOfTorch)).toBeGreaterThan(0.9);
  });
});

test("tasks prints tasks of the user's tools as a JSON array and stores nothing", async () => {
  const before = home.rows("SELECT count(*) FROM task");
  const words = ["tasks", "--preset", "tiny", "--tools", home.tools, "--number", "1", "--json"];
  const ended = await home.start(...words, "--set", "engine.threads=1", "--set", "tasks.decline=0").ended;
  expect(ended.code).toBe(0);
  const [task] = JSON.parse(ended.stdout);
  expect(task).toMatchObject({ kind: "call", domain: "user" });
  expect(task.expected[0].name).toMatch(/^switch_(light|heater|fan)$/);
  expect(home.rows("SELECT count(*) FROM task")).toEqual(before);
});

/** Log-prob of each id except the first, given its prefix, by node-llama-cpp's own evaluation; disposes of the context. */
async function logprobsOf(context: LlamaContext, ids: readonly number[]): Promise<number[]> {
  const targets = ids.slice(1) as Token[];
  const evaluated = await context.getSequence().controlledEvaluate(
    targets.map((target, index) => {
      const logits = { filter: { tokens: [target], includeTop: 1 } };
      return [ids[index] as Token, { generateNext: { logits, totalLogitWeight: true } }];
    }),
  );
  await context.dispose();
  return targets.map((target, index) => {
    const { logits = new Map<Token, number>(), totalLogitWeight = Number.NaN } = evaluated[index]?.next ?? {};
    return (logits.get(target) ?? Number.NaN) - Math.max(...logits.values()) - Math.log(totalLogitWeight);
  });
}

function shifts({ base, adapted }: { readonly base: readonly number[]; readonly adapted: readonly number[] }): number[] {
  return adapted.map((logprob, index) => logprob - (base[index] ?? Number.NaN));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Pearson's correlation. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const sum = (f: (x: number, y: number) => number) =>
    a.reduce((total, x, index) => total + f(x - meanA, (b[index] ?? Number.NaN) - meanB), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}
