// Makes the task of one persona by rule: the simulator fills in a form and words the first message; tools, table, calls, restriction
// and checks follow without a model. So a simulator of 1.5B parameters makes whole worlds (SynthAgent's synthesis, whose teacher of
// 235B writes all of it). The form and the task are stored as stages: after a resume neither is asked for again.
import type { Config } from "../config/config.ts";
import { draws } from "../rng.ts";
import { asJson, isObject } from "../rules/json.ts";
import type { GrammarParser } from "../rules/schema/grammar.ts";
import { formPrompt, formSchema } from "../simulator/prompts/synth-form.ts";
import type { Answer, Simulator } from "../simulator/simulator.ts";
import type { Persona } from "../store/task-sets.ts";
import { falls, type TaskOrder, taskOrders } from "../tasks/orders.ts";
import type { JsonObject, Task } from "../types.ts";
import { assembled } from "./assemble.ts";
import { dropOf } from "./check.ts";
import { composed } from "./compose.ts";
import { drawnTask } from "./draw-task.ts";
import { checkedForm, drawnKinds, type Form } from "./form.ts";
import { restricted } from "./restriction.ts";
import type { Staged, Synthesise } from "./stage.ts";

/** Who fills in and words, and who tries the tools. */
export interface AssembledParts {
  readonly simulator: Simulator;
  /** llama.cpp's, where available: a tool is then kept only if llama.cpp takes its grammars. */
  readonly parser: GrammarParser | null;
}

/** Makes assembled tasks. A place gives the same world again: only the form and the first message are a model's. */
export function synthesiseAssembled(config: Config, { simulator, parser }: AssembledParts): Synthesise {
  return async (persona, { position, names }, done, keep) => {
    const known = done.get("toolset");
    const form = isObject(known)
      ? { ok: true as const, value: known.form as JsonObject & Form } // kept below
      : await filledForm(persona, simulator, names);
    if (!form.ok) {
      await keep({ stage: "toolset", dropped: "wrong_form", reason: form.failure.text });
      return null;
    }
    const random = draws(...names, "assembled");
    const { thing } = form.value;
    const world = assembled(form.value, `${thing.replaceAll(" ", "_")}_${position}`, random);
    if (known === undefined) await keep({ stage: "toolset", body: asJson({ form: form.value, ...world }) });

    const drawing = restricted(world, drawnTask(world, random), falls(position, config.synth.tempted, 0), random);
    const order = orderAt(config, position, names);
    const written = done.get("task");
    const { task } = isObject(written)
      ? (written as JsonObject & { readonly task: Task }) // kept below
      : await composed(world, drawing, { order, situation: persona.text, random }, simulator).then(async (made) => {
          await keep({ stage: "task", body: asJson(made) });
          return made;
        });
    return keptByRule(task, parser, done, keep);
  };
}

/** The stages of a task by rule after its words: the blueprint is the one solution, and the rubric follows from it. */
export async function keptByRule(
  task: Task,
  parser: GrammarParser | null,
  done: Parameters<Synthesise>[2],
  keep: (staged: Staged) => Promise<void>,
): Promise<Task | null> {
  const fault = dropOf(task, parser);
  if (fault !== null) {
    await keep({ stage: "check", ...fault });
    return null;
  }
  if (!done.has("check")) await keep({ stage: "check", body: { tools: task.tools.length } });
  if (!done.has("solutions")) await keep({ stage: "solutions", body: { by: "rule", calls: task.expected.length } });
  if (!done.has("rubric")) await keep({ stage: "rubric", body: { by: "rule" } });
  return task;
}

/** The order of a place of a task set: its level is the one that a run starts at. */
export function orderAt(config: Config, position: number, names: readonly (string | number)[]): TaskOrder {
  const level = config.curriculum.start;
  const series = { id: "synth", names, first: position, count: 1, level, declineShare: 0, epsilon: 0 };
  const [order] = taskOrders(config, { ...series, kinds: ["ask"] });
  if (order === undefined) throw new RangeError("a series of one task has one order");
  return order;
}

function filledForm({ text }: Persona, simulator: Simulator, names: readonly (string | number)[]): Promise<Answer<Form>> {
  const kinds = drawnKinds(draws(...names, "kinds"));
  return simulator.ask({
    role: "task",
    messages: formPrompt(text, kinds),
    schema: formSchema(kinds),
    check: checkedForm,
    seedNames: [...names, "form"],
    maxTokens: 260,
    temperature: 0.7,
  });
}
