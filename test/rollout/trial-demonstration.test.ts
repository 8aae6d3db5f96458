// Demonstrations of tools that are not what their pages say: what they try, what they note, and what they do where there are no
// trials. What they show can be found out by who reads their prompt and their results alone.
import { beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/config.ts";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { openJudge } from "../../src/reward/judge.ts";
import { trialCounts } from "../../src/reward/trials.ts";
import { isSolved } from "../../src/reward/verdict.ts";
import { demonstrate } from "../../src/rollout/demonstration.ts";
import { blameFor } from "../../src/rules/blame.ts";
import { isApproved } from "../../src/run/demonstrated.ts";
import type { DriftKind, Message, Task, Trajectory } from "../../src/types.ts";
import { blueprint, chain, declined, limits, parallel, says } from "../support/blueprint.ts";
import { type Drifted, driftedTasks } from "../support/drifting.ts";
import { falsehoods, notesIn, pageWord } from "../support/notes.ts";
import { episodeOf, picking, stage } from "../support/stage.ts";
import { drifting, trials } from "../support/trials.ts";

const vocabulary = scriptedVocabulary();
const template = episodeTemplate(vocabulary, { dialect: "hermes", markers: "pieces" });
const judge = openJudge({ verdict: "rules", dialect: "hermes", withhold: [], maxCriteria: 5 });

async function show(task: Task, trial: ConfigInput["trial"] = {}, seed = 0): Promise<Trajectory> {
  const shown = await demonstrate(task, ["demo", task.id, seed], { template, toolChars: 4096, trial: trials(trial) });
  return judge({ trajectory: shown, lines: [] }, stage({}).simulator);
}

const untried = { phase: false } as const;
const called = (messages: readonly Message[]) => messages.flatMap(({ calls }) => calls.map(({ name }) => name));
const refused = (messages: readonly Message[]) => messages.flatMap(({ calls }) => calls.flatMap(({ refused: why }) => why ?? []));
const turns = ({ messages }: Trajectory) => messages.filter(({ role }) => role === "assistant");
const inTrials = (trajectory: Trajectory) => turns(trajectory).filter(({ phase }) => phase === "trial");
const inExecution = (trajectory: Trajectory) => turns(trajectory).filter(({ phase }) => phase !== "trial");

let drifted: readonly Drifted[] = [];
const ofKind = (...kinds: readonly DriftKind[]) => drifted.filter(({ kind }) => kinds.includes(kind)).map(({ task }) => task);
beforeAll(async () => {
  drifted = await driftedTasks(20);
});

describe("sixty demonstrations with trials", () => {
  test("are all approved by rule, without harm, and every note is true", async () => {
    expect(drifted).toHaveLength(60);
    for (const { task } of drifted) {
      const shown = await show(task, { turns: 4 });
      const what = `${task.id}: ${JSON.stringify(shown.verdict)}\n${turns(shown)
        .map(({ text }) => text)
        .join("\n")}`;
      expect(isApproved(shown, "hermes") && shown.verdict?.rules === 1, what).toBe(true);
      expect(trialCounts(shown), what).toMatchObject({ "trial/harm": 0, "trial/solved": 1 });
      const tools = new Set(called(inTrials(shown)));
      expect(notesIn(shown), what).toHaveLength(tools.size);
      for (const note of notesIn(shown)) expect(falsehoods(note, shown), `${note}\n${what}`).toEqual([]);
    }
  });

  test("try as the page says, again as an error told, and both of a pair", async () => {
    for (const task of ofKind("renamed", "options")) {
      const shown = await show(task, { turns: 4 });
      expect(refused(inTrials(shown)), task.id).toEqual(["wrong_arguments"]);
      expect(refused(inExecution(shown)), task.id).toEqual([]);
    }
    const firsts = new Set<boolean>();
    for (const task of ofKind("decoy")) {
      if (task.drift?.kind !== "decoy") continue;
      const { tool, decoy } = task.drift;
      const shown = await show(task, { turns: 4 });
      const pair = called(inTrials(shown)).filter((name) => name === tool || name === decoy);
      expect(pair.toSorted(), task.id).toEqual([tool, decoy].toSorted());
      expect(called(inExecution(shown)), task.id).not.toContain(decoy);
      firsts.add(pair[0] === tool);
    }
    expect(firsts.size).toBe(2);
  });

  test("are episodes of the world: who says exactly that gets the same messages, phases and refusals", async () => {
    const plain = drifted.filter(({ task }) => task.heldBack.length === 0);
    expect(plain.length).toBeGreaterThan(20);
    for (const { task, plain: before } of plain)
      for (const one of [task, before]) {
        const open = { ...one, limits: { ...one.limits, userReplies: 0, responseTokens: 1e6, tokensPerTurn: 1e6 } };
        for (const trial of [trials({ turns: 4 }), trials({ turns: 4, world: "shared" }), trials({ turns: 4, ...untried })]) {
          const shown = await demonstrate(open, ["demo", open.id], { template, toolChars: 512, trial });
          const played = stage({ turns: turns(shown).map(({ text }) => text), contextTokens: 1e6 }, { trial });
          const { trajectory } = await episodeOf(played, open);
          const read = (messages: readonly Message[]) =>
            messages.map(({ role, text, ids, calls, phase }) => ({ role, text, ids, calls, phase }));
          expect(trajectory.stopReason, open.id).toBe("answered");
          expect(read(trajectory.messages), open.id).toEqual(read(shown.messages));
          const paid = (messages: readonly Message[]) => messages.slice(0, -1).map(({ turnReward }) => turnReward);
          expect(paid(trajectory.messages), open.id).toEqual(paid(shown.messages));
        }
      }
  });

  test("try true pages too, with true notes", async () => {
    for (const { plain } of drifted) {
      const shown = await show(plain, { turns: 4 });
      expect(isApproved(shown, "hermes"), plain.id).toBe(true);
      expect(new Set(called(inTrials(shown))), plain.id).toEqual(new Set(plain.expected.map(({ name }) => name)));
      for (const note of notesIn(shown)) expect(falsehoods(note, shown), note).toEqual([]);
    }
  });

  test("fit the turns of the preset: a token of JSON has three letters or more", async () => {
    const single = drifted.filter(({ task }) => task.expected.length === 1); // as laptop-trial draws them
    for (const { task } of single)
      for (const { text } of turns(await show(task))) expect(text.length, `${task.id}\n${text}`).toBeLessThanOrEqual(3 * 192);
  });
});

describe("without a phase of trials, sixty demonstrations", () => {
  test("call as the page says, and again as the error told, which is approved although it costs the rules", async () => {
    for (const task of ofKind("renamed", "options")) {
      const shown = await show(task, untried);
      expect(
        turns(shown).some(({ text }) => /Trial:|Notes:|Plan:/.test(text)),
        task.id,
      ).toBe(false);
      expect(new Set(refused(turns(shown))), task.id).toEqual(new Set(["wrong_arguments"])); // two at once, of calls side by side
      expect(shown.verdict?.rules, task.id).toBeLessThan(1);
      expect(isApproved(shown, "hermes"), task.id).toBe(true);
      expect(blameFor(shown)?.code, task.id).toBe("wrong_arguments"); // its blueprint is not at fault
    }
  });

  test("take one of a pair at random: about half are approved", async () => {
    const approved: boolean[] = [];
    for (const task of ofKind("decoy")) {
      const shown = await show(task, untried);
      const isHarmed = task.drift?.kind === "decoy" && called(turns(shown)).includes(task.drift.decoy);
      expect(isApproved(shown, "hermes"), task.id).toBe(!isHarmed);
      approved.push(isApproved(shown, "hermes"));
    }
    expect(approved.filter(Boolean).length).toBeGreaterThan(4);
    expect(approved.filter(Boolean).length).toBeLessThan(16);
  });

  test("are as ever where all pages are true, and as with no trials at all", async () => {
    const bare = (task: Task) => demonstrate(task, ["demo"], { template, toolChars: 512 });
    for (const { plain } of drifted) {
      const trial = [trials(untried), trials({ turns: 0 })];
      for (const one of trial) {
        expect(await demonstrate(plain, ["demo"], { template, toolChars: 512, trial: one }), plain.id).toEqual(await bare(plain));
      }
    }
  });
});

describe("a demonstration", () => {
  const renamed = drifting("renamed");
  const decoy = drifting("decoy");

  test("begins to act with notes and a plan, in more words than one", async () => {
    const [first] = inExecution(await show(renamed));
    expect(first?.text).toMatch(/^Notes:\n- find_train.*\.\nPlan: .*find_train.*\n<tool_call>\n/);
    expect(first?.calls).toHaveLength(1);
    const shown = await Promise.all(Array.from({ length: 20 }, (_, seed) => show(renamed, {}, seed)));
    expect(new Set(shown.flatMap(notesIn)).size).toBeGreaterThan(3);
    expect(new Set(shown.map((one) => /^Plan: .*$/m.exec(inExecution(one)[0]?.text ?? "")?.[0])).size).toBeGreaterThan(1);
    expect(await show(renamed, {}, 3)).toEqual(shown[3]);
  });

  test("has no notes without them, but a plan", async () => {
    const shown = await show(renamed, { notes: false });
    expect(inExecution(shown)[0]?.text).toMatch(/^Plan: /);
    expect(turns(shown).some(({ text }) => text.includes("Notes:"))).toBe(false);
    expect(isApproved(shown, "hermes")).toBe(true);
  });

  test("knows no more than its trials told: of one, what the error said, or what one of a pair gave", async () => {
    const told = await show(renamed, { turns: 1 });
    expect(inTrials(told)).toHaveLength(1);
    expect(refused(inExecution(told))).toEqual([]);
    for (const note of notesIn(told)) expect(falsehoods(note, told), note).toEqual([]);
    for (let seed = 0; seed < 8; seed++) {
      const shown = await show(decoy, { turns: 1 }, seed);
      expect(inTrials(shown)).toHaveLength(1);
      expect(notesIn(shown)).toHaveLength(1);
      expect(isApproved(shown, "hermes")).toBe(true);
    }
  });

  test("of several calls tries each needed tool once, as far as its trials go", async () => {
    expect(called(inTrials(await show(chain())))).toEqual(["find_train", "book_seats"]);
    expect(called(inTrials(await show(parallel())))).toEqual(["find_train"]);
    const short = await show(chain(), { turns: 1 });
    expect(called(inTrials(short))).toEqual(["find_train"]);
    expect(notesIn(short)).toHaveLength(1);
    expect(isApproved(short, "hermes")).toBe(true);
    const plans = inExecution(await show(chain())).map(({ text }) => text);
    expect(plans[0]).toMatch(/^Plan: .*find_train, then book_seats/m);
    expect(plans[1]).toBe(says(...chain().expected.slice(1)));
  });

  test("asks for what is held back before it tries", async () => {
    const held = { call: 0, argument: "day", sentence: "The day is 2027-03-02." };
    const task = blueprint({ heldBack: [held], limits: limits({ userReplies: 1 }) });
    const shown = await show(task);
    expect(turns(shown).map(({ phase, calls }) => `${phase} ${calls.length}`)).toEqual([
      ...["execution 0", "trial 1", "execution 1", "execution 0"],
    ]);
    const played = stage({ turns: turns(shown).map(({ text }) => text), choose: picking(held.sentence) }, { trial: trials() });
    const { trajectory } = await episodeOf(played, task);
    expect(trajectory.messages.map(({ ids }) => ids)).toEqual(shown.messages.map(({ ids }) => ids));
  });

  test("of a decline task tries nothing", async () => {
    const shown = await show(declined());
    const bare = await demonstrate(declined(), ["demo"], { template, toolChars: 512 });
    expect(shown.messages.slice(1).map(({ text }) => text)).toEqual(bare.messages.slice(1).map(({ text }) => text));
    expect(shown.verdict !== null && isSolved(shown.verdict)).toBe(true);
  });

  test("asks nothing of the policy's own words in trials, and keeps none that know more than a page", async () => {
    const own = (text: string) => ({ text, ids: [...vocabulary.encode(text), vocabulary.marker("<|im_end|>")] });
    const say = async () => own(says(...renamed.expected)); // by the world's names, which nothing has told yet
    const options = { template, toolChars: 512, say };
    const tried = await demonstrate(renamed, ["demo"], { ...options, trial: trials() });
    expect(inExecution(tried)[0]?.text).toMatch(/^Notes:/);
    const untold = await demonstrate(renamed, ["demo"], { ...options, trial: trials(untried) });
    expect(refused(turns(untold))).toEqual(["wrong_arguments"]);
    expect(turns(untold)[1]?.text).toBe(says(...renamed.expected)); // told now: it stays in its own words
  });
});

test("a note that names the page's word is found out", async () => {
  for (const task of [...ofKind("renamed"), ...ofKind("options")]) {
    const shown = await show(task, { turns: 4 });
    const { drift } = task;
    const note = notesIn(shown).find((one) => drift !== undefined && one.startsWith(drift.tool)) ?? "";
    const word = drift === undefined ? null : pageWord(task, { name: drift.tool });
    const right =
      drift?.kind === "renamed"
        ? drift.world
        : JSON.stringify(
            task.expected.find(({ name }) => name === drift?.tool)?.arguments[drift?.kind === "options" ? drift.argument : ""],
          );
    expect(note, task.id).toContain(right);
    const lie = note.replace(right, drift?.kind === "renamed" ? String(word) : JSON.stringify(word));
    expect(falsehoods(lie, shown), lie).toContain(`names the page's ${word}`);
  }
});
