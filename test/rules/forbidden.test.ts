import { describe, expect, test } from "vitest";
import { askedAt, type Transcript } from "../../src/rules/asked.ts";
import { broken } from "../../src/rules/forbidden.ts";
import type { ForbiddenRule, JsonObject, MadeCall, Message } from "../../src/types.ts";
import { moving } from "../support/piano-school.ts";

type Said = Transcript["messages"][number];
const task = moving();
const [held] = task.heldBack;
const turn = (text: string, ...calls: readonly MadeCall[]): Said => ({ role: "assistant", text, calls });
const from = (role: Message["role"], text: string): Said => ({ role, text, calls: [] });
const call = (name: string, given: MadeCall["arguments"] = {}, refused?: MadeCall["refused"]): MadeCall => ({
  ...{ name: `${name}_piano_lesson`, arguments: given },
  ...(refused === undefined ? {} : { refused }),
});
const isBroken = (rule: ForbiddenRule, ...messages: readonly Said[]) => broken(rule, { task, messages });

describe("what is forbidden", () => {
  const never = { kind: "never", tool: "cancel_piano_lesson" } as const;
  const sundays: ForbiddenRule = {
    kind: "values",
    tool: "update_piano_lesson",
    values: { type: "object", properties: { room: { const: "south" } }, required: ["room"] },
  };
  const lookFirst = { kind: "before", tool: "cancel_piano_lesson", first: "get_piano_lesson" } as const;
  const askFirst = { kind: "before_asking", tool: "update_piano_lesson", heldBack: 0 } as const;
  const ask = turn("Which day should it be?");
  const move = turn("", call("update", { day: "2027-03-16" }));

  test("never: by any call of the tool, and by no other", () => {
    expect(isBroken(never, turn("", call("get"), call("cancel")))).toBe(true);
    expect(isBroken(never, turn("I would cancel_piano_lesson it."), turn("", call("get")))).toBe(false);
  });

  test("also by a call that the world refused: it must not pay to fail at it", () => {
    expect(isBroken(never, turn("", call("cancel", {}, "wrong_arguments")))).toBe(true);
  });

  test("with values: only if the arguments fit the schema", () => {
    expect(isBroken(sundays, turn("", call("update", { room: "north" })), turn("", call("create", { room: "south" })))).toBe(
      false,
    );
    expect(isBroken(sundays, turn("", call("update", { room: "south" })))).toBe(true);
  });

  test("with values: in whatever case a text is written, and only as the whole schema says", () => {
    const company = (schema: JsonObject): ForbiddenRule => ({
      ...{ kind: "values", tool: "update_piano_lesson" },
      values: { type: "object", ...schema },
    });
    const listed = company({ properties: { company: { enum: ["QuickPrint"] } }, required: ["company", "coupon"] });
    expect(isBroken(listed, turn("", call("update", { company: "quickprint", coupon: 1 })))).toBe(true);
    expect(isBroken(listed, turn("", call("update", { company: "QuickPrint" })))).toBe(false);
    expect(isBroken(company({ required: ["coupon"] }), turn("", call("update", { room: "south" })))).toBe(false);
  });

  test("before another: whatever follows, and a refused call of the other does not count as made", () => {
    expect(isBroken(lookFirst, turn("", call("get")), turn("", call("cancel")))).toBe(false);
    expect(isBroken(lookFirst, turn("", call("get"), call("cancel")))).toBe(false);
    expect(isBroken(lookFirst, turn("", call("cancel")), turn("", call("get")))).toBe(true);
    expect(isBroken(lookFirst, turn("", call("get", {}, "invented_id")), turn("", call("cancel")))).toBe(true);
    expect(isBroken(lookFirst, turn("", call("find")))).toBe(false);
  });

  test("before asking: by a call in a turn before the question", () => {
    expect(isBroken(askFirst, ask, from("user", "On March 16."), move)).toBe(false);
    expect(isBroken(askFirst, move, ask)).toBe(true);
    expect(isBroken(askFirst, move)).toBe(true);
    expect(isBroken(askFirst, ask)).toBe(false);
  });

  test("cannot be done with a value that the user does not hold back", () => {
    expect(isBroken({ ...askFirst, heldBack: 3 }, move)).toBe(false);
  });
});

describe("the user was asked", () => {
  const at = (...messages: readonly Said[]) => (held === undefined ? Number.NaN : askedAt({ task, messages }, held));

  test("by a question that names the value, or one that the user answers with it", () => {
    expect(at(from("user", "Move it."), turn("Could you tell me the day?"))).toBe(1);
    expect(at(turn("What would suit you?"), from("user", "On March 16, please."))).toBe(0);
    expect(at(turn("What would suit you?"), from("user", "I told you."))).toBe(Number.POSITIVE_INFINITY);
  });

  test("by a request that names nothing, if the user answers it with the value", () => {
    expect(at(turn("Please tell me more."), from("user", "On March 16, please."))).toBe(0);
    expect(at(turn("Please tell me more."), from("user", "I told you."))).toBe(Number.POSITIVE_INFINITY);
  });

  test("by a request without a question mark, in any polite form", () => {
    for (const words of ["Kindly share it.", "We need one more detail.", "Please choose: Monday or March 16.", "你想换到哪天？"])
      expect(at(turn(words), from("user", "On March 16, please."))).toBe(0);
  });

  test("by nothing that is no question, and by none beside a call", () => {
    expect(at(turn("I will choose a day."), from("user", "On March 16, please."))).toBe(Number.POSITIVE_INFINITY);
    expect(at(turn("Which day?", call("find")), from("tool", "{}"))).toBe(Number.POSITIVE_INFINITY);
  });
});
