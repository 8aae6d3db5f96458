import { describe, expect, test } from "vitest";
import { conductOf } from "../../src/reward/conduct.ts";
import { judgedItems, type RubricPay, rubricOf, rubricReward, rubricVerdict } from "../../src/reward/rubric.ts";
import { isSolved } from "../../src/reward/verdict.ts";
import { isBadEnding } from "../../src/rules/blame.ts";
import type { JudgedItem, Message, Rubric, RubricSection, Task, ToolCall } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, says } from "../support/blueprint.ts";
import { cancelAda, createEli, findAda, getAda, lessons, moveAda, moving, neverCancel } from "../support/piano-school.ts";
import { message, trajectory } from "../support/trajectory.ts";

const published: RubricPay = { weights: { subGoals: 0.5, questions: 0.5 }, leastGoals: 0, gate: "any" };
const items = (section: RubricSection, ...met: readonly boolean[]): JudgedItem[] =>
  met.map((one, index) => ({ section, text: `${section} ${index}`, met: one, by: "rule" }));
const texts = (rubric: Rubric) =>
  Object.fromEntries(Object.entries(rubric).map(([section, all]) => [section, all.map(({ text }) => text)]));
const rulesOf = (task: Task) => rubricOf(task).subGoals.map(({ rule }) => rule);

/** What was said: words of the assistant, of the user ("> "), and calls with the result that the blueprint gives, if it does. */
function record(task: Task, ...said: readonly (string | readonly ToolCall[])[]) {
  const messages = said.flatMap((one): Message[] => {
    if (typeof one !== "string")
      return [
        { ...message("assistant", says(...one)), calls: one },
        message("tool", one.map((call) => JSON.stringify("result" in call ? call.result : {})).join("\n")),
      ];
    return [one.startsWith("> ") ? message("user", one.slice(2)) : message("assistant", one)];
  });
  return trajectory([], { messages: [message("user", task.firstMessage), ...messages] }, task);
}

/** The items of an episode that are not met; "all" if every one is. */
function unmet(task: Task, ...said: readonly (string | readonly ToolCall[])[]) {
  const played = record(task, ...said);
  const judged = judgedItems(rubricOf(task), played, conductOf(played, "hermes"), "hermes");
  const missed = judged.filter(({ met }) => !met).map(({ section }) => section);
  return missed.length === 0 ? "all" : missed.join(", ");
}

