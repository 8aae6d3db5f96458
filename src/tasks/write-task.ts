// Writes one draft of a task, calls first: plan (drawn) -> arguments and results (simulator, under the tools' own schemas) ->
// the person's first message (simulator, under a grammar in which every value has its place) -> Task. A draft whose calls fail
// their checks is rejected; a message that the simulator does not get right is replaced by one built by rule, and counted.
// Reports and refusals are built by rule. rounds.ts decides when to draw again.
// Related: APIGen-MT (arXiv 2604.03601).
import { draws } from "../rng.ts";
import { refusal } from "../rules/language/refusal.ts";
import { purpose, spoken, spokenValue } from "../rules/language/spoken.ts";
import { replyTokens } from "../rules/schema/reply-tokens.ts";
import { callsPrompt, messagePrompt, situations } from "../simulator/prompts/task.ts";
import type { Simulator } from "../simulator/simulator.ts";
import type { ChooseDistractors } from "../tools/distractors.ts";
import type { ExpectedCall, JsonObject, Task, Toolset } from "../types.ts";
import { drawPlan, isParallel, type Plan } from "./draw-task.ts";
import { callsSchema, expectedCalls } from "./expected-calls.ts";
import { checkedMessage, jointOf, messageSchema, mostValuesAskedAgain, plainMessage } from "./first-message.ts";
import { orderedTask } from "./ordered-task.ts";
import type { TaskOrder } from "./orders.ts";
import type { Rejection } from "./rejection.ts";
import { trueReport } from "./report.ts";
import { detailOf } from "./slots.ts";
import { toldSlots } from "./told-values.ts";

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

/** The right calls of a task, before anybody has said a word about them. */
export interface Outline {
  readonly order: TaskOrder;
  readonly plan: Plan;
  readonly calls: readonly ExpectedCall[];
  readonly situation: string;
  /** How the first message begins; absent: like any request. A small simulator asks to "schedule" what it should look up. */
  readonly openings?: readonly string[];
  /** Arguments that every opening says; absent: none. */
  readonly opened?: readonly string[];
}

/** One draft, calls first; all its draws and seeds derive from the order's names. */
export async function writeDraft(order: TaskOrder, writing: Writing): Promise<Draft> {
  const outline = await writeOutline(order, writing);
  return "stage" in outline ? outline : writeWords(outline, writing.simulator);
}

/** The plan of a draft, and its calls with their values and results. */
export async function writeOutline(order: TaskOrder, writing: Writing): Promise<Outline | Rejection> {
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
  const schema = callsSchema(plan, order.decline);
  const calls = await simulator.ask({
    role: "task",
    messages: callsPrompt(plan.needed, situation, !order.decline),
    schema,
    check: (reply) => expectedCalls(reply as JsonObject, plan, order.decline, random),
    seedNames: [...order.names, "calls"],
    maxTokens: replyTokens(schema, 200 + 160 * plan.needed.length),
    temperature: 0.8,
  });
  return calls.ok ? { order, plan, calls: calls.value, situation } : { stage: "calls", reason: calls.failure.text };
}

/** What the person says, and at the end the assistant. */
export async function writeWords(outline: Outline, simulator: Simulator): Promise<WrittenTask> {
  const { order, plan, calls, situation, openings, opened = [] } = outline;
  const random = draws(...order.names, "wording");
  const told = toldSlots(plan, calls, (name) => !opened.includes(name));
  const message = await simulator.ask({
    role: "task",
    messages: messagePrompt({
      requests: plan.needed.map(({ description }, call) => ({
        purpose: description,
        // one form of each value, so that dates are written in several ways
        told: (told[call] ?? []).map((slot) => detailOf(slot, random)),
      })),
      joint: jointOf(plan),
      secret: plan.heldBack.filter(({ argument }) => !opened.includes(argument)).map((held) => `the ${spoken(held.argument)}`),
      persona: order.aspects.userPersona,
      situation,
    }),
    schema: messageSchema(told, { openings, joint: jointOf(plan) }),
    check: (reply) => checkedMessage(reply as JsonObject, plan, calls),
    seedNames: [...order.names, "message"],
    maxTokens: 160,
    temperature: 0.7,
    ...(told.flat().length > mostValuesAskedAgain ? { tries: 1 } : {}),
  });
  const [opening = ""] = openings ?? [];
  const firstMessage = message.ok ? message.value : plainMessage(plan, calls, opened.length > 0 ? { opening, opened } : null);
  const [needed] = plan.needed;
  if (order.decline && needed !== undefined)
    return { task: blueprint(outline, firstMessage, refusal(needed, random)), plainMessage: !message.ok };
  return { task: blueprint(outline, firstMessage, trueReport(calls, random)), plainMessage: !message.ok };
}

function blueprint({ order, plan, calls }: Outline, message: string, report: string): Task {
  const purposes = plan.needed.map(purpose);
  const between = isParallel(plan) ? ", and " : ", then ";
  const details = calls.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name]) => !(index === 1 && plan.links.includes(name)))
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
    dependent: !order.decline && plan.links.length > 0,
    report,
  };
}
