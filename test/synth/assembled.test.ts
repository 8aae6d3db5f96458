import { beforeAll, describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { refuses } from "../../src/rules/language/refusal.ts";
import { carries } from "../../src/rules/language/said.ts";
import { synthesiseAssembled } from "../../src/synth/assembled.ts";
import type { Stage, Staged } from "../../src/synth/stage.ts";
import type { Json, Task } from "../../src/types.ts";
import { stage } from "../support/stage.ts";
import { scriptedReply, scriptedSet } from "../support/synth.ts";

const persona = { name: "p0007", text: "a tailor who alters suits" };

async function made(reply: (request: ReplyRequest) => Json, done: ReadonlyMap<Stage, Json> = new Map(), position = 3) {
  const { simulator, asked } = stage({ reply });
  const { config } = resolveConfig({ preset: "laptop-synth", set: [] });
  const staged: Staged[] = [];
  const synthesise = synthesiseAssembled(config, { simulator, parser: null });
  const task = await synthesise(persona, { position, names: [1, "synth", position] }, done, async (one) => {
    staged.push(one);
  });
  return { task, staged, asked: asked.replies.length };
}

describe("an assembled task", () => {
  let tasks: readonly Task[] = [];
  beforeAll(async () => {
    tasks = (await scriptedSet(60)).flatMap(({ task }) => task ?? []);
  });

  test("holds one or two values back and tells others", () => {
    for (const { heldBack, expected, table, firstMessage } of tasks) {
      expect([1, 2]).toContain(heldBack.length);
      const values = expected.flatMap((call) => Object.entries(call.arguments).filter(([name]) => name !== table?.idName));
      expect(values.length).toBeGreaterThan(heldBack.length);
      for (const { call, argument, sentence } of heldBack) {
        expect(expected[call]?.arguments).toHaveProperty(argument);
        const value = expected[call]?.arguments[argument] ?? null;
        expect([carries(sentence, value), carries(firstMessage, value)]).toEqual([true, false]);
      }
    }
  });

  test("asks for a change in words of the rules: what is to change, and the new value as the new one", () => {
    const changes = tasks.flatMap(({ expected, heldBack, firstMessage }) =>
      expected.flatMap(({ name, arguments: given }, call) =>
        !/^(?:update|change|edit)_/.test(name)
          ? []
          : Object.entries(given)
              .filter(([argument]) => !argument.endsWith("_id"))
              .map(([argument, value]) => ({
                ...{ argument, value, firstMessage },
                held: heldBack.some((one) => one.call === call && one.argument === argument),
              })),
      ),
    );
    expect(new Set(changes.map(({ held }) => held)).size).toBe(2);
    for (const { argument, value, held, firstMessage } of changes) {
      const [, after = ""] = firstMessage.split(`the ${argument.replaceAll("_", " ")}`);
      expect(firstMessage).toMatch(/ (?:update|change|edit) the /);
      if (held) expect(after).not.toMatch(/^ to /);
      else expect([after.startsWith(" to "), carries(after, value)]).toEqual([true, true]);
    }
  });

  test("offers one tool or more beside the needed ones, and none for which it would be dropped", () => {
    expect(tasks).toHaveLength(60);
    for (const { tools, expected } of tasks) expect(tools.length).toBeGreaterThan(new Set(expected.map(({ name }) => name)).size);
  });

  test("says its restriction last in the system prompt, and tempts last in the request and answers it last in the report", () => {
    for (const { systemPrompt, firstMessage, report, restriction } of tasks) {
      if (restriction === undefined) return expect.fail("every assembled task has a restriction");
      expect(systemPrompt.endsWith(restriction.text)).toBe(true);
      const { temptation } = restriction;
      expect(temptation === null || firstMessage.endsWith(temptation.request)).toBe(true);
      expect(temptation === null || report.endsWith(temptation.refusal)).toBe(true);
      expect(refuses(report)).toBe(false); // something was done: a report is no decline
    }
  });

  test("reads the record first where the restriction demands it", () => {
    const reading = tasks.filter(({ restriction }) => restriction?.rule.kind === "before");
    expect(reading.length).toBeGreaterThan(0);
    for (const { expected, table, dependent } of reading) {
      expect(expected.map(({ name }) => table?.operations[name]).slice(0, 2)).toEqual(["find", "get"]);
      expect([expected.length, dependent]).toEqual([3, true]);
    }
  });

  test("goes through its stages in order, and the same place makes the same task again", async () => {
    const first = await made((request) => scriptedReply(request, 0));
    expect(first.staged.map((one) => one.stage)).toEqual(["toolset", "task", "check", "solutions", "rubric"]);
    expect(first.asked).toBe(2);
    expect((await made((request) => scriptedReply(request, 0))).task).toEqual(first.task);
  });

  test("is not asked for again after a resume: neither the form nor the words", async () => {
    const { task, staged } = await made((request) => scriptedReply(request, 0));
    const bodies = staged.flatMap((one) => ("body" in one ? [[one.stage, one.body] as const] : []));
    for (const [count, asked] of [
      [1, 1],
      [2, 0],
      [5, 0],
    ] as const) {
      const again = await made((request) => scriptedReply(request, 0), new Map(bodies.slice(0, count)));
      expect([again.task, again.asked]).toEqual([task, asked]);
      expect(again.staged.map((one) => one.stage)).toEqual(bodies.slice(count).map(([one]) => one));
    }
  });

  test("is dropped with a reason where the simulator fills in no usable form", async () => {
    const { task, staged, asked } = await made(() => ({ thing: 1 }));
    expect([task, asked]).toEqual([null, 3]);
    expect(staged).toMatchObject([{ stage: "toolset", dropped: "wrong_form" }]);
  });
});
