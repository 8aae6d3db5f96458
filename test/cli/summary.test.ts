import { expect, test } from "vitest";
import { printSummary } from "../../src/cli/summary.ts";
import type { Config } from "../../src/config/config.ts";
import { setRunConfig } from "../../src/store/runs.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import { exampleTask, exampleTrajectory, newWriter, temporaryStore } from "../store/temporary.ts";

/** What is printed of a run with so many tasks that report, and one in the cell of true pages. */
async function printed(tasks: number, reward: Partial<Config["reward"]> = {}): Promise<string> {
  using temporary = temporaryStore();
  const created = newWriter(temporary.store);
  const { evaluation, ...others } = created.run.config;
  const config = { ...others, evaluation: { ...evaluation, tasks, perCell: 1 }, reward: { ...others.reward, ...reward } };
  setRunConfig(created, config);
  const writer = { ...created, run: { ...created.run, config } }; // as a start reads it
  openStep(writer, 0, { level: 1, policyVersion: 0 });
  const checkpoint = { folder: "one", adapterHash: "ab", files: { "adapter.gguf": "0".repeat(64) } };
  closeStep(writer, 0, { nextLevel: 1, nextPolicyVersion: 1, metrics: {}, checkpoint });
  const counts = { "trial/turns": 1, "trial/telling": 1, "trial/idle": 0, "trial/harm": 0, "trial/solved": 1 };
  for (let index = 0; index <= tasks; index++) {
    const task = exampleTask({ id: `${index}` });
    saveTask(writer, { step: 0, purpose: "evaluation", index }, task);
    saveTrajectory(writer, { step: 0, purpose: "evaluation", phase: "step 0", task: index }, exampleTrajectory({ task, counts }));
  }
  let text = "";
  await printSummary(writer, (part) => {
    text += part;
  });
  return text;
}

test("a run whose held-out tasks are all in cells has no table of tasks that report, and its next command asks for the cells", async () => {
  const text = await printed(0);
  expect(text).not.toContain("Held-out tasks that chose nothing");
  expect(text).toMatch(/phase +cell +tasks/);
  expect(text).toContain("select * from evaluation_by_tools where");
  // a home that no command would find by itself
  expect(text).toMatch(/train --resume \S+ --steps \d+ --home \S+\n/);
  const both = await printed(2);
  expect(both).toMatch(/all +2 /);
  expect(both).toContain("select * from evaluation_summary where");
});

test("the comparison says who judged: rules, or in a run that pays by a rubric the simulator too", async () => {
  const judged = async (reward: Partial<Config["reward"]>) =>
    /chose nothing \(greedy, judged (.*?)\)/.exec(await printed(1, reward))?.[1];
  expect(await judged({ verdict: "written" })).toBe("by rules");
  expect(await judged({ verdict: "rubric", items: "rules" })).toMatch(/by rules and by the simulator/);
  expect(await judged({ verdict: "rubric", items: "written" })).toMatch(/^by the simulator/);
});
