// A teacher in the policy's seat: what of its tries is kept, how it is written anew, and a run that learns from it.
import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { EngineError } from "../../src/llm/llm.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { instructionsIn, systemPromptUnder } from "../../src/llm/text/system-prompt.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { formatToolCalls } from "../../src/llm/text/tool-call.ts";
import { actingTurn, trialTurn } from "../../src/llm/text/trial.ts";
import { blameFor } from "../../src/rules/blame.ts";
import type { ProgressEvent, Seated, Session } from "../../src/run/session.ts";
import { assertTaught, isLearnt, teacherMetrics, teacherShows } from "../../src/run/teach.ts";
import { teacherSeat } from "../../src/run/teacher.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { Task, ToolCall } from "../../src/types.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { blueprint, booked, declined, found, limits, says } from "../support/blueprint.ts";
import { chatServer } from "../support/chat-server.ts";
import { drifting, tries } from "../support/trials.ts";
import { cities, dyingAt, Killed, life, newRun, outcome, simulatorReply, wholeConfig } from "../support/whole-run.ts";

const { vocabulary } = scriptedEngine();
const policyTemplate = episodeTemplate(vocabulary, { dialect: "hermes", markers: "pieces" });

/** The teacher's own dialect is another than the policy's. */
const calls = (...made: readonly ToolCall[]) => formatToolCalls(made, "json-fence");
const notes = ["find_train finds a train."];
const plan = "look it up, then report.";
const acts = actingTurn(notes, plan, calls(found));
const answer = "The train is NT418, it leaves at 08:25.";
const right = [trialTurn(calls(found)), acts, answer];

type Turns = readonly (string | Error)[];

/** A teacher that plays these tries, one after the other, and what it was asked. */
function taught(plays: readonly Turns[], change: ConfigInput = {}, idsPerToken = 1) {
  const config = configSchema.parse({
    ...{ seed: 3, reward: { verdict: "rules" }, trial: { turns: 2 } },
    warmup: { from: "teacher", tries: plays.length },
    ...change,
  });
  const prompts: string[] = [];
  const most: number[] = [];
  let played = -1;
  const engine = scriptedEngine({
    say: (prompt, { maxTokens }) => {
      const at = prompt.split("<|im_start|>assistant").length - 2; // the prompt ends with the opening of the next turn
      if (at === 0) played++;
      prompts.push(prompt);
      most.push(maxTokens);
      const turn = plays[played]?.[at] ?? "";
      if (turn instanceof Error) throw turn;
      return turn;
    },
  });
  const template = episodeTemplate(engine.vocabulary, { dialect: "json-fence", markers: "pieces" });
  const player = { policy: engine.policy, vocabulary: engine.vocabulary, template, rollout: config.rollout };
  const session = {
    ...{ config, template: policyTemplate, memory: null, usage: newUsage(), pause: () => undefined },
    signal: new AbortController().signal,
  };
  return { config, prompts, most, show: teacherShows(session, { teacher: { player, idsPerToken }, engine }) };
}

test("a teacher that only refuses teaches nothing: one of its call tasks must be learnt from", async () => {
  const config = configSchema.parse({});
  const { show } = taught([["No tool of mine can find trains, I'm sorry."]]);
  const refused = await show(declined(), 0);
  expect(isLearnt(refused, "hermes")).toBe(true);
  expect(() => assertTaught(config, [refused])).not.toThrow();
  const failed = await taught([[answer]]).show(blueprint(), 1);
  expect(() => assertTaught(config, [refused, failed])).toThrow(/showed no call task of 1 .*1 did not solve the task/);
});

test("a warm-up says how long the turns are that it shows and a rollout would cut off", async () => {
  using temporary = temporaryStore();
  const warned: string[] = [];
  const progress = (event: ProgressEvent) => {
    if (event.kind === "warning") warned.push(event.text);
  };
  const run = newRun(temporary, { steps: 1, rollout: { ...wholeConfig.rollout, tokensPerTurn: 20 } });
  await life(temporary, run, { token: "one", progress });
  const [said = ""] = warned.filter((text) => text.includes("demonstrations"));
  expect(said).toMatch(/^2 of 2 demonstrations have a turn of up to \d+ tokens, .*rollout\.tokensPerTurn is 20/);
  const ids = `SELECT max(length(ids) / 4) FROM message JOIN trajectory ON trajectory.id = trajectory JOIN task ON task.id = task
    WHERE purpose = 'demonstration' AND role = 'assistant'`;
  const longest = temporary.store.database.prepare(ids).pluck().get();
  expect(said).toContain(`up to ${longest} tokens`);
});

