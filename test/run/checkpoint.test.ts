// What a server needs beside an adapter; whole checkpoints are in resume.test.ts.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { promptForAnswer } from "../../src/llm/text/final-answer.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { promptForTrials } from "../../src/llm/text/trial.ts";
import { saveCheckpoint } from "../../src/run/checkpoint.ts";
import { runFolder } from "../../src/store/home.ts";
import { orderedTask } from "../../src/tasks/ordered-task.ts";
import { taskOrders } from "../../src/tasks/orders.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { openRequest } from "../suites/learner.suite.ts";

/** The system prompt that a server is to send, of a run with this config. */
async function savedPrompt(input: ConfigInput): Promise<unknown> {
  using temporary = temporaryStore();
  const { store, home } = temporary;
  const writer = newWriter(store);
  const folder = runFolder(home, writer.run.name);
  mkdirSync(folder, { recursive: true });
  const learner = scriptedLearner();
  await learner.open(openRequest);
  const template = episodeTemplate(scriptedVocabulary(), { dialect: "json-fence", markers: "pieces" });
  const ends = { progress: () => {}, signal: new AbortController().signal };
  const { row } = await saveCheckpoint({ config: configSchema.parse(input), writer, folder, template, learner, ...ends }, 1);
  return JSON.parse(readFileSync(join(store.path, "..", row.folder, "peft/playact.json"), "utf8")).system_prompt;
}

test("the system prompt beside an adapter has all that its episodes were told of trials and final answers", async () => {
  const plain = String(await savedPrompt({}));
  const config = configSchema.parse({});
  const series = { id: "eval", names: ["eval"], first: 0, count: 1, level: config.curriculum.start, declineShare: 0, epsilon: 0 };
  const [order] = taskOrders(config, series);
  expect(plain).toBe(order && orderedTask(order, [], [], 1).systemPrompt); // as held-out tasks have it
  expect(await savedPrompt({ rollout: { ends: "answer" } })).toBe(promptForAnswer(plain));
  const { trial } = configSchema.parse({ trial: { turns: 2 } });
  expect(await savedPrompt({ trial })).toBe(promptForTrials(plain, trial));
});
