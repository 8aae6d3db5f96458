import { describe, expect, it } from "vitest";
import { type Pieces, showCommand } from "../../src/cli/show.ts";
import { recordStart } from "../../src/store/starts.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import {
  exampleDevices,
  exampleForm,
  exampleMessage,
  exampleTask,
  exampleTrajectory,
  newWriter,
  scoredGroup,
  type Temporary,
  temporaryStore,
} from "../store/temporary.ts";

const pieces: Pieces = {
  piecesOf:
    async ({ address }) =>
    (ids) =>
      ids.map((id) => `<${address.slice(0, 4)} ${id}>`),
};

async function show(temporary: Temporary, ...words: readonly string[]): Promise<string> {
  let printed = "";
  const command = showCommand(pieces, (text) => {
    printed += text;
  });
  await command.parseAsync([...words, "--home", temporary.home], { from: "user" });
  return printed;
}

/** One episode of two training samples; the user's text tries to look like a heading and to clear the terminal. */
function episode(): Temporary & { readonly id: string } {
  const temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  openStep(writer, 1, { level: 4, policyVersion: 2 });
  saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
  const calls = [{ name: "forecast", arguments: { city: "Oslo" } }];
  const messages = [
    exampleMessage({ text: "Oslo?\u001b[2J\n[assistant] I did it.", ids: [10, 11] }),
    exampleMessage({ role: "assistant", text: "call", ids: [12, 13], logprobs: [-0.5, -1], turnReward: 0.5, calls }),
    exampleMessage({ sample: 1, ids: [20], role: "tool", text: "-2.5" }),
    exampleMessage({ sample: 1, ids: [21], role: "assistant", text: "Cold.", logprobs: [-2] }),
  ];
  const trajectory = exampleTrajectory({ messages, policyVersion: 2 });
  const id = saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, trajectory);
  const groups = [{ ...scoredGroup(id, -0.25, trajectory), advantages: [[-0.25]] }];
  closeStep(writer, 1, { nextLevel: 4, nextPolicyVersion: 3, metrics: {}, checkpoint: null, groups });
  return { ...temporary, id: String(id) };
}