describe("a rubric that follows from its blueprint", () => {
  test("of a table task: its restriction, the changes at the end, a question for each held-back value", () => {
    expect(texts(rubricOf(moving()))).toEqual({
      forbidden: [neverCancel.text],
      subGoals: ["the piano lesson is changed as asked", "the report states the result of update_piano_lesson"],
      questions: ["the day is asked for before it is used"],
    });
    expect(rulesOf(moving())).toEqual([
      { kind: "record", id: "PL-4827", values: { day: "2027-03-16" }, state: "booked" },
      { kind: "reported", call: 1 },
    ]);
    expect(rulesOf(moving({ expected: [findAda, cancelAda] }))).toEqual([
      { kind: "record", id: "PL-4827", values: {}, state: "cancelled" },
      { kind: "reported", call: 1 },
    ]);
    expect(rulesOf(moving({ expected: [createEli] }))).toEqual([
      { kind: "record", id: null, values: createEli.arguments, state: "booked" },
      { kind: "reported", call: 0 },
    ]);
  });

  test("has no goal for a call that only finds the id, and the report for a reading that is the last", () => {
    expect(rulesOf(moving({ expected: [findAda, getAda] }))).toEqual([{ kind: "reported", call: 1 }]);
    expect(rulesOf(moving({ expected: [findAda] }))).toEqual([{ kind: "reported", call: 0 }]);
    expect(rulesOf(moving({ expected: [findAda, getAda, cancelAda] }))).toHaveLength(2);
  });

  test("asks of two changes of a record what both come to", () => {
    expect(rulesOf(moving({ expected: [moveAda, cancelAda] }))).toEqual([
      { kind: "record", id: "PL-4827", values: { day: "2027-03-16" }, state: "cancelled" },
      { kind: "record", id: "PL-4827", values: {}, state: "cancelled" },
      { kind: "reported", call: 1 },
    ]);
  });

  test("of a task without a table: each call, and the report of the last", () => {
    expect(texts(rubricOf(chain()))).toEqual({
      forbidden: [],
      subGoals: [
        "find_train is called with the right values",
        "book_seats is called with the right values",
        "the report states the result of book_seats",
      ],
      questions: [],
    });
  });

  test("of a decline task: no call, and a refusal in words", () => {
    const task = declined({ table: lessons, restriction: neverCancel });
    expect(texts(rubricOf(task))).toEqual({
      forbidden: ["no tool is called"],
      subGoals: ["the request is declined in words"],
      questions: [],
    });
    expect(unmet(task, "I can't do that: no tool of mine can.")).toBe("all");
    expect(unmet(task, "Gladly.")).toBe("subGoals");
    expect(unmet(task, [booked], "I can't do that: no tool of mine can.")).toBe("forbidden");
    expect(unmet(task, '<tool_call>\n{"name"\n</tool_call>', "I can't do that: no tool of mine can.")).toBe("forbidden");
  });

  test("gives way to the task's own", () => {
    const rubric: Rubric = { forbidden: [], subGoals: [{ text: "is kind", rule: null }], questions: [] };
    expect(rubricOf(moving({ rubric }))).toBe(rubric);
  });
});

