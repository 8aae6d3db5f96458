// Strictness, by the double of other tests and by BFCL's own checker, and that one on its real rows.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Checker, openChecker } from "../../src/benchmark/checker.ts";
import type { Reply } from "../../src/benchmark/play.ts";
import { type BenchmarkRow, rowRange, selectRows } from "../../src/benchmark/rows.ts";
import { type Marked, markReply } from "../../src/benchmark/verdict.ts";
import type { Dialect } from "../../src/config/config.ts";
import { bfclPython, bfclVersion } from "../../src/models/bfcl.ts";
import { smallChecker, smallSuite, tagged } from "./small-suite.ts";

using suite = smallSuite({ simple_python: 1, irrelevance: 1 });
const [asking, fitless] = selectRows(suite.data, ["simple_python:0:1", "irrelevance:0:1"].map(rowRange));
if (asking === undefined || fitless === undefined) throw new Error("no rows");

const right = tagged("tool.0", 0);
const fence = '```json\n{"name": "tool.0", "arguments": {"value": 0}}\n```';
const broken = '<tool_call>\n{"name": "tool.0", "arguments": {\n</tool_call>';

const python = bfclPython();
const checkers: readonly (readonly [string, () => Promise<Checker>])[] = [
  ["the double", async () => smallChecker()],
  ...(python === null ? [] : [["BFCL's own checker", () => openChecker(python)] as const]),
];

describe.each(checkers)("a reply is marked strictly by %s:", (_, open) => {
  let checker: Checker;
  beforeAll(async () => {
    checker = await open();
  });
  afterAll(() => checker?.[Symbol.asyncDispose]());

  async function mark(row: BenchmarkRow, text: string, ended: Reply["ended"] = "stop", dialect: Dialect = "hermes") {
    const { correct, error } = await markReply(checker, dialect, row, { text, ended });
    return correct ? "right" : error;
  }

  test("a call of another tool, or with another value, is wrong", async () => {
    expect(await mark(asking, tagged("tool.1", 0))).not.toBe("right");
    expect(await mark(asking, tagged("tool.0", 1))).not.toBe("right");
  });

  test("the right call in the dialect is right, in another dialect there is no call", async () => {
    expect(await mark(asking, right)).toBe("right");
    expect(await mark(asking, fence)).toBe("no_call");
    expect(await mark(asking, fence, "stop", "json-fence")).toBe("right");
    expect(await mark(asking, "Let me see.")).toBe("no_call");
  });

  test("one malformed call beside the right one makes it wrong", async () => {
    expect(await mark(asking, `${right}\n${broken}`)).toBe("malformed");
    expect(await mark(asking, `${broken}\n${right}`)).toBe("malformed");
  });

  test("where nothing fits, neither a call nor a malformed one is right", async () => {
    expect(await mark(fitless, "None of them fits.")).toBe("right");
    expect(await mark(fitless, fence)).toBe("right"); // under tags a fence is an answer
    expect(await mark(fitless, right)).toBe("called");
    expect(await mark(fitless, broken)).toBe("malformed");
    expect(await mark(fitless, fence.replaceAll('"', "'"), "stop", "json-fence")).toBe("malformed");
  });

  test("a reply that was cut is marked as it stands; if it is wrong, that is why", async () => {
    expect(await mark(asking, right, "length")).toBe("right");
    expect(await mark(asking, right.slice(0, -20), "length")).toBe("length");
    expect(await mark(fitless, `${right} and`, "length")).toBe("length");
  });

  test("a row that does not fit into the context is wrong, also where nothing fits", async () => {
    expect(await mark(asking, "", "context_full")).toBe("context");
    expect(await mark(fitless, "", "context_full")).toBe("context");
  });
});

