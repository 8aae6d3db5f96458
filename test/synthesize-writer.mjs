// Not a test: the program that synthesize.test.ts starts and kills. It goes on with the task set "lessons", asks the double of the
// simulator once a stage, and says each stage on stdout only after the store has committed it.
// usage: node synthesize-writer.mjs <built sources> <database> <task as JSON>
import { writeSync } from "node:fs";

const [sources, path, taskText] = process.argv.slice(2);
const { scriptedEngine } = await import(`${sources}/llm/scripted.js`);
const { openSimulator } = await import(`${sources}/simulator/simulator.js`);
const { openStore } = await import(`${sources}/store/store.js`);
const { findTaskSet, personasIn } = await import(`${sources}/store/task-sets.js`);
const { synthesize } = await import(`${sources}/synthesize.js`);

const engine = scriptedEngine({ reply: () => ({ words: "book a hut" }) });
const schema = { type: "object", properties: { words: { type: "string" } }, required: ["words"] };
const store = openStore(path, { busySeconds: 5 });
const set = findTaskSet(store, "lessons");

const synthesiser =
  (usage) =>
  async (persona, { position, names }, done, keep) => {
    const simulator = openSimulator(engine.simulator, { tries: 1, deadlineMs: 10_000, usage });
    for (const stage of ["toolset", "task", "check", "solutions", "rubric"]) {
      if (done.has(stage)) continue;
      const messages = [{ role: "user", content: `${stage} for ${persona.text}` }];
      const question = { role: "task", messages, schema, seedNames: names, maxTokens: 100, temperature: 0 };
      const answer = await simulator.ask({ ...question, check: (value) => ({ value }) });
      const drop = stage === "check" && position % 3 === 2;
      await keep(drop ? { stage, dropped: "distractor_serves", reason: "it can do it" } : { stage, body: answer.value });
      writeSync(1, `${position} ${stage}\n`);
      if (drop) return null;
    }
    return { ...JSON.parse(taskText), id: `lessons-${position}` };
  };

const { signal } = new AbortController();
const session = { store, set, seed: 1, width: 2, pause: () => {}, signal, progress: () => {}, synthesiser };
await synthesize(session, personasIn(store, set).length);