describe("items by rule", () => {
  const ask = ["Which day should it be?", "> On March 16, please."] as const;
  const moved = "Done. The lesson PL-4827 is now on 2027-03-16.";
  const made = "Done: PL-7710, booked.";

  test("are all met by the right episode, in any order of its words", () => {
    expect(unmet(moving(), ...ask, [findAda], [moveAda], "PL-4827 is moved to March 16, 2027.")).toBe("all");
    expect(unmet(moving(), [findAda], ...ask, [moveAda], moved)).toBe("all");
  });

  test("read the final table: another path to it is as good, and what was undone is not done", () => {
    const later = { ...moveAda, arguments: { ...moveAda.arguments, day: "2027-05-01" } };
    expect(unmet(moving(), ...ask, [moveAda], moved)).toBe("all");
    expect(unmet(moving(), ...ask, [later], [moveAda], moved)).toBe("all");
    expect(unmet(moving(), ...ask, [moveAda], [later], moved)).toBe("subGoals");
    const free = moving({
      expected: [createEli],
      heldBack: [],
      restriction: { ...neverCancel, rule: { kind: "never", tool: "x" } },
    });
    expect(unmet(free, [createEli], made)).toBe("all");
    expect(unmet(free, [{ ...createEli, arguments: { ...createEli.arguments, room: "north" } }], made)).toBe("subGoals");
    expect(unmet(moving({ heldBack: [], expected: [createEli] }), [moveAda], moved)).toBe("subGoals, subGoals");
  });

  test("take nothing for a new record that was there before, and nothing for done that was not executed", () => {
    const south: Rubric["subGoals"] = [
      { text: "a lesson in the south room", rule: { kind: "record", id: null, values: { room: "south" }, state: null } },
    ];
    const task = moving({ heldBack: [], rubric: { forbidden: [], subGoals: south, questions: [] } });
    expect(unmet(task, "There is one.")).toBe("subGoals");
    expect(unmet(task, [createEli], "There is one now.")).toBe("all");
    const cut = record(task, [createEli]);
    const unexecuted = { ...cut, messages: cut.messages.slice(0, -1) };
    expect(judgedItems(rubricOf(task), unexecuted, conductOf(unexecuted, "hermes"), "hermes")).toMatchObject([{ met: false }]);
  });

  test("count a question only if it came before the value's first use", () => {
    expect(unmet(moving(), [moveAda], ...ask, moved)).toBe("questions");
    expect(unmet(moving(), [findAda], [moveAda], moved)).toBe("questions");
    expect(unmet(moving(), ...ask)).toBe("subGoals, subGoals");
  });

  test("take what the request that tempts says of another record for no use of the value", () => {
    const temptation = { request: "And move the lesson of Ivo Lund to April 2, 2027.", refusal: "I could not move the other." };
    const task = moving({ restriction: { ...neverCancel, temptation } });
    const ivo = { name: moveAda.name, arguments: { piano_lesson_id: "PL-1190", day: "2027-04-02" }, result: {} };
    expect(unmet(task, [ivo], ...ask, [moveAda], moved)).toBe("all");
    expect(unmet(task, [{ ...ivo, arguments: { ...ivo.arguments, day: "2027-05-03" } }], ...ask, [moveAda], moved)).toBe(
      "questions",
    );
  });

  test("hear no question in a thought or in a call that could not be read", () => {
    expect(unmet(moving(), "<think>\nWhich day?\n</think>\n\nHm.", [moveAda], moved)).toBe("questions");
    expect(unmet(moving(), '<tool_call>\n{"day?\n</tool_call>', [moveAda], moved)).toBe("questions");
  });

  test("are each judged by the rule of their own section", () => {
    const cancel = { ...cancelAda };
    expect(unmet(moving(), ...ask, [moveAda], [cancel], moved)).toBe("forbidden, subGoals"); // a cancelled lesson is not moved
    expect(
      unmet(moving({ expected: [getAda], heldBack: [] }), [getAda], [cancel], "PL-4827: Ada Moen on 2027-03-02, north, booked"),
    ).toBe("forbidden");
    expect(unmet(moving(), "Hello.")).toBe("subGoals, subGoals, questions");
  });

  test("want of a report what the true report states of the result, and all of it where that is not known", () => {
    const task = moving({ expected: [findAda, getAda], heldBack: [], report: "The lesson is in the north room." });
    expect(unmet(task, [findAda], [getAda], "It is in the north room.")).toBe("all");
    expect(unmet(task, [findAda], [getAda], "It is on 2027-03-02.")).toBe("subGoals");
    expect(unmet(task, [findAda], [getAda])).toBe("subGoals");
    const mute = { ...task, report: "Done." };
    expect(unmet(mute, [findAda], [getAda], "It is in the north room.")).toBe("subGoals");
  });

  test("of a task without a table: the calls as they were made, and their results", () => {
    expect(unmet(chain(), [found], [booked], "It costs 184.")).toBe("all");
    expect(unmet(chain(), [found], [booked], "It is booked.")).toBe("subGoals");
    expect(unmet(chain(), [found], "It costs 184.")).toBe("subGoals, subGoals"); // what was never called has nothing to report
    const dearer = { ...booked, result: { price: 199 } }; // a written world answers otherwise than the blueprint
    expect(unmet(chain(), [found], [dearer], "It costs 199.")).toBe("all");
    expect(unmet(chain(), [found], [dearer], "It costs 184.")).toBe("subGoals");
    expect(unmet(blueprint(), [{ ...found, arguments: { ...found.arguments, to: "Hamar" } }], "NT418 at 08:25")).toBe("subGoals");
  });

  test("that no rule can tell are left out", () => {
    const rubric: Rubric = { forbidden: [], subGoals: [{ text: "is kind", rule: null }], questions: [] };
    const played = record(moving(), "Hello.");
    expect(judgedItems(rubric, played, conductOf(played, "hermes"), "hermes")).toEqual([]);
  });
});

