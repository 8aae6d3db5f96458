// A synthesis with a stand-in for the maker of tasks: it asks the double of the simulator once a stage, and drops every third
// persona at its check.
import { configSchema } from "../../src/config/config.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import type { Usage } from "../../src/simulator/usage.ts";
import type { Store } from "../../src/store/store.ts";
import { addPersonas, createTaskSet, type TaskSet } from "../../src/store/task-sets.ts";
import type { Stage, Synthesise } from "../../src/synth/stage.ts";
import type { Synthesis } from "../../src/synthesize.ts";
import { exampleTask } from "../store/temporary.ts";

const between = ["toolset", "task", "check", "solutions", "rubric"] as const satisfies readonly Stage[];

/** A new set with places for so many personas. */
export function newTaskSet(store: Store, personas: number, name = "lessons"): TaskSet {
  const set = createTaskSet(store, name, configSchema.parse({}));
  const wardens = Array.from({ length: personas }, (_, index) => ({ name: `p${index}`, text: `the warden of hut ${index}` }));
  addPersonas(store, set, { first: 0, personas: wardens });
  return set;
}

/** @param made gets each stage that is made, before it is kept */
export function standIn(made: (position: number, stage: Stage) => void): Synthesis["synthesiser"] {
  const engine = scriptedEngine({ reply: ({ messages }) => ({ words: messages.at(-1)?.content ?? "" }) });
  return (usage: Usage): Synthesise =>
    async (persona, { position, names }, done, keep) => {
      const simulator = openSimulator(engine.simulator, { tries: 1, deadlineMs: 10_000, usage });
      for (const stage of between) {
        if (done.has(stage)) continue;
        made(position, stage);
        const answer = await simulator.ask({
          role: "task",
          messages: [{ role: "user", content: `${stage} for ${persona.text}` }],
          schema: { type: "object", properties: { words: { type: "string" } }, required: ["words"] },
          check: (value) => ({ value }),
          seedNames: names,
          maxTokens: 100,
          temperature: 0,
        });
        if (!answer.ok) throw new Error(answer.failure.text);
        if (stage === "check" && position % 3 === 2) {
          await keep({ stage, dropped: "distractor_serves", reason: "the other tool can do it" });
          return null;
        }
        await keep({ stage, body: answer.value });
      }
      return exampleTask({ id: `lessons-${position}`, firstMessage: `Book hut ${position}.` });
    };
}

/** The rest of a synthesis: two personas at a time. */
export function synthesisOf(store: Store, set: TaskSet, synthesiser: Synthesis["synthesiser"]): Synthesis {
  const signal = new AbortController().signal;
  return { store, set, seed: 1, width: 2, pause: () => undefined, signal, progress: () => undefined, synthesiser };
}
