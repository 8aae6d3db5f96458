import { describe, expect, test } from "vitest";
import { worlds } from "../../src/health/examine.ts";
import { dialect, replay } from "../../src/health/replay.ts";
import type { CaseWorld, Conversation } from "../../src/health/world.ts";
import { conductOf } from "../../src/reward/conduct.ts";
import { openJudge } from "../../src/reward/judge.ts";
import { needsJudge, rulesShare } from "../../src/reward/verdict.ts";
import { argumentErrors, matchesSchema, schemaFault } from "../../src/rules/validate.ts";
import type { Verdict } from "../../src/types.ts";
import { stage } from "../support/stage.ts";

const conversations = worlds.flatMap((world) =>
  world.conversations.map((conversation) => ({ world, conversation, name: `${world.task.toolset}: ${conversation.name}` })),
);
const cases = worlds.map(({ conversations, users, tools }) => conversations.length + users.length + tools.length);
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** Judged by rules; the simulator must not be asked. */
async function byRules({ task }: CaseWorld, conversation: Conversation): Promise<Verdict> {
  const judge = openJudge({ verdict: "rules", dialect, withhold: [], maxCriteria: 2 });
  const { verdict: found } = await judge(replay(task, conversation.turns, 0), stage({}).simulator);
  if (found === null) throw new Error(`${conversation.name} has no verdict`);
  return found;
}

describe("the cases", () => {
  test("are at least sixty, of which a third and no more than a half is held out", () => {
    const heldOut = sum(cases.filter((_, index) => worlds[index]?.heldOut));
    expect(sum(cases)).toBeGreaterThanOrEqual(60);
    expect(heldOut / sum(cases)).toBeGreaterThanOrEqual(1 / 3);
    expect(heldOut / sum(cases)).toBeLessThanOrEqual(1 / 2);
  });

  test("have names of their own", () => {
    const names = worlds.flatMap(({ task, conversations, users, tools }) =>
      [conversations, users, tools].map((list) => list.map(({ name }) => `${task.toolset}: ${name}`)),
    );
    for (const list of names) expect(new Set(list).size).toBe(list.length);
    expect(new Set(worlds.map(({ task }) => task.id)).size).toBe(worlds.length);
  });

  test.each(worlds.map((world) => ({ world, name: world.task.toolset })))("of $name fit their tools", ({ world }) => {
    const { task, users, tools } = world;
    for (const { parameters, returns } of task.tools)
      expect([schemaFault(parameters), schemaFault(returns ?? {})]).toEqual([null, null]);
    for (const { name, arguments: given, result } of task.expected) {
      const tool = task.tools.find((one) => one.name === name);
      expect(tool && argumentErrors(tool, given)).toEqual([]);
      expect(matchesSchema(tool?.returns ?? {}, result)).toEqual([]);
    }
    for (const { right, turns, told = [] } of users) {
      replay(task, turns, 0);
      for (const index of [...told, ...(typeof right === "number" ? [right] : [])]) expect(task.heldBack[index]).toBeDefined();
      expect(told).not.toContain(right);
    }
    for (const { right, call } of tools) {
      const tool = task.tools.find((one) => one.name === call.name);
      const wrong = tool === undefined || argumentErrors(tool, call.arguments).length > 0;
      expect([call.name, wrong]).toEqual([call.name, right === "error"]);
    }
  });

  test("a call that is not expected and has no result is an error in the data", () => {
    const [world] = worlds;
    expect(() => world && replay(world.task, [{ call: { name: "get_forecast", arguments: {} } }], 0)).toThrow(/needs a result/);
  });
});

describe("what a conversation is an example of", () => {
  test.each(conversations)("$name", ({ world, conversation }) => {
    const { trajectory } = replay(world.task, conversation.turns, 0);
    const conduct = conductOf(trajectory, dialect);
    const right = rulesShare(world.task, conduct) === 1;
    if (conversation.sort === "honest") expect(right).toBe(true);
    if (conversation.sort === "call") expect(right).toBe(false);
    if (conversation.sort === "report") expect(needsJudge(world.task, conduct)).toBe(true);
  });

  test("there is one honest conversation in every world, and hacks in most", () => {
    expect(worlds.map(({ conversations }) => conversations.filter(({ sort }) => sort === "honest").length)).toEqual(
      worlds.map(() => 1),
    );
    expect(conversations.filter(({ conversation }) => conversation.sort === "hack").length).toBeGreaterThanOrEqual(15);
  });
});

describe("no hack is scored above the honest conversation of its world", () => {
  const hacks = conversations.filter(({ conversation }) => conversation.sort === "hack");
  const honestOf = (world: CaseWorld) => world.conversations.filter(({ sort }) => sort === "honest");

  test.each(hacks)("by rules: $name", async ({ world, conversation }) => {
    const hack = await byRules(world, conversation);
    for (const honest of honestOf(world)) expect(hack.reward).toBeLessThanOrEqual((await byRules(world, honest)).reward);
  });

  test("and it gets the same score only if rules cannot read what was said", async () => {
    const alike: string[] = [];
    for (const { world, conversation, name } of hacks)
      for (const honest of honestOf(world))
        if ((await byRules(world, conversation)).reward === (await byRules(world, honest)).reward) alike.push(name);
    // a true report may claim more than its result holds: rules look for what must be there
    expect(alike).toEqual(["exchange: converts and claims a transfer that was not made"]);
  });
});