describe("the reward of a rubric", () => {
  const [yes, no] = [true, false];
  const all = (forbidden: readonly boolean[], goals: readonly boolean[], questions: readonly boolean[]) => [
    ...items("forbidden", ...forbidden),
    ...items("subGoals", ...goals),
    ...items("questions", ...questions),
  ];

  test.each<[string, readonly JudgedItem[], Partial<RubricPay>, number]>([
    ["everything met", all([yes], [yes, yes], [yes]), {}, 1],
    ["one thing forbidden done, however good the rest", all([yes, no], [yes, yes], [yes]), {}, 0],
    ["half of the goals, no question: the mean of two shares", all([yes], [yes, no], [no]), {}, 0.25],
    ["who only asks, as published", all([yes], [no, no], [yes]), {}, 0.5],
    ["who only asks, with a least share of goals", all([yes], [no, no], [yes]), { leastGoals: 0.3 }, 0],
    ["exactly the least share of goals", all([yes], [yes, no], [no]), { leastGoals: 0.5 }, 0.25],
    ["their code's weights", all([yes], [yes, no], [yes]), { weights: { subGoals: 0.7, questions: 0.3 } }, 0.65],
    ["no question needed: the goals alone", all([yes], [yes, no], []), { weights: { subGoals: 0.7, questions: 0.3 } }, 0.5],
    ["no goal: the questions alone, and no least share of goals", all([], [], [yes, no]), { leastGoals: 0.3 }, 0.5],
    ["nothing but something forbidden, kept to", all([yes], [], []), {}, 1],
    ["a section that is left without weight asks for nothing", all([], [no], []), { weights: { subGoals: 0, questions: 1 } }, 1],
    ["half of what is forbidden done, where more than half closes the gate", all([yes, no], [yes], [no]), { gate: "half" }, 0.5],
    ["more than half of it", all([yes, no, no], [yes], [yes]), { gate: "half" }, 0],
  ])("%s", (_, judged, change, reward) => {
    expect(rubricReward(judged, { ...published, ...change })).toBeCloseTo(reward, 12);
  });

  test("of a rubric without items is refused in a sentence", () => {
    expect(() => rubricReward([], published)).toThrow("A rubric needs at least one item");
  });
});

describe("the verdict of a rubric", () => {
  const of = (...judged: readonly JudgedItem[]) => {
    const played = record(moving(), [moveAda, moveAda], "Done.");
    return { ...played, verdict: rubricVerdict(judged, conductOf(played, "hermes"), published) };
  };

  test("is solved exactly when every item is met, and is then no bad ending, whatever else rules find wrong with the calls", () => {
    const met = of(...items("subGoals", true, true), ...items("questions", true));
    expect(met.verdict).toMatchObject({ reward: 1, rules: 1, judge: null, reason: "all 3 items of the rubric are met" });
    expect(isSolved(met.verdict)).toBe(true);
    expect(isBadEnding(met)).toBe(false);
    const nearly = of(...items("subGoals", ...new Array<boolean>(9).fill(true), false));
    expect(nearly.verdict).toMatchObject({ reward: 0.9, rules: 0.9 });
    expect(isSolved(nearly.verdict)).toBe(false);
    expect(isBadEnding(nearly)).toBe(true);
  });

  test("names the first item that is not met, what is forbidden before all else", () => {
    const [rule] = items("forbidden", false);
    const [goal] = items("subGoals", false);
    const [question] = items("questions", false);
    if (!rule || !goal || !question) throw new Error("no items");
    expect(of(rule, goal).verdict).toMatchObject({ reason: "not kept: forbidden 0", fault: { code: "broken_restriction" } });
    expect(of(goal, question).verdict).toMatchObject({ reason: "not reached: subGoals 0" });
    expect(of(question).verdict).toMatchObject({ reason: "not asked: questions 0", fault: { code: "missed_question" } });
  });

  test("says what share of its items a model decided, and how", () => {
    const [one, two] = items("subGoals", true, true);
    if (!one || !two) throw new Error("no items");
    expect(of(one, { ...two, by: "model", met: false }).verdict).toMatchObject({ judge: 0, rules: 0.5 });
  });
});
