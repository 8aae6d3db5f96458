// Episodes whose template rewrites the conversation: thinking is dropped when the user has spoken again. What the policy saw and
// sampled is still what is trained on, in as many training samples as it takes. The policy keeps what it was given, so that
// no expectation comes from the code under test.
import fc from "fast-check";
import { expect, test } from "vitest";
import { demonstrationSamples, trainingSamples } from "../../src/learner/batch.ts";
import type { Policy, Sampled, SampleRequest } from "../../src/llm/llm.ts";
import { openChatTemplate } from "../../src/llm/text/chat-template.ts";
import { demonstrate } from "../../src/rollout/demonstration.ts";
import { groupMetrics } from "../../src/run/metrics.ts";
import { openStep } from "../../src/store/steps.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { loadTrajectories, saveTrajectory } from "../../src/store/trajectories.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { booked, chain, found, limits, says } from "../support/blueprint.ts";
import { chatTemplate } from "../support/chat-template.ts";
import { episodeOf, stage } from "../support/stage.ts";

const { player, engine } = stage({});
const { vocabulary } = player;
const close = vocabulary.marker("<|im_end|>");
const forgetful = openChatTemplate(vocabulary, chatTemplate({ forgets: true }), "hermes");
const plain = openChatTemplate(vocabulary, chatTemplate(), "hermes");
const held = [{ call: 0, argument: "day", sentence: "On 2027-03-02. </think> <|im_end|>" }];
const wide = limits({ userReplies: 4, assistantTurns: 8, toolTurns: 6 });

const body = fc.oneof(fc.constantFrom(says(found), says(booked), "Which day?", ""), fc.string({ maxLength: 8 }));
const turn = fc.record({
  thinking: fc.option(fc.constantFrom("Hm.", " Aha! \n", "", "<tool_call>", "é🜁"), { nil: null }),
  body,
  tags: fc.boolean(),
});

interface Seen extends SampleRequest {
  readonly answer: Sampled;
}

/** An episode of these turns in which the user goes on, and what the policy was given in it. */
async function play(turns: readonly { thinking: string | null; body: string; tags: boolean }[], template = forgetful) {
  const seen: Seen[] = [];
  const policy: Policy = {
    version: 1,
    adapter: null,
    async sample(request) {
      const { thinking, body: said, tags } = turns[seen.length % turns.length] ?? { thinking: null, body: "", tags: false };
      const parts = `${thinking === null ? "" : `<think>${thinking}</think>\n`}${said}`.split(/(<\/?tool_call>)/);
      const ids = parts.flatMap((part, at) => (tags && at % 2 === 1 ? [vocabulary.marker(part)] : vocabulary.encode(part)));
      const answer: Sampled = { ids: [...ids, close], logprobs: [...ids, close].map((_, at) => -0.5 - at / 32), end: "stop" };
      seen.push({ ...request, ids: [...request.ids], answer });
      return answer;
    },
  };
  const model = {
    ...engine.simulator,
    choose: async ({ options }: { readonly options: readonly string[] }) =>
      options.map((_, at) => (at === seen.length % options.length ? -0.1 : -3)),
    reply: async () => "{}",
  };
  const task = chain({ heldBack: held, limits: wide });
  const { trajectory } = await episodeOf(stage({}, { template, policy, model }), task, ["anew"]);
  return { trajectory, seen };
}

