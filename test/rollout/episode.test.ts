import { expect, test } from "vitest";
import { openChatTemplate } from "../../src/llm/text/chat-template.ts";
import { cutMiddle, openEpisode } from "../../src/rollout/episode.ts";
import { blueprint, found } from "../support/blueprint.ts";
import { chatTemplate } from "../support/chat-template.ts";
import { stage } from "../support/stage.ts";

const { vocabulary, template } = stage({}).player;

test("a long text is cut in the middle to exactly the length allowed, or one less", () => {
  const text = "0123456789abcdefghij";
  expect(cutMiddle(text, 20)).toBe(text);
  expect(cutMiddle(text, 19)).toBe("0123456 ... defghij");
  expect(cutMiddle(text, 18)).toBe("012345 ... efghij");
});

test("what the policy sees grows by what each turn writes, its own turns included, and the prompt is no part of the response", () => {
  const record = openEpisode(blueprint(), template, { toolChars: 512 });
  expect(record.responseTokens()).toBe(0);
  record.sampled({ ids: vocabulary.encode("Which day?"), logprobs: [-1] }, "Which day?", []);
  record.userTurn("On Monday.");
  expect(record.ids).toEqual(record.messages.flatMap(({ ids }) => ids));
  expect(record.responseTokens()).toBe(record.messages.slice(2).flatMap(({ ids }) => ids).length);
});

test("a template that rewrites the conversation starts another sample, which contains all that the policy sees", () => {
  const record = openEpisode(blueprint(), openChatTemplate(vocabulary, chatTemplate({ forgets: true }), "hermes"), {
    toolChars: 512,
  });
  const thought = "<think>Hm.</think>\nWhich day?";
  record.sampled({ ids: [...vocabulary.encode(thought), vocabulary.marker("<|im_end|>")], logprobs: [] }, thought, []);
  record.userTurn("On Monday.");
  expect(record.messages.map(({ sample }) => sample)).toEqual([0, 0, 0, 1]);
  expect(record.ids).toEqual(record.messages.at(-1)?.ids);
});

test("the world's answer marks the last turn: its reward, and each call that was refused", () => {
  const record = openEpisode(blueprint(), template, { toolChars: 512 });
  record.given("two calls", [found, found], null);
  record.rewarded(-0.5, [null, "too_many"]);
  const { turnReward, calls } = record.messages.at(-1) ?? {};
  expect([turnReward, calls?.map(({ refused }) => refused)]).toEqual([-0.5, [undefined, "too_many"]]);
});

test("each result is cut by itself, and the policy reads what is on the record", () => {
  const record = openEpisode(blueprint(), template, { toolChars: 20 });
  record.given("two calls", [found, found], null);
  record.toolTurn(["0123456789abcdefghij", "0123456789abcdefghijk"]);
  expect(record.messages.at(-1)?.text).toBe("0123456789abcdefghij\n0123456 ... efghijk");
  expect(vocabulary.decode([...(record.messages.at(-1)?.ids ?? [])])).toContain("0123456 ... efghijk");
});