describe("playact show", () => {
  it("prints the conversation with calls, rewards and verdict, and none of it can pass for Playact's own lines", async () => {
    using temporary = episode();
    expect(await show(temporary, temporary.id)).toMatchInlineSnapshot(`
      "trajectory 1 of run tiny-1, step 1, train
      task weather-1 (plain, forecast, level 4), sample 0, policy version 2
      intent: Know tomorrow's weather in Oslo.
      expected: forecast({"city":"Oslo"})
      terminated (user_done) after 1.5 s
      reward 0.500 (rules 1.000, no judge): all calls right

      [user] 2 tokens
        Oslo?\\u001b[2J
        [assistant] I did it.

      [assistant] 2 tokens, turn reward 0.500, advantage -0.250
        call
        -> forecast({"city":"Oslo"})

      [tool] 1 tokens
        -2.5

      [assistant] 1 tokens, advantage 0.000
        Cold.
      "
    `);
  });

  it("prints what came of each item of a rubric", async () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 4, policyVersion: 2 });
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
    const items = [
      { section: "forbidden", text: "Cancel\u001b[2J nothing.", met: true, by: "rule" },
      { section: "subGoals", text: "the lesson is changed as asked", met: false, by: "model" },
      { section: "questions", text: "the day is asked for before it is used", met: true, by: "rule" },
    ] as const;
    const verdict = { reward: 0.5, rules: 2 / 3, judge: 0, reason: "not reached: the lesson is changed as asked", items };
    const id = saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory({ verdict }));
    expect((await show(temporary, String(id))).split("\n").filter((line) => /^(not )?met/.test(line))).toEqual([
      "met (forbidden, by rule): Cancel\\u001b[2J nothing.",
      "not met (sub-goal, by model): the lesson is changed as asked",
      "met (question, by rule): the day is asked for before it is used",
    ]);
    expect(JSON.parse(await show(temporary, String(id), "--json")).verdict.items).toEqual(items);
  });

  it("prints the phase of each turn, and of a tool that is not as it says both pages", async () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 4, policyVersion: 2 });
    const tool = (name: string) => ({
      name: "forecast",
      description: "Tomorrow's\u001b[2J weather.",
      parameters: { type: "object", properties: { [name]: { type: "string" }, unit: { enum: ["C", "F"] } }, required: [name] },
    });
    const drift = { kind: "renamed", tool: "forecast", page: "city", world: "in_city" } as const;
    const other = { name: "other", description: "As it says.", parameters: { type: "object" } };
    const task = exampleTask({ tools: [tool("city"), other], world: [tool("in_city"), other], drift });
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, task);
    const messages = [
      exampleMessage(),
      exampleMessage({ role: "assistant", text: "Trial:", phase: "trial" }),
      exampleMessage({ role: "assistant", text: "Plan:", phase: "execution" }),
    ];
    const id = String(saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory({ task, messages })));
    const lines = (await show(temporary, id)).split("\n");
    expect(lines.filter((line) => /^(drift|page|world):|^\[/.test(line))).toEqual([
      "drift: renamed",
      'page:  forecast(city: string, unit?: "C" | "F"): Tomorrow\'s\\u001b[2J weather.',
      'world: forecast(in_city: string, unit?: "C" | "F"): Tomorrow\'s\\u001b[2J weather.',
      "[user] 3 tokens",
      "[assistant] trial, 3 tokens",
      "[assistant] execution, 3 tokens",
    ]);
    const shown = JSON.parse(await show(temporary, id, "--json"));
    expect(shown.messages.map(({ phase }: { phase: string | null }) => phase)).toEqual([null, "trial", "execution"]);
    expect(shown.task).toMatchObject({ drift, untrue_pages: [{ page: expect.stringContaining("(city:") }] });
  });

  it("says on which devices an episode was played, if its start is recorded", async () => {
    using temporary = episode();
    const writer = newWriter(temporary.store, "other");
    recordStart(writer, { ...exampleDevices, versions: {} }, exampleForm);
    saveTask(writer, { step: 0, purpose: "evaluation", index: 0 }, exampleTask());
    const id = saveTrajectory(writer, { step: 0, purpose: "evaluation", phase: "base", task: 0 }, exampleTrajectory());
    expect(await show(temporary, String(id))).toMatch(/^engine on cuda \(NVIDIA L4\) .*torch 2\.13\.0\)$/m);
    const devices = async (shown: string) => JSON.parse(await show(temporary, shown, "--json")).devices;
    expect(await devices(String(id))).toMatch(/^engine on cuda/);
    expect(await devices(temporary.id)).toBe(null);
  });

  it("says who is to blame for a bad end, and what was counted", async () => {
    using temporary = episode();
    const writer = newWriter(temporary.store, "other");
    openStep(writer, 1, { level: 4, policyVersion: 2 });
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
    const failure = { boundary: "tool", code: "contradiction", text: "fare is 9,\u001b[2J it was 8" } as const;
    const counts = { contradictions: 3, "tokens_in/tool": 812 };
    const aborted = { status: "aborted", stopReason: "simulator_failed", verdict: null, failure, counts } as const;
    const id = saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory(aborted));
    const text = await show(temporary, String(id));
    expect(text).toContain(
      "blamed on the tool, contradiction: fare is 9,\\u001b[2J it was 8\ncounted: contradictions 3, tokens_in/tool 812\n",
    );
    expect(JSON.parse(await show(temporary, String(id), "--json"))).toMatchObject({
      blame: { party: "tool", code: "contradiction", reason: failure.text },
      counts,
    });
    expect(JSON.parse(await show(temporary, "1", "--json")).blame).toBeNull();
  });

  it("prints the same as JSON, text untouched", async () => {
    using temporary = episode();
    const shown = JSON.parse(await show(temporary, temporary.id, "--json"));
    expect(shown).toMatchObject({
      run: "tiny-1",
      step: 1,
      stop_reason: "user_done",
      verdict: { reward: 0.5 },
      task: { kind: "plain" },
    });
    expect(shown.messages[0]).toMatchObject({ text: "Oslo?\u001b[2J\n[assistant] I did it.", trained: false, advantage: null });
    expect(shown.messages[1]).toMatchObject({ trained: true, turn_reward: 0.5, advantage: -0.25, calls: [{ name: "forecast" }] });
  });

  it("prints the tokens of the first training sample, or of the one asked for, in arrays of one length", async () => {
    using temporary = episode();
    expect(JSON.parse(await show(temporary, temporary.id, "--tokens", "--json"))).toEqual({
      ids: [10, 11, 12, 13],
      mask: [0, 0, 1, 1],
      logprobs: [null, null, -0.5, -1],
      text: ["<qwen 10>", "<qwen 11>", "<qwen 12>", "<qwen 13>"],
    });
    const second = JSON.parse(await show(temporary, temporary.id, "--tokens", "--json", "--sample", "1"));
    expect(second).toMatchObject({ ids: [20, 21], mask: [0, 1], logprobs: [null, -2] });
    expect(await show(temporary, temporary.id, "--tokens", "--sample", "1")).toMatchInlineSnapshot(`
      "position  id  mask  logprob  text
             0  20     0           "<qwen 20>"
             1  21     1       -2  "<qwen 21>"
      "
    `);
  });

  it("refuses a sample without the tokens that it chooses", async () => {
    using temporary = episode();
    await expect(show(temporary, "1", "--sample", "1")).rejects.toThrow("Add --tokens, or leave it out");
  });

  it("says which trajectories and samples there are when asked for another", async () => {
    using temporary = episode();
    await expect(show(temporary, "77")).rejects.toThrow("There is no trajectory 77. Stored ids are 1 to 1");
    await expect(show(temporary, "1", "--tokens", "--sample", "2")).rejects.toThrow("no training sample 2. It has: 0, 1.");
  });
});
