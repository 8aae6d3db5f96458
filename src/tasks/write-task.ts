// Writes one draft of a task, calls first: plan (drawn) -> arguments and results (simulator, under the tools' own schemas) ->
// the person's first message (simulator, checked by rule) -> Task. The true report and the refusal are built by rule: they
// must be right, because they are the ends of the judge's scale. A draft whose calls fail their checks is rejected; a message
// that never states its values is replaced by one built by rule, and counted. rounds.ts decides when to draw again.
// Related: APIGen-MT (arXiv 2604.03601).
import { draws } from "../rng.ts";
import { purpose, refusal } from "../rules/language/refusal.ts";
import { spoken, spokenValue } from "../rules/values.ts";
import { callsPrompt, messagePrompt, situations } from "../simulator/prompts/task.ts";
import type { Simulator } from "../simulator/simulator.ts";
import type { ChooseDistractors } from "../tools/distractors.ts";
import { object } from "../tools/tool-arguments.ts";
import type { ExpectedCall, JsonObject, Task, Toolset } from "../types.ts";
import { drawPlan, isParallel, type Plan, purposesOf } from "./draw-task.ts";
import { callsSchema, expectedCalls } from "./expected-calls.ts";
import { checkedMessage, plainMessage, toldValues } from "./first-message.ts";
import { orderedTask } from "./ordered-task.ts";
import type { TaskOrder } from "./orders.ts";
import type { Rejection } from "./rejection.ts";
import { trueReport } from "./report.ts";

/** Who writes, and from what. */
export interface Writing {
  readonly toolsets: readonly Toolset[];
  readonly distractors: ChooseDistractors;
  readonly simulator: Simulator;
}

/** A task as written, not yet checked, or why it was rejected. */
export type Draft = WrittenTask | Rejection;

export interface WrittenTask {
  readonly task: Task;
  /** The simulator never wrote a message that states the values, so the first message was built by rule. */
  readonly plainMessage: boolean;
}

/** One draft, calls first; all its draws and seeds derive from the order's names. */
export async function writeDraft(order: TaskOrder, writing: Writing): Promise<Draft> {
  const { toolsets, distractors, simulator } = writing;
  const random = draws(...order.names);
  const plan = drawPlan(
    toolsets,
    {
      ...{ numTools: order.aspects.numTools, calls: order.decline ? 1 : order.calls, hold: order.hold },
      ...{ decline: order.decline, parallel: order.parallel },
    },
    random,
    distractors,
  );
  const situation = random.pick(situations);
  const calls = await simulator.ask({
    role: "task",
    messages: callsPrompt(plan.needed, situation, !order.decline),
    schema: callsSchema(plan, order.decline),
    check: (reply) => expectedCalls(reply as JsonObject, plan, order.decline, random),
    seedNames: [...order.names, "calls"],
    maxTokens: 320,
    temperature: 0.8,
  });
  if (!calls.ok) return { stage: "calls", reason: calls.failure.text };
  const words = await simulator.ask({
    role: "task",
    messages: messagePrompt({
      purposes: purposesOf(plan),
      told: toldValues(plan, calls.value).map(({ name, value }) => `${spoken(name)}: ${spokenValue(value)}`),
      secret: plan.heldBack.map((held) => `the ${spoken(held.argument)}`),
      persona: order.aspects.userPersona,
      situation,
    }),
    schema: object({ message: { type: "string", minLength: 15, maxLength: 260 } }),
    check: (reply) => checkedMessage(reply as JsonObject, plan, calls.value),
    seedNames: [...order.names, "message"],
    maxTokens: 120,
    temperature: 0.7,
  });
  const message = words.ok ? words.value : plainMessage(plan, calls.value);
  return { task: blueprint(order, plan, calls.value, message), plainMessage: !words.ok };
}

function blueprint(order: TaskOrder, plan: Plan, calls: readonly ExpectedCall[], message: string): Task {
  const random = draws(...order.names, "wording");
  const [needed] = plan.needed;
  const purposes = plan.needed.map(purpose);
  const between = isParallel(plan) ? ", and " : ", then ";
  const details = calls.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name]) => !(index === 1 && name === plan.dependent))
      .map(([name, value]) => `${spoken(name)}: ${spokenValue(value)}`),
  );
  return {
    ...orderedTask(order, calls, plan.heldBack, order.decline ? 0 : plan.needed.length),
    kind: order.decline ? "decline" : "call",
    domain: plan.toolset.domain,
    toolset: plan.toolset.name,
    tools: plan.offered,
    intent: `${purposes.join(between)} (${details.join("; ")})`,
    firstMessage: message,
    expected: order.decline ? [] : calls,
    dependent: !order.decline && plan.dependent !== null,
    report: order.decline && needed !== undefined ? refusal(needed, random) : trueReport(calls, random),
  };
}