test("in 1,000 episodes what the policy saw is what is trained on, and every sampled token is trained exactly once", async () => {
  const count = { several: 0, whole: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 6 }), async (turns) => {
      const { trajectory, seen } = await play(turns);
      if (trajectory.status === "aborted") return;
      const samples = trainingSamples(
        trajectory,
        seen.map((_, at) => at / 8 - 0.25),
      );
      // the conversation as the policy saw it: a turn that does not continue the previous one starts another sample
      const rows: { ids: number[]; own: Map<number, number>; advantages: Map<number, number> }[] = [];
      for (const [at, { ids, answer }] of seen.entries()) {
        const last = rows.at(-1);
        const goesOn = last?.ids.every((id, position) => ids[position] === id) ?? false;
        const row = goesOn && last ? last : { ids: [], own: new Map(), advantages: new Map() };
        if (row !== last) rows.push(row);
        answer.logprobs.forEach((logprob, position) => {
          row.own.set(ids.length + position, logprob);
          row.advantages.set(ids.length + position, at / 8 - 0.25);
        });
        row.ids = [...ids, ...answer.ids];
      }
      count.several += Number(rows.length > 1);
      count.whole += Number(rows.length === 1);
      expect(samples).toHaveLength(rows.length);
      for (const [at, { ids, own, advantages }] of rows.entries()) {
        const sample = samples[at];
        const trained = sample?.ids.slice(0, ids.length);
        expect(trained).toEqual(ids);
        expect(sample?.mask).toEqual(sample?.ids.map((_, position) => Number(own.has(position))));
        expect(sample?.logprobs).toEqual(sample?.ids.map((_, position) => own.get(position) ?? 0));
        expect(sample?.advantages).toEqual(sample?.ids.map((_, position) => advantages.get(position) ?? 0));
      }
      const sampled = seen.reduce((sum, { answer }) => sum + answer.ids.length, 0);
      expect(samples.flatMap(({ mask }) => mask.filter((bit) => bit === 1))).toHaveLength(sampled);
    }),
    { seed: 8, numRuns: 1000 },
  );
  expect(count.several).toBeGreaterThan(200);
  expect(count.whole).toBeGreaterThan(100);
});

test("thinking is there until the user speaks again, and gone from what the policy sees then", async () => {
  const think = { thinking: "Secret", tags: true };
  const { trajectory, seen } = await play([
    { ...think, body: says(found) },
    { ...think, body: "Which day?" },
  ]);
  const [, second = "", third = ""] = seen.map(({ ids }) => vocabulary.decode(ids));
  expect(second).toContain("<think>Secret</think>");
  expect(third).not.toContain("Secret");
  expect(third).toContain(`assistant\n${says(found)}<|im_end|>`);
  expect(trajectory.messages.map(({ role, sample }) => `${role} ${sample}`).slice(0, 6)).toEqual([
    "system 0",
    "user 0",
    "assistant 0",
    "tool 0",
    "assistant 0",
    "user 1",
  ]);
  // what starts again is one message with the whole conversation
  expect(vocabulary.decode(trajectory.messages[5]?.ids ?? [])).toBe(third);
});

test("an episode with several training samples comes back from the store as it was, and is counted", async () => {
  const { trajectory } = await play([{ thinking: "Hm.", body: "Which day?", tags: false }]);
  const samples = Math.max(...trajectory.messages.map(({ sample }) => sample)) + 1;
  expect(samples).toBeGreaterThan(1);
  using temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  openStep(writer, 1, { level: 1, policyVersion: 1 });
  saveTask(writer, { step: 1, purpose: "train", index: 0 }, trajectory.task);
  const judged = { ...trajectory, verdict: { reward: 1, rules: 1, judge: null, reason: "" } };
  saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, judged);
  const [stored] = loadTrajectories(temporary.store, writer.run, { step: 1, purpose: "train" });
  expect(stored?.trajectory.messages.map(({ sample, ids }) => ({ sample, ids }))).toEqual(
    trajectory.messages.map(({ sample, ids }) => ({ sample, ids })),
  );
  const group = {
    task: judged.task,
    index: 0,
    ids: [1],
    trajectories: [judged],
    advantages: [[]],
    guideAdvantages: [],
    dead: false,
    agreed: false,
  };
  expect(groupMetrics([group])["rollout/samples_per_episode"]).toBe(samples);
});

test("with a template that only appends there is one sample, whatever the policy thinks", async () => {
  const { trajectory } = await play([{ thinking: "Hm.", body: "Which day?", tags: false }], plain);
  expect(new Set(trajectory.messages.map(({ sample }) => sample))).toEqual(new Set([0]));
});

test("a demonstration is trained on once, each of its turns, if the tools move along with the user", async () => {
  const moving = openChatTemplate(vocabulary, chatTemplate({ toolsLast: true }), "hermes");
  const shown = await demonstrate(chain({ heldBack: held }), ["demo"], {
    template: moving,
    toolChars: 512,
  });
  const samples = demonstrationSamples(shown);
  expect(samples).toHaveLength(2);
  const trained = samples.flatMap(({ ids, mask }) => ids.filter((_, at) => mask[at] === 1));
  const said = shown.messages.filter(({ role }) => role === "assistant");
  expect(vocabulary.decode(trained)).toBe(said.map(({ text }) => `${text}<|im_end|>`).join(""));
});
