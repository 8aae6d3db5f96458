// A whole run of train() under the preset `trustee` in a world that is written throughout, with thinking on, on the doubles of engine
// and learner: intent-first tasks, tools that declare no results, a written user, a written verdict. Every fifth reply of the
// simulator is broken, and the verifier never gets to a verdict on one of the policy's reports.
import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { UpdateRequest } from "../../src/learner/learner.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import type { Script } from "../../src/llm/scripted.ts";
import { draws } from "../../src/rng.ts";
import { findRun } from "../../src/store/runs.ts";
import type { Json, JsonObject, ToolSpec } from "../../src/types.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { dyingAt, Killed, life, newRun, outcome, type Process } from "../support/whole-run.ts";

const shape = { steps: 2, tasks: 2, samples: 5 } as const;
const { config } = resolveConfig({
  preset: "trustee",
  set: [`steps=${shape.steps}`, `tasks.perStep=${shape.tasks}`, `rollout.groupSize=${shape.samples}`, "store.exchanges=all"],
});

/** Without schemas of their results, as ToolBench's. */
const tools: readonly ToolSpec[] = [
  {
    name: "find_gate",
    description: "Finds the gate of a flight.",
    parameters: { type: "object", properties: { flight: { type: "string" } }, required: ["flight"] },
  },
  { name: "list_delays", description: "Lists the delayed flights.", parameters: { type: "object", properties: {} } },
];
const flights = ["SK 4811", "DY 620", "AY 913", "LH 2451", "KL 1204"];
const results: readonly Json[] = [
  [{ gate: "4", boards: "10:05" }, { gate: "4B" }],
  { flight: { gate: 4, notes: ["late", null] } },
  "Gate 4\nboards at 10:05",
  null,
];

type Role = "task" | "user" | "tool" | "verifier";
function roleOf({ schema }: ReplyRequest): Role {
  const fields = schema.properties as JsonObject; // every role's reply is an object
  return "first_user_query" in fields ? "task" : "message" in fields ? "user" : "result" in fields ? "tool" : "verifier";
}

/** The world and the policy. All of it depends on prompts and seeds alone, so that a resumed run goes on in the same world. */
function world(asked: ReplyRequest[] = []): Script {
  return {
    say: (prompt, { seed }, { version }) => {
      const chance = draws("turn", seed, version).uniform();
      const [flight] = flights.filter((one) => prompt.includes(one));
      if (!prompt.includes("<tool_response>"))
        return chance < 0.85
          ? `<tool_call>\n{"name": "find_gate", "arguments": {"flight": "${flight}"}}\n</tool_call>`
          : "I would rather not.";
      return chance < 0.45 ? "It leaves from gate 4." : chance < 0.85 ? "It leaves from gate 9." : "It leaves from gate 7.";
    },
    reply: (request): Json => {
      asked.push(request);
      const role = roleOf(request);
      const prompt = request.messages.at(-1)?.content ?? "";
      const report = prompt.split("Assistant: ").at(-1) ?? "";
      if (role === "verifier" && report.startsWith("It leaves from gate 7.")) return "reward: 1, I think";
      const random = draws("world", request.seed);
      if (random.uniform() < 0.2) return random.pick(['{"reason": "It', "Sure! Here is the JSON:", '{"reward": 7}']);
      if (role === "task") {
        const named = random.shuffle(flights).slice(0, Number(/order: (\d)/.exec(prompt)?.[1]));
        return {
          user_intent: `The user wants to know the gate of ${named.join(" and ")}.`,
          expected_tool_calls: named.map((flight) => ({ name: "find_gate", arguments: { flight }, result: { status: "found" } })),
          user_persona: "a traveller in a hurry",
          first_user_query: `Which gate do I need for ${named.join(" and ")}?`,
        };
      }
      const wrong = report.startsWith("It leaves from gate 9.");
      const reward = wrong ? -1 : 1;
      if (role === "user")
        return { reason: "It said a gate.", reward, done: !wrong, message: wrong ? "That cannot be right. Which one?" : "" };
      if (role === "tool") return { reason: "It is what the user wants.", reward: 1, result: random.pick(results) };
      return { reason: `The gate is ${wrong ? "wrong" : "right"}.`, reward };
    },
  };
}

async function lived(temporary: Temporary, process: Partial<Process> = {}) {
  const run = newRun(temporary, config);
  await life(temporary, run, { token: "whole", tools, script: world(), ...process });
  const rows = <Row extends object>(sql: string) => temporary.store.database.prepare<[], Row>(sql).all();
  return { run, rows };
}