test("a try that a slow machine cut off is told apart from one that was wrong", async () => {
  const { show, config } = taught([["so ".repeat(10_000)]], {
    rollout: { turnSeconds: 0.2, tokensPerTurn: 50_000, responseTokens: 50_000 },
    engine: { policyContext: 60_000 },
  });
  const task = blueprint({ limits: limits({ tokensPerTurn: 50_000, responseTokens: 50_000 }) });
  const shown = await show(task, 0);
  expect(shown.counts).toMatchObject({ "teacher/late": 1 });
  expect(() => assertTaught(config, [shown])).toThrow("1 were cut off by rollout.turnSeconds");
});

test("a step says how many of its turns a slow machine cut off", async () => {
  using temporary = temporaryStore();
  const warned: string[] = [];
  const progress = (event: ProgressEvent) => {
    if (event.kind === "warning") warned.push(event.text);
  };
  const slow = { ...wholeConfig.rollout, turnSeconds: 0.2, tokensPerTurn: 50_000, responseTokens: 50_000 };
  const engine = { ...wholeConfig.engine, policyContext: 60_000 };
  const script = {
    reply: simulatorReply,
    say: (_: string, { temperature }: { readonly temperature: number }) => (temperature === 0 ? "Which?" : "so ".repeat(10_000)),
  };
  await life(temporary, newRun(temporary, { steps: 1, engine, rollout: slow }), { token: "one", progress, script });
  const cut = temporary.store.database
    .prepare("SELECT count(*) FROM trajectory WHERE stop_reason = 'turn_deadline'")
    .pluck()
    .get();
  expect(cut).toBeGreaterThan(0);
  expect(warned.filter((text) => text.startsWith(`${cut} of `) && text.includes("0.2 s"))).toHaveLength(1);
});

test("a teacher's bad try is its own fault, not the task's", async () => {
  const failed = await taught([[trialTurn(calls(found)), actingTurn(notes, plan, calls(booked)), answer]]).show(blueprint(), 0);
  expect(blameFor(failed)?.party).toBe("agent");
});

