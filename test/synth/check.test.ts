// Each rule of the check, by a task that breaks it alone.
import { beforeAll, describe, expect, test } from "vitest";
import { dropOf } from "../../src/synth/check.ts";
import type { Json, JsonObject, Operation, Task, ToolSpec, Toolset } from "../../src/types.ts";
import { scriptedSet } from "../support/synth.ts";

let made: readonly { readonly task: Task; readonly tools: readonly ToolSpec[] }[] = [];

beforeAll(async () => {
  made = (await scriptedSet(40)).flatMap(({ task, stages }) => {
    const body = stages.flatMap((staged) => (staged.stage === "toolset" && "body" in staged ? [staged.body] : []))[0];
    const { tools } = (body as { readonly toolset: Json }).toolset as JsonObject & Pick<Toolset, "tools">; // as it was kept
    return task === null ? [] : [{ task, tools }];
  });
});

const operationOf = ({ table }: Task, tool = ""): Operation | undefined => table?.operations[tool];
const goalOf = (task: Task) => operationOf(task, task.expected.at(-1)?.name);

/** The first task of a kind, with all five tools of its toolset. */
function taskWhere(isIt: (task: Task) => boolean): { readonly task: Task; readonly toolFor: (operation: Operation) => ToolSpec } {
  const found = made.find(({ task }) => isIt(task)) ?? expect.fail("no such task among these");
  const toolFor = (operation: Operation) =>
    found.tools.find(({ name }) => operationOf(found.task, name) === operation) ?? expect.fail(operation);
  return { task: found.task, toolFor };
}

const codeOf = (task: Task) => dropOf(task, null)?.dropped ?? null;

describe("a task by rule is dropped", () => {
  test("never as it was made", () => {
    expect(made.map(({ task }) => dropOf(task, null))).toEqual(made.map(() => null));
  });

  test("for a distractor that serves", () => {
    const asked = taskWhere((task) => goalOf(task) === "get");
    expect(codeOf({ ...asked.task, tools: [...asked.task.tools, asked.toolFor("update")] })).toBe("distractor_serves");
    const changing = taskWhere((task) => goalOf(task) === "update");
    const others = changing.task.tools.filter(
      ({ name }) => !["create", "cancel"].includes(operationOf(changing.task, name) ?? ""),
    );
    const both = [...others, changing.toolFor("create"), changing.toolFor("cancel")];
    const { restriction: _, ...free } = changing.task;
    expect(codeOf({ ...free, tools: both })).toBe("distractor_serves");
    expect(codeOf({ ...free, tools: both.slice(0, -1) })).toBeNull();
  });

  test("for a request that gives a held-back value or names a tool", () => {
    const { task } = taskWhere(() => true);
    const held = task.heldBack[0];
    const value = task.expected[held?.call ?? 0]?.arguments[held?.argument ?? ""];
    expect(codeOf({ ...task, firstMessage: `${task.firstMessage} It is ${value}.` })).toBe("value_given");
    expect(codeOf({ ...task, firstMessage: `${task.firstMessage} Use ${task.tools[0]?.name}.` })).toBe("tool_named");
  });

  test("for right calls that the table does not play out as written, and where nothing is told", () => {
    const { task } = taskWhere((one) => one.expected.length === 2);
    const [find, then] = task.expected;
    if (find === undefined || then === undefined) return expect.fail("two calls");
    expect(codeOf({ ...task, expected: [{ ...find, result: { error: "none" } }, then] })).toBe("not_solvable");
    expect(codeOf({ ...task, expected: [find, { ...then, arguments: { ...then.arguments, note: "x" } }] })).toBe("not_solvable");
    const all = Object.keys(find.arguments).map((argument) => ({ call: 0, argument, sentence: "x" }));
    const silent = { ...task, heldBack: all, firstMessage: "Please see to it." };
    expect(codeOf(goalOf(task) === "update" ? { ...silent, heldBack: [...all, ...all] } : silent)).toBe("nothing_told");
  });

  test("for a restriction that the right calls break, that nothing can break, or on a tool that is not offered", () => {
    const { task } = taskWhere((one) => one.restriction !== undefined);
    const restriction = task.restriction ?? expect.fail("restricted");
    const last = task.expected.at(-1)?.name ?? "";
    const under = (rule: typeof restriction.rule) => codeOf({ ...task, restriction: { ...restriction, rule } });
    expect(under({ kind: "never", tool: last })).toBe("restriction_broken");
    expect(under({ kind: "values", tool: last, values: { type: "object", properties: { x: {} }, required: ["x"] } })).toBe(
      "restriction_unbreakable",
    );
    expect(under({ kind: "never", tool: "fly_away" })).toBe("restriction_unbreakable");
    expect(under({ kind: "before", tool: last, first: "fly_away" })).toBe("restriction_unbreakable");
  });

  test("for a tool that would be refused if a user brought it", () => {
    const { task } = taskWhere(() => true);
    const broken = task.tools.map((tool, at) =>
      at === 0 ? { ...tool, parameters: { type: "object", properties: { x: { type: "colour" } } } } : tool,
    );
    expect(codeOf({ ...task, tools: broken })).toBe("unplayable_tool");
  });
});
