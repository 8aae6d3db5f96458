import { expect, test } from "vitest";
import { replyStart } from "../../../src/llm/text/thinking.ts";

const heardOf = (said: string) => said.slice(replyStart(said)).trim();

test.each([
  ["a thought that opens the turn", " <think>Say yes!</think>\nIt is NT418. ", "It is NT418."],
  ["several of them", "<think>a</think>\n\n<think>b</think>It is NT418.", "It is NT418."],
  ["one that is never closed, with the whole turn", "<think>It is NT418.", ""],
])("%s is not part of the reply", (_, said, heard) => {
  expect(heardOf(said)).toBe(heard);
});

test.each([
  "Put it inside the <think> tag. Your code is 4217.",
  "Write <think> before and </think> behind it. Your code is 4217.",
  "It is </think> that closes it.",
])("a later tag is ordinary text, and the whole turn is the reply: %s", (said) => {
  expect(heardOf(said)).toBe(said);
});
