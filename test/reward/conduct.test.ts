import { describe, expect, test } from "vitest";
import { conductOf } from "../../src/reward/conduct.ts";
import { rulesShare } from "../../src/reward/verdict.ts";
import type { Message, Refusal, Task, ToolCall } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, says } from "../support/blueprint.ts";
import { message, trajectory } from "../support/trajectory.ts";

const answer = "You can take NT418 at 08:25.";

describe("the conduct read from a record", () => {
  const read = (turns: readonly string[], change: Parameters<typeof trajectory>[1] = {}) =>
    conductOf(trajectory(turns, change), "hermes");
  const { result: _, ...call } = found;

  test("has the turns without a call that the user complained about before the last call, and no others", () => {
    const talk = (first: string, turnReward: number, second = says(found)) => {
      const made = trajectory([first, second, answer]);
      const messages = made.messages.map((message) => (message.text === first ? { ...message, turnReward } : message));
      return conductOf({ ...made, messages }, "hermes").complaints;
    };
    expect(talk("I'm sorry, none of my tools can do that.", -1)).toBe(1);
    expect(talk("I'm sorry, none of my tools can do that.", 1)).toBe(0);
    expect(talk("Which day is it?", -1)).toBe(1);
    expect(talk("I'm sorry, none of my tools can do that.", -1, "No.")).toBe(0); // nothing was called at all: -1 as it is
  });

  test("has a complaint about a question for what the user had told", () => {
    const held = { call: 0, argument: "day", sentence: "The day is 2027-03-02." };
    const asked = (again: string) => {
      const made = trajectory(["Which day is it?", again, says(found), answer], {}, blueprint({ heldBack: [held] }));
      const messages = made.messages.flatMap((message): Message[] => {
        if (message.text === "Which day is it?") return [message, { ...message, role: "user", text: held.sentence, calls: [] }];
        return [message.text === again ? { ...message, turnReward: -1 } : message];
      });
      return conductOf({ ...made, messages }, "hermes").complaints;
    };
    expect(asked("Could you tell me the day?")).toBe(1);
  });

  test("is every well-formed call of every turn, the malformed ones counted apart", () => {
    expect(read([says(found), `${says(found)}\n<tool_call>\n{]\n</tool_call>`, answer])).toEqual({
      calls: [call, call],
      unexecuted: [],
      complaints: 0,
      malformed: 1,
      report: answer,
      told: answer,
      refused: false,
      guessed: [],
      fault: { code: "malformed_call", reason: "made a call that could not be parsed" },
    });
  });

  test.each<[string, readonly string[], Parameters<typeof trajectory>[1]]>([
    ["a call", [says(found)], {}],
    ["a malformed call", ["Here: <tool_call>{]</tool_call>"], {}],
    ["silence", [says(found), ""], {}],
    ["thinking", [says(found), "<think>NT418</think>"], {}],
    ["a text that was cut", [says(found), answer], { status: "truncated", stopReason: "turn_length" }],
    ["a text out of time", [says(found), answer], { status: "truncated", stopReason: "turn_deadline" }],
    ["no turn at all", [], {}],
    ["the result as it came", [says(found), '{"train_id": "NT418", "departs": "08:25"}'], {}],
    ["the result in a code block", [says(found), '```json\n{"train_id": "NT418"}\n```'], {}],
    ["a code block that is not closed", [says(found), '```\n{"train_id": "NT418"'], {}],
  ])("that ends in %s has reported nothing", (_name, turns, change) => {
    expect(read(turns, change).report).toBeNull();
  });

  test("has not told what only notes say, which nobody reads", () => {
    const noted = `Notes:\n- find_train gives NT418 at 08:25.\nPlan: look again.\n${says(found)}`;
    const made = trajectory([says(found), noted, "Done."]);
    const phased = made.messages.map((one) => (one.role === "assistant" ? { ...one, phase: "execution" as const } : one));
    expect(conductOf({ ...made, messages: phased }, "hermes").told).toBe("Done.");
    expect(conductOf(made, "hermes").told).toContain("NT418"); // without trials the word means nothing
  });

  test("has not told what stands in JSON behind a few words", () => {
    const noted = 'Here is what I found. {"train_id": "NT418", "departs": "08:25"}';
    expect(read([says(found), noted])).toMatchObject({ report: "Here is what I found.", told: "Here is what I found." });
    expect(read([says(found), 'Here is what I found. ["NT418", "08:25"]']).told).toBe("Here is what I found.");
  });

  test("reports with the words around a code block", () => {
    expect(read([says(found), `${answer}\n\`\`\`json\n{"train_id": "NT418"}\n\`\`\``]).report).toBe(answer);
  });
});

