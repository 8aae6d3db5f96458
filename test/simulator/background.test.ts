// A task's background: what the person alone knows and tells bit by bit. The user and the verifier read it, the policy and the
// tools do not.
import { expect, test } from "vitest";
import { userPrompt } from "../../src/simulator/prompts/user.ts";
import { blueprint, found, limits, says } from "../support/blueprint.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";

const background = "She is moving house in March and her piano tuner lives in Bergen.";
const task = blueprint({ background, limits: limits({ userReplies: 2 }) });
const replies = [
  { reason: "It asked.", reward: 1, done: false, message: "I have to be there in March." },
  { reason: "It is done.", reward: 1, done: true, message: "" },
];

/** One episode with a written user and tools; what the simulator was asked, and the trajectory. */
async function played(change: Parameters<typeof stage>[1] = {}) {
  const left = [...replies];
  const on = stage(
    {
      turns: ["When do you travel?", says(found), "It is NT418."],
      reply: ({ schema }) => {
        const properties = schema.properties as Readonly<Record<string, unknown>>; // Playact's replies are objects
        if ("message" in properties) return left.shift() ?? {};
        return "result" in properties ? { reason: "It fits.", reward: 1, result: found.result } : { reason: "Fine.", reward: 1 };
      },
    },
    { user: "written", tools: "written", ...change },
  );
  const episode = await episodeOf(on, task);
  await verdictOn(on, episode, "written");
  const asked = (words: RegExp) =>
    on.asked.replies.filter(({ messages }) => words.test(messages[0]?.content ?? "")).map(({ messages }) => messages[1]?.content);
  return { episode, user: asked(/^You play a person/), tools: asked(/^You act as/), verifier: asked(/^You judge/) };
}

test("the user and the verifier read it; no token of the policy and no tool does", async () => {
  const { episode, user, tools, verifier } = await played();
  expect(user).toHaveLength(2);
  for (const prompt of [...user, ...verifier]) expect(prompt).toContain(background);
  expect(tools).toHaveLength(1);
  expect(tools.join()).not.toContain(background);
  expect(episode.trajectory.messages.map(({ text }) => text).join("\n")).not.toContain("piano tuner");
});

test("where the intent is withheld, so is the background", async () => {
  const { user, verifier } = await played({ withhold: ["intent"] });
  expect([...user, ...verifier].join()).not.toContain("piano tuner");
});

test("its owner is told to give a small part at a time, one sentence, and no hint; anybody else is told a length", () => {
  const [, told] = userPrompt(task, []);
  expect(told?.content).toMatch(/one short sentence at a time.*small part of the background.*never how the assistant should go/);
  const [, plain] = userPrompt(blueprint(), []);
  expect(plain?.content).toMatch(/The conversation is short\. Give all the details/);
  expect(plain?.content).not.toContain("ackground");
});