describe("of a teacher's tries", () => {
  test("the right one with the fewest trials is kept, and all are counted", async () => {
    const two = [trialTurn(calls(found)), trialTurn(calls(booked)), acts, answer];
    const { show, prompts } = taught([two, right, [acts, answer], right]);
    const shown = await show(blueprint(), 0);
    expect(shown).toMatchObject({ author: "teacher", sample: 0, policyVersion: 0, status: "terminated", verdict: { rules: 1 } });
    expect(shown.counts).toMatchObject({ "trial/turns": 1, "teacher/right": 3, "teacher/untold": 1 });
    expect(isLearnt(shown, "hermes")).toBe(true);
    expect(prompts.filter((prompt) => prompt.split("<|im_start|>assistant").length === 2)).toHaveLength(4);
    expect(prompts.every((prompt) => prompt.includes("Before you act, try every tool"))).toBe(true);
  });

  test("the kept one is written as the policy would have written it, under its own prompt", async () => {
    const { show, config } = taught([right]);
    const task = blueprint();
    const { messages, task: shown } = await show(task, 0);
    expect(shown).toBe(task);
    const prompt = systemPromptUnder(task.systemPrompt, instructionsIn(config));
    const turns = [tries(found), actingTurn(notes, plan, says(found)), answer];
    expect(messages.map(({ role, phase, text }) => [role, phase, role === "tool" ? "" : text])).toEqual([
      ["system", undefined, prompt],
      ["user", undefined, task.firstMessage],
      ["assistant", "trial", turns[0]],
      ["tool", "trial", ""],
      ["assistant", "execution", turns[1]],
      ["tool", "execution", ""],
      ["assistant", "execution", turns[2]],
    ]);
    const own = messages.filter(({ role }) => role === "assistant");
    expect(own.map(({ ids }) => vocabulary.decode(ids))).toEqual(turns.map((text) => `${text}<|im_end|>`));
    expect(own.map(({ logprobs, calls: made }) => [logprobs, made.length])).toEqual([
      [null, 1],
      [null, 1],
      [null, 0],
    ]);
    expect(vocabulary.decode(messages.flatMap(({ ids }) => ids))).not.toContain("Before you act, try every tool");
  });

  test("a trial whose error tells what is right is kept with its error", async () => {
    const task = drifting("renamed");
    const [wanted = found] = task.expected;
    const told = [trialTurn(calls(found)), actingTurn(notes, plan, calls(wanted)), answer];
    const { messages, counts } = await taught([told]).show(task, 0);
    expect(counts).toMatchObject({ "teacher/right": 1, "trial/telling": 1, "trial/solved": 1 });
    expect(messages[2]?.calls).toMatchObject([{ refused: "wrong_arguments" }]);
    expect(messages[3]?.text).toContain(" is now ");
  });

  const wrong = { ...found, arguments: { ...found.arguments, to: "Narva" } };
  const broken = '```json\n{"name": "find_train", "arguments": {"from": \n```';
  const tight = blueprint({ limits: limits({ responseTokens: 300, tokensPerTurn: 300 }) });
  test.each<[string, Turns, RegExp, Task?, number?]>([
    ["unsolved", [trialTurn(calls(found)), actingTurn(notes, plan, calls(wrong)), answer], /1 did not solve the task/],
    ["untold", [acts, answer], /1 made no trial that told something/],
    ["malformed", [trialTurn(broken), ...right], /1 wrote calls that cannot be parsed/],
    ["too_long", right, /1 were longer than rollout\.responseTokens/, tight, 4],
    ["aborted", [new EngineError("native", "broken")], /1 were aborted/],
    ["late", [new EngineError("deadline", "too late")], /1 were cut off by rollout\.turnSeconds/],
    ["unsolved", [trialTurn(calls(found)), acts, "NT418 at 08:25, and so on and on. ".repeat(40)], /1 did not solve the task/],
  ])(
    "one that is %s is not learnt from; if that is all of them, the run ends with the reasons",
    async (why, turns, text, task, ids) => {
      const { show, config } = taught([turns], {}, ids);
      const shown = await show(task ?? blueprint(), 0);
      expect(shown.counts).toMatchObject({ [`teacher/${why}`]: 1 });
      expect(isLearnt(shown, "hermes")).toBe(false);
      expect(teacherMetrics([shown])).toMatchObject({ [`teacher/${why}`]: 1, "teacher/right": 0 });
      expect(() => assertTaught(config, [shown])).toThrow(
        expect.objectContaining({ boundary: "config", message: expect.stringMatching(text) }),
      );
    },
  );

  test("one that declines needs no trial, and without trials no call does", async () => {
    const shown = await taught([["I have no tool to find trains."]]).show(declined(), 0);
    expect([isLearnt(shown, "hermes"), shown.counts["trial/turns"]]).toEqual([true, 0]);
    const plain = await taught([[calls(found), answer]], { trial: { turns: 0 } }).show(blueprint(), 0);
    expect(isLearnt(plain, "hermes")).toBe(true);
    expect(plain.messages.every((message) => !("phase" in message))).toBe(true);
    expect(plain.messages[2]?.text).toBe(says(found));
  });

  test("one that corrects itself by an error is learnt from only if it reports too", async () => {
    const task = drifting("renamed");
    const [wanted = found] = task.expected;
    const shown = async (end: string) => taught([[calls(found), calls(wanted), end]], { trial: { turns: 0 } }).show(task, 0);
    expect(isLearnt(await shown(answer), "hermes")).toBe(true);
    expect(isLearnt(await shown("Done."), "hermes")).toBe(false);
  });

  test("a model whose ids are bytes has room for as much text", async () => {
    const { show, most } = taught([right], {}, 4);
    await show(blueprint(), 0);
    expect(most[0]).toBe(4 * blueprint().limits.tokensPerTurn);
  });
});