describe("the fault of a conduct", () => {
  const day = { call: 0, argument: "day", sentence: "The day is 2027-03-02." } as const;
  const asking = blueprint({ heldBack: [day], firstMessage: "Which train goes from Oslo to Bergen?" });
  const wrongDay: ToolCall = { ...found, arguments: { ...found.arguments, day: "2027-03-09" } };
  const made = (...calls: ToolCall[]): Message[] => [
    { ...message("assistant", says(...calls)), calls },
    message("tool", calls.map(() => "{}").join("\n")),
  ];
  const refused = (call: ToolCall, why: Refusal): Message[] => {
    const [turn, result] = made(call);
    return turn && result ? [{ ...turn, calls: [{ ...call, refused: why }] }, result] : [];
  };
  const said = (text: string) => message("assistant", text);

  test.each<[string | undefined, readonly Message[], Task]>([
    [undefined, [...made(found), said(answer)], blueprint()],
    [undefined, [said("None of my tools can do that.")], declined()],
    ["needless_call", made(booked), declined()],
    ["no_refusal", [said("")], declined()],
    ["malformed_call", [said("<tool_call>{"), ...made(found)], blueprint()],
    ["unknown_tool", refused({ name: "fly", arguments: {} }, "unknown_tool"), blueprint()],
    ["invented_id", refused(booked, "invented_id"), chain()],
    ["wrong_arguments", refused({ ...found, arguments: {} }, "wrong_arguments"), blueprint()],
    ["failed", refused(found, "failed"), blueprint()],
    ["too_many", refused(found, "too_many"), blueprint()],
    ["no_call", [said("The train is NT1.")], blueprint()],
    ["wrong_tool", made(booked), blueprint()],
    ["missing_call", made(found), chain()],
    ["guessed_value", made(wrongDay), asking],
    ["guessed_value", made(found), asking], // luck
    ["wrong_values", [message("user", day.sentence), ...made(wrongDay)], asking],
    ["wrong_values", made(wrongDay), blueprint()],
    ["repeated_call", [...made(found), ...made(found)], blueprint()],
    ["needless_call", [...made(found), ...made(booked)], blueprint()],
    ["complaint", [{ ...said("I can't do that."), turnReward: -1 }, ...made(found), said(answer)], blueprint()],
    ["complaint", [{ ...said("Which day?"), turnReward: -1 }, ...made(found), said(answer)], blueprint()],
    ["complaint", [...made(found), { ...said(answer), turnReward: -1 }, ...made(booked), said(answer)], chain()],
    ["complaint", [{ ...said("Which day?"), turnReward: -1 }, said("None of my tools can do that.")], declined()],
    // a user who misunderstood: the question was for a held-back value
    [undefined, [{ ...said("Which day?"), turnReward: -1 }, message("user", day.sentence), ...made(found), said(answer)], asking],
  ])("is the plainest one: %s", (code, messages, task) => {
    expect(conductOf(trajectory([], { messages }, task), "hermes").fault?.code).toBe(code);
  });

  test("is a guess also of a value that the first message says beside others: nobody has chosen it", () => {
    const either = blueprint({ heldBack: [day], firstMessage: "Is there a train on 2027-03-02 or on 2027-03-03?" });
    const messages = [message("user", either.firstMessage), ...made(found)];
    expect(conductOf(trajectory([], { messages }, either), "hermes").fault?.code).toBe("guessed_value");
  });

  test("makes a lucky guess worth what the call without that value is worth", () => {
    const { day: _, ...told } = found.arguments;
    const share = (...messages: readonly Message[]) => {
      const own = trajectory([], { messages }, asking);
      return rulesShare(asking, conductOf(own, "hermes"));
    };
    expect(share(...made(found))).toBe(share(...made({ ...found, arguments: told })));
    expect(share(...made(found))).toBeLessThan(1);
    // told only afterwards, it was a guess all the same
    expect(share(...made(found), said("Done."), message("user", day.sentence), said(answer))).toBe(share(...made(found)));
    expect(share(...made(wrongDay), said("Done."), message("user", day.sentence), ...made(found))).toBe(0.5);
    expect(share(said("Which day?"), message("user", day.sentence), ...made(found))).toBe(1);
  });
});
