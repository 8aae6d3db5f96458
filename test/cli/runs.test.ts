import { describe, expect, it } from "vitest";
import { runsCommand } from "../../src/cli/runs.ts";
import { configSchema } from "../../src/config/config.ts";
import { releaseLease } from "../../src/store/lease.ts";
import { setRunStatus } from "../../src/store/runs.ts";
import { recordStart } from "../../src/store/starts.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import {
  exampleDevices,
  exampleForm,
  exampleTask,
  exampleTrajectory,
  newWriter,
  type Temporary,
  temporaryStore,
} from "../store/temporary.ts";

/** What the runs of newWriter are to have. */
const { steps } = configSchema.parse({});

async function runs(temporary: Temporary, ...words: readonly string[]): Promise<string> {
  let printed = "";
  const command = runsCommand((text) => {
    printed += text;
  });
  await command.parseAsync([...words, "--home", temporary.home], { from: "user" });
  return printed;
}

describe("playact runs", () => {
  it("lists runs, latest first, with what the store knows of them", async () => {
    using temporary = temporaryStore();
    const old = newWriter(temporary.store, "old");
    openStep(old, 1, { level: 4, policyVersion: 0 });
    saveTask(old, { step: 1, purpose: "train", index: 0 }, exampleTask());
    saveTrajectory(old, { step: 1, purpose: "train", task: 0 }, exampleTrajectory());
    const checkpoint = { folder: "old/step-1", adapterHash: "ab", files: { "state.json": "cd", "adapter-ab.gguf": "ab" } };
    closeStep(old, 1, { nextLevel: 7, nextPolicyVersion: 1, metrics: {}, checkpoint });
    setRunStatus(old, "finished");
    newWriter(temporary.store, "new");
    recordStart(old, { ...exampleDevices, engine: "cpu", versions: {} }, exampleForm);
    recordStart(old, { ...exampleDevices, versions: {} }, exampleForm);
    const listed = JSON.parse(await runs(temporary, "--json"));
    expect(listed).toEqual([
      expect.objectContaining({
        run: "new",
        status: "running",
        steps: 0,
        of: steps,
        level: 30,
        reward: null,
        engine: null,
        adapter: null,
      }),
      expect.objectContaining({
        run: "old",
        status: "finished",
        steps: 1,
        level: 7,
        reward: 0.5,
        engine: "cuda (NVIDIA L4)",
        learner: "cuda:0 (NVIDIA L4)",
        best: 1,
        adapter: `${temporary.home}/old/step-1/adapter-ab.gguf`,
      }),
    ]);
    const [heading, ...lines] = (await runs(temporary)).trimEnd().split("\n");
    expect(heading).toMatch(/^run +preset +status +steps +level +reward +started +engine +learner +best +adapter +note$/);
    expect(lines.map((line) => line.split(/ +/).slice(0, 5).join(" "))).toEqual([
      `new tiny running 0/${steps} 30`,
      `old tiny finished 1/${steps} 7`,
    ]);
  });

  it("names the adapter of a run that failed, beside why it did", async () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store, "ended");
    openStep(writer, 1, { level: 4, policyVersion: 0 });
    const checkpoint = { folder: "ended/step-1", adapterHash: "ab", files: { "adapter-ab.gguf": "ab" } };
    closeStep(writer, 1, { nextLevel: 7, nextPolicyVersion: 1, metrics: {}, checkpoint });
    setRunStatus(writer, "failed", "the learner ended with exit code 1");
    const [, line] = (await runs(temporary)).split("\n");
    expect(line).toMatch(/ended\/step-1\/adapter-ab\.gguf +the learner ended with exit code 1$/);
  });

  it("shows a run whose process is gone as interrupted", async () => {
    using temporary = temporaryStore();
    releaseLease(newWriter(temporary.store));
    expect(JSON.parse(await runs(temporary, "--json"))).toMatchObject([{ status: "interrupted" }]);
  });

  it("prints an empty array if there is none", async () => {
    using temporary = temporaryStore();
    expect(await runs(temporary, "--json")).toBe("[]\n");
    expect(await runs(temporary)).toBe("");
  });
});