test("a run ends only if none of its teacher's episodes can be learnt from", async () => {
  const { show, config } = taught([right]);
  const { show: idle } = taught([[acts, answer]]);
  const [kept, dropped] = [await show(blueprint(), 0), await idle(blueprint(), 1)];
  expect(() => assertTaught(config, [dropped, kept])).not.toThrow();
  expect(() => assertTaught(config, [{ ...dropped, author: "blueprint" }])).not.toThrow();
});

describe("a run with a teacher", () => {
  const warmup = { ...wholeConfig.warmup, from: "teacher", tries: 2 } as const;

  /** Solves whatever is asked, with the simulator of the run. */
  const seat: NonNullable<Session["withTeacher"]> = (work) => {
    const engine = scriptedEngine({
      say: (prompt) => {
        if (!prompt.includes("find_train")) return "I have no tool to find trains.";
        if (prompt.includes("departs")) return "The train NT4 departs at 08:25.";
        return says({ ...found, arguments: { ...found.arguments, to: cities.find((city) => prompt.includes(city)) ?? "" } });
      },
      reply: simulatorReply,
    });
    const player = { policy: engine.policy, vocabulary, template: policyTemplate, rollout: wholeConfig.rollout };
    return work({ teacher: { player, idsPerToken: 1 }, sequences: 2, engine });
  };
  const rows = ({ store }: Temporary, sql: string) => store.database.prepare<[], unknown[]>(sql).raw().all();

  test("learns from it, and stores its episodes under its name, every turn of them trained on", async () => {
    using temporary = temporaryStore();
    await life(temporary, newRun(temporary, { warmup }), { token: "one", withTeacher: seat });
    const shown = "FROM trajectory JOIN task ON task.id = task WHERE purpose = 'demonstration'";
    expect(rows(temporary, `SELECT DISTINCT author, status ${shown}`)).toEqual([["teacher", "terminated"]]);
    const own = `SELECT DISTINCT trained FROM message WHERE role = 'assistant' AND trajectory IN (SELECT trajectory.id ${shown})`;
    expect(rows(temporary, own)).toEqual([[1]]);
    expect(rows(temporary, "SELECT name, value FROM metric WHERE step = 0 AND name LIKE '%/right' ORDER BY name")).toEqual([
      ["teacher/right", 4],
    ]);
  });

  test("that was killed goes on with the tasks that are left, and is the same run", async () => {
    using whole = temporaryStore();
    const run = newRun(whole, { warmup });
    const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
    await life(whole, run, { token: "whole", moment, withTeacher: seat });
    const expected = outcome(whole, run);
    const update = seen.indexOf("before an update");
    for (let n = 1; n <= update; n += 3) {
      using temporary = temporaryStore();
      const died = newRun(temporary, { warmup });
      const first = { token: "first", moment: dyingAt(n).moment, withTeacher: seat };
      await expect(life(temporary, died, first)).rejects.toThrow(Killed);
      await life(temporary, died, { token: "second", withTeacher: seat });
      const { episodes, messages, metrics } = outcome(temporary, died);
      expect({ episodes, messages, metrics }, `moment ${n}`).toEqual({
        episodes: expected.episodes,
        messages: expected.messages,
        metrics: expected.metrics,
      });
    }
  });

  test("has it on a server beside the run's own simulator, and none where rules show how", async () => {
    await using server = await chatServer({ say: () => "Hello." });
    const set = [`models.teacher=${server.url}#big/teacher`, "engine.policySequences=3"];
    const config = (...more: readonly string[]) =>
      resolveConfig({ preset: "tiny", set: [...set, "warmup.when=always", ...more] }).config;
    const engine = scriptedEngine();
    expect(teacherSeat({ config: config(), engine })).toEqual({});
    const seated: Seated[] = [];
    const { withTeacher } = teacherSeat({ config: config("warmup.from=teacher"), engine });
    await withTeacher?.(async (one) => void seated.push(one));
    expect(seated.map(({ sequences, teacher, engine: world }) => [sequences, teacher.idsPerToken, world === engine])).toEqual([
      [3, 4, true],
    ]);
    expect(server.asked[0]?.body.model).toBe("big/teacher");
  });
});
