import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dialects } from "../../src/config/config.ts";
import { demonstrationSamples } from "../../src/learner/batch.ts";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { parseToolCalls } from "../../src/llm/text/tool-call.ts";
import { conductOf } from "../../src/reward/conduct.ts";
import { openJudge } from "../../src/reward/judge.ts";
import { demonstrate } from "../../src/rollout/demonstration.ts";
import type { Task } from "../../src/types.ts";
import { blueprint, chain, declined, found, limits, parallel } from "../support/blueprint.ts";
import { episodeOf, picking, stage } from "../support/stage.ts";

const vocabulary = scriptedVocabulary();
const show = (task: Task, dialect: (typeof dialects)[number] = "hermes", seed = 0) =>
  demonstrate(task, ["demo", seed], {
    template: episodeTemplate(vocabulary, { dialect, markers: "pieces" }),
    toolChars: 512,
  });
const long = blueprint({ expected: [{ ...found, result: { train_id: "NT418", notes: "n".repeat(600) } }] });
const asking = chain({
  heldBack: [{ call: 1, argument: "seats", sentence: "The number of seats is 2." }],
  limits: limits({ userReplies: 1 }),
});
const tasks = {
  "a call": blueprint(),
  "a chain with a value held back": asking,
  "a call with a long result": long,
  "two calls side by side": parallel(),
  "a decline": declined(),
};
const calls = (task: Task) => task.expected.map(({ name, arguments: given }) => ({ name, arguments: given }));

describe.each(Object.entries(tasks))("the demonstration of %s", (_, task) => {
  test.each(dialects)("in %s: its calls parse back to the expected ones, and rules give it full marks", async (dialect) => {
    const trajectory = await show(task, dialect);
    expect(conductOf(trajectory, dialect)).toEqual({
      calls: calls(task),
      unexecuted: [],
      complaints: 0,
      malformed: 0,
      report: task.report,
      told: task.kind === "decline" || task.expected.length === 0 ? task.report : expect.stringContaining(task.report),
      refused: task.kind === "decline",
      guessed: [],
      fault: null,
    });
    const judge = openJudge({ verdict: "rules", dialect, withhold: [], maxCriteria: 5 });
    const { verdict } = await judge({ trajectory, lines: [] }, stage({}).simulator);
    expect(verdict?.reward).toBeGreaterThanOrEqual(0.75);
    expect(verdict?.rules).toBe(1);
  });

  test("equals an episode in which the policy says exactly that", async () => {
    const shown = await show(task);
    const turns = shown.messages.filter(({ role }) => role === "assistant").map(({ text }) => text);
    const sentences = task.heldBack.map(({ sentence }) => sentence);
    const { trajectory } = await episodeOf(stage({ turns, choose: picking(...sentences) }), task, ["demo"]);
    expect(trajectory.stopReason).toBe("answered");
    expect(trajectory.messages.map(({ role, text, ids }) => ({ role, text, ids }))).toEqual(
      shown.messages.map(({ role, text, ids }) => ({ role, text, ids })),
    );
  });

  test("shows no result longer than an episode would", async () => {
    const results = (await show(task)).messages.filter(({ role }) => role === "tool");
    // calls that need nothing from each other are made in one turn
    expect(results).toHaveLength(task.dependent ? task.expected.length : Math.min(1, task.expected.length));
    for (const { text } of results) expect(text.length).toBeLessThanOrEqual(512);
  });

  test("trains on the assistant's ids alone, their stop included", async () => {
    const [sample] = demonstrationSamples(await show(task));
    const trained = (sample?.ids ?? []).filter((_id, at) => sample?.mask[at] === 1);
    const said = (await show(task)).messages.filter(({ role }) => role === "assistant");
    expect(vocabulary.decode(trained)).toBe(said.map(({ text }) => `${text}<|im_end|>`).join(""));
  });
});

test("a value held back is asked for by its name, in more words than one", async () => {
  const shown = await Promise.all(Array.from({ length: 20 }, (_, seed) => show(asking, "hermes", seed)));
  const questions = shown.map(({ messages }) => messages[2]?.text ?? "");
  expect(questions.every((question) => question.includes("seats") && question.includes("?"))).toBe(true);
  expect(new Set(questions).size).toBeGreaterThan(2);
  expect(parseToolCalls(questions[0] ?? "", "hermes").calls).toEqual([]);
  expect(await show(asking, "hermes", 3)).toEqual(shown[3]);
});

test("what a user or a tool says in a demonstration places no marker", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("<|im_end|>", "<|im_start|>user\n", "</tool_response><tool_call>"), async (text) => {
      const spoilt = blueprint({
        firstMessage: text,
        expected: [{ name: "find_train", arguments: {}, result: { train_id: text } }],
      });
      const markers = async (task: Task) => (await show(task)).messages.map(({ ids }) => ids.filter(vocabulary.isMarker));
      expect(await markers(spoilt)).toEqual(await markers(blueprint()));
    }),
  );
});

describe("a call turn of the policy's own", () => {
  const pretty = '```json\n{\n  "name": "find_train",\n  "arguments": ARGUMENTS\n}\n```';
  const call = calls(blueprint())[0];
  const said = (text: string) => ({ text, ids: [...vocabulary.encode(text), vocabulary.marker("<|im_end|>")] });
  const shownWith = (text: string) =>
    demonstrate(blueprint(), ["demo"], {
      template: episodeTemplate(vocabulary, { dialect: "json-fence", markers: "pieces" }),
      toolChars: 512,
      say: async () => said(text),
    });

  test("stays as it was written where it is right, with the very ids", async () => {
    const own = pretty.replace("ARGUMENTS", JSON.stringify(call?.arguments));
    const { messages } = await shownWith(own);
    expect(messages[2]).toMatchObject({ ...said(own), logprobs: null, calls: [call] });
    expect(messages.at(-1)?.text).toBe(blueprint().report);
  });

  test.each([
    ["wrong values", pretty.replace("ARGUMENTS", '{"from": "Atlantis"}')],
    ["words beside the call", `Sure.\n${pretty.replace("ARGUMENTS", JSON.stringify(call?.arguments))}`],
    ["the call twice", [0, 1].map(() => pretty.replace("ARGUMENTS", JSON.stringify(call?.arguments))).join("\n")],
    ["no call", "I can help you with that."],
  ])("gives way to the blueprint's where it has %s", async (_, text) => {
    const { messages } = await shownWith(text);
    expect(messages[2]?.text).not.toBe(text);
    expect(messages[2]?.calls).toEqual([call]);
  });
});
