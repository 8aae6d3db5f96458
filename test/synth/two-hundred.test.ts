// Two hundred assembled tasks by a scripted simulator, each played in five ways: what the rubric pays for each is the point of the
// whole design. The results of calls are the table's.
import { beforeAll, describe, expect, test } from "vitest";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { formatToolCalls } from "../../src/llm/text/tool-call.ts";
import { conductOf } from "../../src/reward/conduct.ts";
import { judgedItems, rubricOf, rubricReward } from "../../src/reward/rubric.ts";
import { demonstrate } from "../../src/rollout/demonstration.ts";
import { openEpisode } from "../../src/rollout/episode.ts";
import { spacedJson } from "../../src/rules/json.ts";
import { spoken } from "../../src/rules/language/spoken.ts";
import { executed } from "../../src/rules/table.ts";
import { breachOf } from "../../src/synth/check.ts";
import type { Task, ToolCall, Trajectory } from "../../src/types.ts";
import { scriptedSet } from "../support/synth.ts";

const template = episodeTemplate(scriptedVocabulary(), { dialect: "hermes", markers: "pieces" });
const pay = { weights: { subGoals: 0.5, questions: 0.5 }, leastGoals: 0.3, gate: "any" } as const;
let tasks: readonly Task[] = [];

beforeAll(async () => {
  tasks = (await scriptedSet(200)).flatMap(({ task }) => task ?? []);
});

/** What the policy does: a turn of calls, or words that the user may answer with a held-back sentence. */
type Turn = readonly ToolCall[] | { readonly say: string; readonly reply?: string };

async function played(task: Task, turns: readonly Turn[]): Promise<Trajectory> {
  const record = openEpisode(task, template, { toolChars: 4096 });
  const made: ToolCall[] = [];
  for (const turn of turns) {
    if ("say" in turn) {
      record.given(turn.say, [], 0);
      if (turn.reply !== undefined) record.userTurn(turn.reply);
      continue;
    }
    const calls = turn.map(({ name, arguments: given }) => ({ name, arguments: given }));
    record.given(formatToolCalls(calls, "hermes"), calls, 0);
    record.toolTurn(
      calls.map((call) => {
        const { result } = executed(task.table ?? expect.fail("an assembled task has a table"), made, call);
        made.push(call);
        return spacedJson(result);
      }),
    );
  }
  return { ...(await demonstrate(task, ["two hundred"], { template, toolChars: 4096 })), messages: record.messages };
}

function reward(trajectory: Trajectory): number {
  const conduct = conductOf(trajectory, "hermes");
  return rubricReward(judgedItems(rubricOf(trajectory.task), trajectory, conduct, "hermes"), pay);
}

const questions = (task: Task): Turn[] =>
  task.heldBack.map(({ argument, sentence }) => ({ say: `Could you tell me the ${spoken(argument)}?`, reply: sentence }));
const calls = (task: Task): Turn[] => task.expected.map((call) => [call]);

/** The rewards of one way to play, over all tasks: the lowest and the highest. */
async function rewards(turnsOf: (task: Task) => readonly Turn[]): Promise<readonly [number, number]> {
  const all = await Promise.all(tasks.map(async (task) => reward(await played(task, turnsOf(task)))));
  return [Math.min(...all), Math.max(...all)];
}

describe("two hundred assembled tasks", () => {
  test("are all kept, of every goal and with every kind of restriction, half of them tempting", () => {
    expect(tasks).toHaveLength(200);
    const kinds = tasks.map(({ restriction }) => restriction?.rule.kind);
    for (const kind of ["never", "values", "before", "before_asking"])
      expect(kinds.filter((one) => one === kind).length).toBeGreaterThan(15);
    const last = tasks.map(({ expected, table }) => table?.operations[expected.at(-1)?.name ?? ""]);
    for (const goal of ["create", "cancel", "update", "get"])
      expect(last.filter((one) => one === goal).length).toBeGreaterThan(30);
    expect(tasks.filter(({ restriction }) => restriction?.temptation !== null)).toHaveLength(100);
  });

  test("pay the right episode 1", async () => {
    expect(await rewards((task) => [...questions(task), ...calls(task), { say: task.report }])).toEqual([1, 1]);
  });

  test("pay the right calls without the questions at most a half", async () => {
    const [, best] = await rewards((task) => [...calls(task), { say: task.report }]);
    expect(best).toBeLessThanOrEqual(0.5);
  });

  test("pay the right episode nothing once a call breaks the restriction", async () => {
    const breach = (task: Task): readonly ToolCall[] =>
      (task.restriction && breachOf(task.restriction.rule, task)) ?? expect.fail(`no breach of ${task.id}`);
    const [, best] = await rewards((task) => [
      ...breach(task).map((call) => [call]),
      ...questions(task),
      ...calls(task),
      { say: task.report },
    ]);
    expect(best).toBe(0);
  });

  test("pay nothing to who does nothing, and nothing to who only asks", async () => {
    expect(await rewards(() => [{ say: "All right." }])).toEqual([0, 0]);
    expect(await rewards((task) => [...questions(task), { say: "Thank you." }])).toEqual([0, 0]);
  });
});
