// An episode of one model written anew for another.
import { expect, test } from "vitest";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { parseToolCalls } from "../../src/llm/text/tool-call.ts";
import { playedIn } from "../../src/reward/as-played.ts";
import { retold } from "../../src/rollout/retold.ts";
import { blueprint, chain, says } from "../support/blueprint.ts";
import { episodeOf, stage } from "../support/stage.ts";

const { vocabulary } = scriptedEngine();
const [look, book] = chain().expected;

async function told(turns: readonly string[], dialect: "hermes" | "json-fence" | "llama-3.1") {
  const { trajectory } = await episodeOf(stage({ turns }), chain());
  const template = episodeTemplate(vocabulary, { dialect, markers: "pieces" });
  return { trajectory, ...retold(trajectory, "hermes", { template, toolChars: 512 }) };
}

test("its words, calls and results are the same in every dialect", async () => {
  if (look === undefined || book === undefined) throw new Error("a chain has two calls");
  const thought = `<think>\nA train first.\n</think>\n\nI look it up.\n${says(look)}`;
  for (const dialect of ["hermes", "json-fence", "llama-3.1"] as const) {
    const { trajectory, messages } = await told([thought, says(book), "Done: NT418 at 08:25, for 184."], dialect);
    expect(playedIn(messages)).toEqual(playedIn(trajectory.messages));
    expect(messages.map(({ role, turnReward }) => [role, turnReward])).toEqual(
      trajectory.messages.map(({ role, turnReward }) => [role, turnReward]),
    );
    const read = messages.filter(({ role }) => role === "assistant").map(({ text }) => parseToolCalls(text, dialect));
    expect(read.map(({ calls }) => calls.map(({ name }) => name))).toEqual([["find_train"], ["book_seats"], []]);
    expect(messages.some(({ text }) => text.includes("think"))).toBe(false);
    // of the dialect llama-3.1 a call stands alone, or it is read as words
    expect(read[0]?.rest).toBe(dialect === "llama-3.1" ? "" : "I look it up.");
  }
});

test("a trial stays one where its call, written once more in words, would be two calls in the other dialect", async () => {
  if (look === undefined) throw new Error("a chain has calls");
  const { result: _, ...call } = look;
  const twice = `Trial:\n${JSON.stringify(call)}\n${says(look)}`;
  const { messages } = await told([twice, "Done: NT418 at 08:25."], "json-fence");
  const [turn] = messages.filter(({ role }) => role === "assistant");
  expect(turn?.text).toMatch(/^Trial:\n/);
  expect(parseToolCalls(turn?.text ?? "", "json-fence").calls).toHaveLength(1);
});

test("its length is counted in the ids of the one that it is written for", async () => {
  const { trajectory } = await episodeOf(stage({ turns: ["I cannot help."] }), blueprint());
  const template = episodeTemplate(vocabulary, { dialect: "hermes", markers: "pieces" });
  const { messages, responseTokens } = retold(trajectory, "hermes", { template, toolChars: 512 });
  expect(responseTokens).toBe(messages[2]?.ids.length);
});