test("a run with every role written and thinking asks all of them in each step and stores what each was asked", async () => {
  using temporary = temporaryStore();
  const asked: ReplyRequest[] = [];
  const { rows } = await lived(temporary, { script: world(asked) });

  expect(new Set(asked.map(({ thinkTokens }) => thinkTokens))).toEqual(new Set([2048]));
  const stored = rows<{ step: number; role: Role; n: number }>(
    "SELECT step, role, count(*) AS n FROM question WHERE purpose = 'train' GROUP BY step, role ORDER BY step, role",
  );
  expect(stored.map(({ step, role }) => `${step} ${role}`)).toEqual(
    [1, 2].flatMap((step) => ["task", "tool", "user", "verifier"].map((role) => `${step} ${role}`)),
  );
  const [{ n } = { n: 0 }] = rows<{ n: number }>("SELECT count(*) AS n FROM question");
  expect(n).toBe(asked.length);
  // with its prompt, its reply and what it cost
  expect(
    rows("SELECT 1 FROM question WHERE prompt IS NULL OR reply IS NULL OR seed IS NULL OR tokens_in = 0 OR tokens_out = 0"),
  ).toEqual([]);
  // a tool that declares nothing is described as one, not by an empty list
  const offered = asked.filter((request) => roleOf(request) === "task").map(({ messages }) => messages.at(-1)?.content);
  expect(offered.join("\n")).toContain("- list_delays: Lists the delayed flights. Arguments: none. Result: status.");
  // results of every shape reached the policy
  const heard = rows<{ text: string }>("SELECT DISTINCT text FROM message WHERE role = 'tool'").map(({ text }) =>
    JSON.parse(text),
  );
  for (const result of results) expect(heard).toContainEqual(result);
});

test("a broken reply is asked again; a verdict that never comes is a failure that leaves its episode out of the loss", async () => {
  using temporary = temporaryStore();
  const updates: UpdateRequest[] = [];
  const { rows } = await lived(temporary, { updated: (request) => updates.push(request) });

  const mended = rows<{ role: Role }>(`
    SELECT DISTINCT later.role FROM question AS first JOIN question AS later
      ON later.prompt = first.prompt AND later.task = first.task AND later.trajectory IS first.trajectory
    WHERE first.attempt = 1 AND first.problem IS NOT NULL AND later.attempt = 2 AND later.problem IS NULL ORDER BY later.role`);
  expect(mended.map(({ role }) => role)).toEqual(["task", "tool", "user", "verifier"]);

  type Episode = { readonly id: number; readonly status: string; readonly reward: number | null; readonly report: string };
  const episodes = rows<Episode & { readonly stop_reason: string }>(`
    SELECT trajectory.id, status, stop_reason, reward,
           (SELECT text FROM message WHERE trajectory = trajectory.id AND role = 'assistant' ORDER BY position DESC LIMIT 1) AS report
    FROM trajectory JOIN task ON task.id = trajectory.task WHERE purpose = 'train'`);
  expect(episodes).toHaveLength(shape.steps * shape.tasks * shape.samples);
  const unjudged = episodes.filter(({ report }) => report === "It leaves from gate 7.");
  expect(unjudged.length).toBeGreaterThan(0);
  for (const { id, ...episode } of unjudged) {
    expect(episode).toMatchObject({ status: "aborted", stop_reason: "simulator_failed", reward: null });
    expect(rows(`SELECT boundary, code FROM failure WHERE trajectory = ${id}`)).toEqual([
      { boundary: "verifier", code: "invalid_reply" },
    ]);
    expect(rows(`SELECT attempt, reply FROM question WHERE trajectory = ${id} AND role = 'verifier'`)).toEqual(
      [1, 2, 3].map((attempt) => ({ attempt, reply: "reward: 1, I think" })),
    );
    expect(rows(`SELECT DISTINCT advantage FROM message WHERE trajectory = ${id} AND advantage <> 0`)).toEqual([]);
  }
  const judged = episodes.filter(({ status }) => status !== "aborted");
  const trained = updates.flatMap(({ minibatches }) => minibatches.flat());
  expect(updates).toHaveLength(shape.steps);
  expect(trained).toHaveLength(judged.length); // one sample each, dead groups included: the preset has a KL

  // the verdict is the reward, and it is what the group is compared by
  const verdicts = new Map([
    ["It leaves from gate 4.", 1],
    ["It leaves from gate 9.", -1],
    ["I would rather not.", -1], // by rule
  ]);
  for (const { reward, report } of judged) expect(reward, report).toBe(verdicts.get(report));
  const advantages = rows<{ reward: number; least: number; most: number }>(`
    SELECT reward, min(advantage) AS least, max(advantage) AS most FROM message JOIN trajectory ON trajectory.id = trajectory
    WHERE message.role = 'assistant' AND reward IS NOT NULL AND advantage <> 0 GROUP BY reward ORDER BY reward`);
  expect(advantages.map(({ reward }) => reward)).toEqual([-1, 1]);
  expect(advantages[0]?.most).toBeLessThan(0);
  expect(advantages[1]?.least).toBeGreaterThan(0);
});

test("killed in either step and resumed it ends like an uninterrupted run", async () => {
  using whole = temporaryStore();
  const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
  const { run } = await lived(whole, { moment });
  const expected = outcome(whole, run);
  expect(expected.steps).toHaveLength(1 + shape.steps);
  const updates = seen.flatMap((name, index) => (name === "before an update" ? [index + 1] : []));
  expect(updates).toHaveLength(shape.steps);
  // in the middle of a step's episodes, and between its update and its end
  for (const n of updates.flatMap((at) => [at - 6, at + 1])) {
    using temporary = temporaryStore();
    await expect(lived(temporary, { moment: dyingAt(n).moment, token: "first" })).rejects.toThrow(Killed);
    const died = findRun(temporary.store, null);
    await life(temporary, died, { token: "second", tools, script: world() });
    expect(outcome(temporary, died), `moment ${n} of ${seen.length}, ${seen[n - 1]}`).toEqual(expected);
  }
});