// npm test installs it where the package index can be reached (scripts/setup.mjs --for test)
describe.skipIf(python === null)(`BFCL's own checker${python === null ? " (skipped: its package is not installed)" : ""}`, () => {
  let checker: Checker;
  beforeAll(async () => {
    checker = await openChecker(python ?? "");
  });
  afterAll(() => checker?.[Symbol.asyncDispose]());

  const call = (name: string, values: string) => `<tool_call>\n{"name": "${name}", "arguments": ${values}}\n</tool_call>`;
  async function marked(name: string, ...calls: readonly string[]): Promise<Marked> {
    const [, category = "", position = 0] = /^(.*)_(\d+)$/.exec(name) ?? [];
    const [row] = selectRows(checker.data, [`${category}:${position}:${Number(position) + 1}`].map(rowRange));
    if (row === undefined) throw new Error(name);
    return markReply(checker, "hermes", row, { text: calls.join("\n"), ended: "stop" });
  }

  test("is the pinned version, with rows of the known numbers", () => {
    expect(checker.version).toBe(bfclVersion);
    const rows = selectRows(checker.data, []);
    const count = (name: string) => rows.filter(({ category }) => category === name).length;
    expect(["simple_python", "multiple", "parallel", "parallel_multiple", "irrelevance"].map(count)).toEqual([
      400, 200, 200, 200, 240,
    ]);
  });

  test("takes a function's name with its dots", async () => {
    expect(await marked("simple_python_1", call("math.factorial", '{"number": 5}'))).toMatchObject({
      correct: true,
      error: null,
    });
    expect(await marked("simple_python_1", call("math_factorial", '{"number": 5}'))).toMatchObject({ error: "wrong_func_name" });
  });

  test("tells whole numbers from decimal ones in the answer as the package does", async () => {
    const numbers = [12, 15, 18, 20, 21, 26, 30];
    const decimal = numbers.map((one) => one.toFixed(1)).join(", ");
    expect((await marked("simple_python_82", call("calculate_average", `{"numbers": [${numbers.join(", ")}]}`))).correct).toBe(
      false,
    );
    expect((await marked("simple_python_82", call("calculate_average", `{"numbers": [${decimal}]}`))).correct).toBe(true);
  });

  test("names what is wrong", async () => {
    const errors = async (...calls: string[]) => (await marked("simple_python_1", ...calls)).error;
    expect(await errors(call("math.factorial", "{}"))).toBe("missing_required");
    expect(await errors(call("math.factorial", '{"number": 6}'))).toBe("value_error");
    expect(await errors(call("math.factorial", '{"number": "5"}'))).toBe("type_error");
    expect(await errors(call("math.factorial", '{"number": 5.0}'))).toBe("type_error"); // Python's 5.0 is no integer
    expect(await errors(call("math.factorial", '{"number": 5, "n": 1}'))).toBe("unexpected_param");
    const twice = call("math.factorial", '{"number": 5}');
    expect(await marked("simple_python_1", twice, twice)).toMatchObject({
      error: "wrong_count",
      detail: "['Wrong number of functions.']",
    });
  });

  test("answers many questions at once, each its own", async () => {
    const values = Array.from({ length: 40 }, (_, at) => at % 8);
    const all = await Promise.all(
      values.map((value) => marked("simple_python_1", call("math.factorial", `{"number": ${value}}`))),
    );
    expect(all.map(({ correct }) => correct)).toEqual(values.map((value) => value === 5));
  });

  test("takes the calls of a parallel row in any order, and all of them", async () => {
    const song = (artist: string, minutes: number) => call("spotify.play", `{"artist": "${artist}", "duration": ${minutes}}`);
    const [one, other] = [song("Taylor Swift", 20), song("Maroon 5", 15)];
    expect((await marked("parallel_0", other, one)).correct).toBe(true);
    expect(await marked("parallel_0", one)).toMatchObject({ correct: false, error: "wrong_count" });
  });

  test("that cannot be started is an error of the environment", async () => {
    await expect(openChecker(process.execPath)).rejects.toMatchObject({ boundary: "environment" });
    await expect(openChecker("/no/such/python")).rejects.toMatchObject({ boundary: "environment" });
  });
});
