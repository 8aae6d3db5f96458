import { describe, expect, test } from "vitest";
import type { ChooseRequest } from "../../src/llm/llm.ts";
import { nextSentence } from "../../src/simulator/user.ts";
import type { Line, Task } from "../../src/types.ts";
import { blueprint, declined } from "../support/blueprint.ts";
import { isSilent, menuOf, stage } from "../support/stage.ts";

const day = { call: 0, argument: "day", sentence: "The day is 2027-03-02." };
const to = { call: 0, argument: "to", sentence: "The to is Bergen." };
const task = blueprint({ heldBack: [day, to] });
const lines: Line[] = [
  { role: "user", text: task.firstMessage },
  { role: "assistant", text: "There is one at 08:25. Which day?" },
];

/** The user's sentence where the menu weighs `said`, and `silent` before the assistant has said anything. */
async function next(said: readonly number[], silent: readonly number[], told: readonly number[] = []) {
  const asked: ChooseRequest[] = [];
  const { scene } = stage({
    choose: (request) => {
      asked.push(request);
      return isSilent(request) ? silent : said;
    },
  });
  return { answer: await nextSentence(task, lines, new Set(told), scene.simulator, scene.patience), asked };
}

describe("the user's next sentence", () => {
  test("is the one on the menu that the conversation made likelier, not the one that is liked anyway", async () => {
    const { answer } = await next([-0.1, -2, -3, -4], [-0.1, -5, -3, -4]);
    expect(answer).toEqual({ ok: true, text: to.sentence, kind: "detail", detail: 1, reward: 1 });
  });

  test("comes from a menu of the held-back details, thanks and a complaint", async () => {
    const { asked } = await next([-1, -1, -1, -1], [-1, -1, -1, -1]);
    expect(asked.map((request) => menuOf(request))).toEqual(
      [0, 1].map(() => [day.sentence, to.sentence, task.thanks, task.complaint]),
    );
    expect(asked[0]).toMatchObject({ lead: "Answer:", options: [" A", " B", " C", " D"] });
  });

  test("is weighed on the talk, and against the first message alone", async () => {
    const { asked } = await next([-1, -1, -1, -1], [-1, -1, -1, -1]);
    const [said, silent] = asked.map((request) => request.messages.at(-1)?.content ?? "");
    expect(said).toContain("Assistant: There is one at 08:25. Which day?");
    expect(silent).toContain(`User: ${task.firstMessage}`);
    expect(silent).not.toContain("Which day?");
  });

  test("never is a detail that was told: it left the menu and the others keep their place", async () => {
    const { answer, asked } = await next([-0.1, -3, -3], [-1, -1, -1], [0]);
    expect(menuOf(asked[0] as ChooseRequest)).toEqual([to.sentence, task.thanks, task.complaint]);
    expect(answer).toMatchObject({ detail: 1, text: to.sentence });
  });

  test("is worth 1 where it gives a detail, 0 as thanks and -1 as a complaint", async () => {
    const level = [-2, -2, -2, -2];
    const picked = await Promise.all(
      [0, 2, 3].map((at) =>
        next(
          level.map((odds, index) => (index === at ? -0.1 : odds)),
          level,
        ),
      ),
    );
    expect(picked.map(({ answer }) => answer)).toMatchObject([
      { kind: "detail", reward: 1 },
      { kind: "thanks", reward: 0, detail: null, text: task.thanks },
      { kind: "complaint", reward: -1, detail: null, text: task.complaint },
    ]);
  });

  /** The menu after the assistant has said this, or the only thing that can be said. */
  async function menuAfter(own: Task, ...said: readonly string[]) {
    const menus: (readonly string[])[] = [];
    const { scene } = stage({
      choose: (request) => {
        menus.push(menuOf(request));
        return request.options.map(() => -1);
      },
    });
    const talk = [
      { role: "user" as const, text: own.firstMessage },
      ...said.map((text) => ({ role: "assistant" as const, text })),
    ];
    const answer = await nextSentence(own, talk, new Set(), scene.simulator, scene.patience);
    return menus[0] ?? [answer.ok ? answer.text : "failed"];
  }
  const { thanks, complaint } = task;
  const bare = blueprint({ expected: [{ name: "find_train", arguments: {}, result: null }] });

  test.each<[string, Task, readonly string[], readonly string[]]>([
    ["no thanks where nothing of the results was told", task, ["The task is complete."], [day.sentence, to.sentence, complaint]],
    ["no complaint where every value was told", task, ["NT418, at 08:25."], [day.sentence, to.sentence, thanks]],
    ["no complaint where they were told one after the other", blueprint(), ["It is NT418.", "It leaves at 08:25."], [thanks]],
    ["nothing but a complaint where nothing was told and nothing is held back", blueprint(), ["Hello!"], [complaint]],
    ["both where some was told", blueprint(), ["It is NT418."], [thanks, complaint]],
    ["both after a refusal that was not due", blueprint(), ["I can't do that."], [thanks, complaint]],
    ["both where the result has nothing that one could listen for", bare, ["Done."], [thanks, complaint]],
    ["no complaint after a refusal that was due", declined(), ["I can't do that."], [thanks]],
    ["both after other words where a refusal is due", declined(), ["Your train leaves at noon."], [thanks, complaint]],
  ])("is %s", async (_name, own, said, menu) => {
    expect(await menuAfter(own, ...said)).toEqual(menu);
  });

  test("of odds that are no numbers is a failure, not a sentence", async () => {
    const { answer } = await next([Number.NaN, -1, -1, -1], [-1, -1, -1, -1]);
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "user", code: "invalid_reply" } });
  });

  test("that does not come before the deadline is a failure, not a sentence", async () => {
    const { scene } = stage({ choose: () => new Promise(() => {}) });
    const answer = await nextSentence(task, lines, new Set(), scene.simulator, { tries: 1, deadlineMs: 1 });
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "user", code: "deadline" } });
  });

  test("is not waited for when cancelled", async () => {
    const { scene } = stage({ choose: () => new Promise(() => {}) });
    const answer = nextSentence(task, lines, new Set(), scene.simulator, scene.patience, AbortSignal.abort());
    await expect(answer).rejects.toMatchObject({ code: "cancelled" });
  });
});
