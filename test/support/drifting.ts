// Tasks over the whole embedded catalogue, written by a simulator that fills in every schema by its seed, and the ready ones; and
// the same tasks with pages that are not true, as many of each kind.
import fc from "fast-check";
import { configSchema } from "../../src/config/config.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { draws } from "../../src/rng.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { withDrift } from "../../src/tasks/drift.ts";
import { type OrderSeries, taskOrders } from "../../src/tasks/orders.ts";
import { readyTasks, readyToPlay } from "../../src/tasks/ready.ts";
import { writeDraft } from "../../src/tasks/write-task.ts";
import { anyTools } from "../../src/tools/distractors.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import { type DriftKind, driftKinds, type Json, type JsonObject, type Task } from "../../src/types.ts";
import { valuesOf } from "./schema-value.ts";

export const catalogue = embeddedCatalogue();

const config = configSchema.parse({ tasks: { hard: 0.2, parallel: 0.1 }, rollout: { parallelCalls: 2, tokensPerTurn: 192 } });
const series = { level: 40, declineShare: 0, epsilon: 0 };

/** Calls with any values of their schemas; no message, so that rules write it. */
export function anyCalls({ schema, seed }: Pick<ReplyRequest, "schema" | "seed">): Json {
  const isMessage = "message" in (schema.properties as JsonObject);
  return isMessage ? { message: "" } : (fc.sample(valuesOf(schema), { seed, numRuns: 1 })[0] ?? null);
}

/** Up to `count` tasks; drafts that the rules reject are left out. */
export async function writtenTasks(count: number): Promise<Task[]> {
  const simulator = openSimulator(scriptedEngine({ reply: anyCalls }).simulator, { tries: 1, deadlineMs: 10_000 });
  const ordered: OrderSeries = { ...series, id: "any", names: ["any"], first: 0, count };
  const drafts = taskOrders(config, ordered).map((order) =>
    writeDraft(order, { toolsets: catalogue, distractors: anyTools, simulator }),
  );
  return (await Promise.all(drafts)).flatMap((draft) => ("task" in draft ? [draft.task] : []));
}

/** Every ready task of the catalogue. */
export function playableTasks(): Task[] {
  const entries = readyTasks();
  const kinds = entries.map(({ kind }) => kind);
  const orders = taskOrders(config, { ...series, id: "ready", names: ["ready"], first: 0, count: kinds.length, kinds });
  return entries.flatMap((entry, index) => {
    const order = orders[index];
    return order === undefined ? [] : (readyToPlay(entry, order, catalogue) ?? []);
  });
}

export interface Drifted {
  readonly kind: DriftKind;
  /** The task with true pages. */
  readonly plain: Task;
  readonly task: Task;
}

/** `each` tasks of each kind of drift, from ready and written tasks by turns. */
export async function driftedTasks(each: number): Promise<readonly Drifted[]> {
  const [ready, written] = [playableTasks(), await writtenTasks(8 * each)];
  const pool = [...ready, ...written].map((_, at) => ready[at / 2] ?? written[at]).filter((task) => task !== undefined);
  return driftKinds.flatMap((kind) =>
    pool
      .flatMap((plain, at): Drifted[] => {
        const task = withDrift(plain, { share: 1, kinds: [kind], toolsets: catalogue, random: draws("drifted", kind, at) });
        return task === plain ? [] : [{ kind, plain, task }];
      })
      .slice(0, each),
  );
}
