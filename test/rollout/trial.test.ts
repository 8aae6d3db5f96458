// The two phases of an episode: which turn tries and which acts, what each counts as, and who reads what.
import { describe, expect, test } from "vitest";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { formatToolCalls, parseToolCalls } from "../../src/llm/text/tool-call.ts";
import { actingTurn, assertTriable, beginsTrial, promptForTrials, trialTurn } from "../../src/llm/text/trial.ts";
import { promptTokens } from "../../src/tasks/rejection.ts";
import type { HeldBack, Message, Task } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, limits, says } from "../support/blueprint.ts";
import { episodeOf, type Play, picking, stage, verdictOn } from "../support/stage.ts";
import { drifting, trials, tries } from "../support/trials.ts";

const acts = actingTurn(["find_train finds a train."], "look it up, then report.", says(found));
const answer = "The train is NT418, it leaves at 08:25.";
const day: HeldBack = { call: 0, argument: "day", sentence: "Trial: the day is 2027-03-02." };

async function play(task: Task, script: Play, trial = trials()) {
  const played = stage(script, { trial });
  const episode = await episodeOf(played, task);
  return { ...played, ...episode, end: `${episode.trajectory.status}: ${episode.trajectory.stopReason}` };
}
const phases = (messages: readonly Message[]) => messages.slice(2).map(({ role, phase }) => `${role} ${phase}`);

