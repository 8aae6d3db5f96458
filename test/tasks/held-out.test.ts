import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { heldOutShare } from "../../src/config/held-out.ts";
import { presets } from "../../src/config/presets.ts";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { carries } from "../../src/rules/language/said.ts";
import { argumentErrors } from "../../src/rules/validate.ts";
import { taskKind } from "../../src/store/tasks.ts";
import { callKinds, declineTwins, heldOutQuota, messageKey } from "../../src/tasks/held-out.ts";
import { taskOrders } from "../../src/tasks/orders.ts";
import { readyTasks, readyToPlay } from "../../src/tasks/ready.ts";
import { promptTokens, rejectionOf } from "../../src/tasks/rejection.ts";
import { embeddedCatalogue, splitHeldOut } from "../../src/tools/toolset.ts";
import { blueprint, chain, findFlight } from "../support/blueprint.ts";

const config = configSchema.parse({});
const evening = configSchema.parse(presets.evening);
const purposes = ["evaluation", "selection"] as const;

describe("the kinds of held-out tasks", () => {
  test("are, in the sets of a long run, enough to tell checkpoints apart: 96 calls, 48 declines, 24 questions", () => {
    const { plain, chain: chained, parallel, ask, decline } = heldOutQuota("selection", evening.evaluation.decisions);
    expect([plain + chained + parallel, decline, ask]).toEqual([96, 48, 24]);
    expect(heldOutQuota("evaluation", evening.evaluation.tasks)).toEqual({
      plain: 24,
      ask: 24,
      chain: 24,
      parallel: 8,
      decline: 16,
    });
  });

  test("keep their shares in a set of any size, within one task, and add up", () => {
    fc.assert(
      fc.property(fc.constantFrom(...purposes), fc.nat(400), (purpose, total) => {
        const quota = heldOutQuota(purpose, total);
        const standard = heldOutQuota(purpose, purpose === "evaluation" ? 48 : 168);
        const whole = Object.values(standard).reduce((sum, count) => sum + count, 0);
        expect(Object.values(quota).reduce((sum, count) => sum + count, 0)).toBe(total);
        for (const [kind, count] of Object.entries(standard))
          expect(Math.abs((quota as Record<string, number>)[kind] ?? Number.NaN) - (count * total) / whole).toBeLessThan(1);
        expect(callKinds(purpose, total)).toHaveLength(total - quota.decline);
      }),
    );
  });

  test("decide what is ordered, whatever the level", () => {
    for (const level of [1, 40, 100]) {
      const kinds = ["plain", "ask", "chain", "parallel"] as const;
      const series = { id: "e", names: ["e"], first: 0, count: 4, kinds, level, declineShare: 0, epsilon: 0 };
      const orders = taskOrders(config, series);
      const seen = orders.map(({ decline, hold, calls, parallel }) => [decline, hold > 0, calls, parallel]);
      expect(seen).toEqual([
        [false, false, 1, false],
        [false, true, 1, false],
        [false, false, 2, false],
        [false, false, 2, true],
      ]);
    }
  });
});

test("decline tasks are twins of plain tasks first: the same words without the tools, at the places after the calls", () => {
  const calls = new Map([chain(), blueprint(), blueprint({ firstMessage: "And to Narva?" })].entries());
  const other = { domain: "travel", name: "flights", tools: [findFlight] };
  const trains = { domain: "travel", name: "trains", tools: [...blueprint().tools] };
  // of 4 places 3 are for calls in an evaluation, 2 of 3 in a selection
  const twins = declineTwins(calls, { purpose: "selection", total: 7, toolsets: [trains, other] });
  const first = callKinds("selection", 7).length;
  expect([...twins.keys()]).toEqual([first, first + 1]);
  expect([...twins.values()].map(({ firstMessage }) => firstMessage)).toEqual([blueprint().firstMessage, "And to Narva?"]);
  for (const twin of twins.values()) {
    expect(taskKind(twin)).toBe("decline");
    expect(twin.tools.map(({ name }) => name).sort()).toEqual(["book_seats", "find_flight"]);
  }
});

test("every ready task fits the catalogue, its purpose and kind, and no message is in both sets", () => {
  const { heldOut } = splitHeldOut(embeddedCatalogue(), heldOutShare(config), ["held-out"]);
  const template = episodeTemplate(scriptedVocabulary(), { dialect: "hermes", markers: "pieces" });
  const entries = readyTasks();
  const keys = entries.map(messageKey);
  expect(new Set(keys).size).toBe(keys.length);
  const series = { id: "e", names: ["e"], first: 0, count: 1, level: 30, declineShare: 0, epsilon: 0 };
  for (const entry of entries) {
    const what = `${entry.purpose} ${entry.kind} ${entry.number}: ${entry.firstMessage}`;
    const [order] = taskOrders(config, { ...series, kinds: [entry.kind] });
    const task = order && readyToPlay(entry, order, heldOut);
    if (!task) throw new Error(`${what}: its toolset or a tool is not held out`);
    expect(taskKind(task), what).toBe(entry.kind);
    expect(rejectionOf(task, { tokens: promptTokens(task, template) / 4, room: 1400 }), what).toBeNull(); // ids of the double are bytes
    for (const [index, call] of task.expected.entries()) {
      const tool = task.tools.find(({ name }) => name === call.name);
      expect(tool && argumentErrors(tool, call.arguments), what).toEqual([]);
      for (const held of task.heldBack.filter((one) => one.call === index)) {
        const value = call.arguments[held.argument] ?? null;
        expect([carries(held.sentence, value), carries(task.firstMessage, value)], what).toEqual([true, false]);
      }
    }
    expect(task.limits.toolTurns, what).toBeGreaterThanOrEqual(task.expected.length);
  }
  const numbers = entries.map(({ purpose, kind, number }) => `${purpose} ${kind} ${number}`);
  expect(new Set(numbers).size).toBe(numbers.length);
});