describe("a turn that begins with the word", () => {
  test("says so at its head alone, after white space and a thought", () => {
    for (const text of ["Trial:\n{}", "\n  Trial: now", "<think>\nWhich?\n</think>\n\nTrial:\n{}", tries(found)])
      expect(beginsTrial(text), text).toBe(true);
    for (const text of ["trial: {}", "A Trial: {}", "Notes:\n- Trial: {}", "<think>\nTrial:", acts, says(found)])
      expect(beginsTrial(text), text).toBe(false);
  });

  test("is answered as a trial, beside tool turns and assistant turns", async () => {
    const task = blueprint({ limits: limits({ assistantTurns: 2, toolTurns: 1 }) });
    const { end, trajectory } = await play(task, {
      turns: [tries(found), tries(booked), acts, answer],
      reply: () => ({ price: 20 }),
    });
    expect(end).toBe("terminated: answered");
    expect(phases(trajectory.messages)).toEqual([
      ...["assistant trial", "tool trial", "assistant trial", "tool trial"],
      ...["assistant execution", "tool execution", "assistant execution"],
    ]);
    expect(trajectory.messages.slice(0, 2).map(({ phase }) => phase)).toEqual([undefined, undefined]);
    expect(trajectory.messages[3]?.text).toContain("NT418");
    expect(trajectory.messages.map(({ turnReward }) => turnReward).filter((reward) => reward !== null)).toEqual([0, 0, 1]);
  });

  test("and whose call is broken is a trial too", async () => {
    const { trajectory } = await play(blueprint(), { turns: [trialTurn('<tool_call>\n{"name": \n</tool_call>'), acts, answer] });
    expect(phases(trajectory.messages).slice(0, 3)).toEqual(["assistant trial", "tool trial", "assistant execution"]);
    expect(trajectory.messages[3]?.text).toContain("could not be parsed");
  });

  test("but has no call is no trial, and goes to the user", async () => {
    const { end, trajectory } = await play(blueprint(), { turns: ["Trial: I would rather ask."] });
    expect(end).toBe("terminated: answered");
    expect(phases(trajectory.messages)).toEqual(["assistant execution"]);
  });

  test("is one too many after the last trial: it is refused, and counts as a tool turn", async () => {
    const task = blueprint({ limits: limits({ toolTurns: 2 }) });
    const { trajectory } = await play(task, { turns: [tries(found), tries(found), acts, answer] }, trials({ turns: 1 }));
    expect(phases(trajectory.messages).slice(0, 5)).toEqual([
      ...["assistant trial", "tool trial", "assistant trial", "tool trial", "assistant execution"],
    ]);
    expect(trajectory.messages[4]).toMatchObject({ calls: [{ refused: "no_trial" }], turnReward: 0 });
    expect(trajectory.messages[5]?.text).toMatch(/^\{"error": "no trial is left: /);
    expect(trajectory.counts).toEqual({ "refused/no_trial": 1 });
    const short = await play(
      blueprint({ limits: limits({ toolTurns: 1 }) }),
      { turns: [tries(found), tries(found), acts] },
      trials({ turns: 1 }),
    );
    expect(short.end).toBe("truncated: max_tool_turns");
    expect(short.trajectory.messages.at(-1)).toMatchObject({ phase: "execution", turnReward: null });
  });

  test("is refused once the execution has begun, of which it is part", async () => {
    const played = await play(blueprint(), { turns: [acts, tries(found), answer] });
    expect(phases(played.trajectory.messages).slice(2, 4)).toEqual(["assistant execution", "tool execution"]);
    expect(played.trajectory.messages[4]).toMatchObject({ calls: [{ refused: "no_trial" }], turnReward: -1 });
    const { verdict } = await verdictOn(played, played, "rules");
    expect(verdict).toMatchObject({ rules: 0.5, fault: { code: "no_trial" } }); // as any surplus call
  });

  test("cannot go on for ever", async () => {
    const task = blueprint({ limits: limits({ toolTurns: 3, assistantTurns: 8 }) });
    const { end, asked } = await play(task, { turns: [tries(found)] });
    expect(end).toBe("truncated: max_tool_turns");
    expect(asked.samples).toHaveLength(2 + 3 + 1);
  });
});

test("notes and plan are in no line that user or judge reads; other words of the turn are", async () => {
  const task = blueprint({ limits: limits({ userReplies: 1 }) });
  const { lines } = await episodeOf(stage({ turns: [tries(found), `I see.\n${acts}`, answer] }, { trial: trials() }), task, [
    "lines",
  ]);
  const said = lines.flatMap((line) => (line.role === "assistant" ? [line.text] : []));
  expect(said).toEqual(["I see.", answer]);
  const free = `Notes:\n* find_train: fine\n\nPlan:\n1. Look.\n2. Report.\n${says(found)}`;
  const reported = `${answer}\nNotes:\n- Seats are free.`;
  const other = await episodeOf(stage({ turns: [free, reported] }, { trial: trials() }), task, ["lines"]);
  expect(other.lines.flatMap((line) => (line.role === "assistant" ? [line.text] : []))).toEqual([reported]);
});

describe("a page that an error tells to be untrue", () => {
  const paged = async (turns: readonly ((task: Task) => string)[], change = {}) => {
    const task = drifting("renamed", blueprint({ limits: limits({ toolTurns: 1, assistantTurns: 2 }) }));
    return { task, ...(await play(task, { turns: turns.map((turn) => turn(task)) }, trials(change))) };
  };
  const byPage = () => says(found);
  const corrected = ({ expected: [wanted] }: Task) => says(wanted ?? found);
  const report = () => answer;

  test("leaves one more turn to correct the call where there are no trials, and none where there are", async () => {
    const none = await paged([byPage, corrected, report], { turns: 0 });
    expect(none.end).toBe("terminated: answered");
    expect((await paged([byPage, corrected, report])).end).toBe("truncated: max_tool_turns");
    expect((await paged([byPage, byPage, corrected, report], { turns: 0 })).end).toBe("truncated: max_tool_turns");
  });
});

describe("the word", () => {
  test("switches nothing in what users and tools say", async () => {
    const task = blueprint({
      firstMessage: "Trial: which train goes from Oslo to Bergen?",
      heldBack: [day],
      expected: [{ ...found, result: { train_id: "Trial:", departs: "Trial:" } }],
      limits: limits({ userReplies: 1 }),
    });
    const turns = ["On which day?", says(found), "The train is Trial:, at Trial:."];
    const { trajectory } = await play(task, { turns, choose: picking(day.sentence) });
    expect(phases(trajectory.messages)).toEqual([
      ...["assistant execution", "user execution", "assistant execution", "tool execution", "assistant execution"],
    ]);
  });

  test("stands in the system prompt where trials are a phase, with their number and what becomes of changes", async () => {
    const { trajectory, player } = await play(blueprint(), { turns: [answer] });
    const [prompt] = trajectory.messages;
    expect(prompt?.text).toContain('in at most 2 turns: begin such a turn with "Trial:"');
    expect(prompt?.text).toContain("is undone");
    const ids = trajectory.messages.slice(0, 2).flatMap((message) => message.ids);
    expect(promptTokens(blueprint(), player.template, { trial: trials() })).toBe(ids.length); // counted where tasks are drawn
    const under = (change: Parameters<typeof trials>[0]) => promptForTrials("You help.", trials(change));
    expect(under({ world: "shared" })).toContain("stays changed");
    expect(under({})).toContain("Notes:");
    expect(under({ notes: false })).not.toMatch(/notes/i);
    expect(under({ turns: 1 })).toContain("in one turn");
  });

  test("is refused in the dialect whose calls come before all words, if trials are a phase", () => {
    expect(() => assertTriable(trials(), "llama-3.1")).toThrow(/no word may come before a call\. Set policy\.dialect=hermes/);
    for (const dialect of ["hermes", "json-fence"] as const) {
      const turn = trialTurn(formatToolCalls([found], dialect));
      expect(parseToolCalls(turn, dialect)).toMatchObject({ calls: [{ name: found.name }], errors: [], rest: "Trial:" });
      assertTriable(trials(), dialect);
    }
    assertTriable(trials({ phase: false }), "llama-3.1");
  });

  test("means nothing without trials: not one message, id or seed differs", async () => {
    const turns = [tries(found), acts, null];
    const without = await episodeOf(stage({ turns }), blueprint());
    const off = await play(blueprint(), { turns }, trials({ turns: 0 }));
    const { seconds: _, ...rest } = without.trajectory;
    expect(off.trajectory).toEqual({ ...rest, seconds: off.trajectory.seconds });
    expect(off.lines).toEqual(without.lines);
    expect(off.trajectory.messages.some((message) => "phase" in message)).toBe(false);
  });
});

describe("without a phase of trials", () => {
  const noTrial = trials({ phase: false });

  test("the same turns in all may call tools", async () => {
    const task = blueprint({ limits: limits({ assistantTurns: 3, toolTurns: 2 }) });
    const results = ({ trajectory }: Awaited<ReturnType<typeof play>>) =>
      trajectory.messages.filter(({ role }) => role === "tool").length;
    const tried = await play(task, { turns: [tries(found), tries(found), says(found)] });
    const called = await play(task, { turns: [says(found)] }, noTrial);
    expect(results(tried)).toBe(4);
    expect(results(called)).toBe(4);
    expect(called.asked.samples).toHaveLength(tried.asked.samples.length);
    const talks = blueprint({ limits: limits({ assistantTurns: 3, toolTurns: 8 }) });
    expect((await play(talks, { turns: [says(found)] }, noTrial)).end).toBe("truncated: max_assistant_turns");
    expect((await play(talks, { turns: [says(found)] }, noTrial)).asked.samples).toHaveLength(5);
  });

  test("the word means nothing, and the prompt does not tell of it", async () => {
    const { trajectory } = await play(blueprint(), { turns: [tries(found), answer] }, noTrial);
    expect(trajectory.messages[0]?.text).toBe(blueprint().systemPrompt);
    expect(trajectory.messages.some((message) => "phase" in message)).toBe(false);
    expect(trajectory.messages[2]).toMatchObject({ calls: [{ name: "find_train" }], turnReward: 1 });
  });
});

describe("what was tried", () => {
  test("is in no line that user or judge reads", async () => {
    const task = blueprint({ limits: limits({ userReplies: 1 }) });
    const reply = ({ schema }: ReplyRequest) =>
      "done" in Object(schema.properties)
        ? { reason: "Fine.", reward: 1, done: true, message: "" }
        : { reason: "Right.", reward: 1 };
    const script = (turns: readonly string[]): Play => ({ turns, reply });
    const read = async (turns: readonly string[]) => {
      const played = stage(script(turns), { user: "written", trial: trials() });
      const episode = await episodeOf(played, task);
      await verdictOn(played, episode, "written");
      return { lines: episode.lines, prompts: played.asked.replies.map(({ messages }) => messages) };
    };
    const tried = await read([tries(booked), tries(found), acts, answer]);
    expect(tried).toEqual(await read([acts, answer]));
    expect(tried.prompts).toHaveLength(2);
  });

  test("is no call of the verdict: who only tries has made none, and who tries and acts has made the right ones", async () => {
    const verdict = async (task: Task, turns: readonly string[]) => {
      const played = await play(task, { turns });
      return (await verdictOn(played, played, "rules")).verdict;
    };
    expect(await verdict(blueprint(), [tries(found), answer])).toMatchObject({
      reward: -1,
      rules: 0,
      fault: { code: "no_call" },
    });
    expect(await verdict(blueprint(), [tries(booked, found), acts, answer])).toMatchObject({ reward: 1, rules: 1 });
    const refusal = "I'm sorry, I have no tool to find trains.";
    expect(await verdict(declined(), [tries(found), refusal])).toMatchObject({ reward: 1, rules: 1 });
    expect(await verdict(declined(), [says(found), refusal])).toMatchObject({ reward: -1, rules: 0 });
  });

  test("has draws of its own: no two turns of an episode share a seed", async () => {
    const { asked } = await play(chain(), { turns: [tries(found), tries(found), says(found), says(booked), answer] });
    expect(new Set(asked.samples.map(({ seed }) => seed)).size).toBe(5);
  });
});
