import { describe, expect, test } from "vitest";
import { callsOf, playRow, promptOf, templateDigest } from "../../src/benchmark/play.ts";
import { rowRange, selectRows } from "../../src/benchmark/rows.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { smallSuite, tagged, tags, templateOf } from "./small-suite.ts";

using suite = smallSuite({ simple_python: 1 });
const [row] = selectRows(suite.data, ["simple_python:0:1"].map(rowRange));
if (row === undefined) throw new Error("no row");

describe("a row", () => {
  test("is played greedily after a prompt with its functions and its question", async () => {
    const engine = scriptedEngine({ say: (_, { temperature }) => `temperature ${temperature}` });
    const prompt = engine.vocabulary.decode(promptOf(tags, row));
    expect(prompt).toContain("You are a helpful assistant.");
    expect(prompt).toMatch(/"name": "tool\.0".*"type": "object"/);
    expect(prompt).toContain("Question simple_python_0.");
    expect(await playRow(engine, tags, row)).toEqual({ text: "temperature 0", ended: "stop" });
  });

  test("that does not fit into the context has no reply, and one that is cut has what fitted", async () => {
    const { length } = promptOf(tags, row);
    const said = { say: () => "A long answer." };
    expect(await playRow(scriptedEngine({ ...said, contextTokens: length }), tags, row)).toEqual({
      text: "",
      ended: "context_full",
    });
    const cut = await playRow(scriptedEngine({ ...said, contextTokens: length + 6 }), tags, row);
    expect(cut).toEqual({ text: "A long", ended: "context_full" });
    const endless = await playRow(scriptedEngine({ say: () => "x".repeat(600) }), tags, row);
    expect(endless).toEqual({ text: "x".repeat(512), ended: "length" });
  });
});

test("the digest names the frame: the same for the same template, another where the ids or the stops differ", () => {
  const digest = templateDigest(tags);
  expect(templateDigest(templateOf("hermes"))).toBe(digest);
  const others = [templateOf("hermes", "tokens"), templateOf("json-fence"), { ...tags, stop: new Set([1]) }];
  for (const other of others) expect(templateDigest(other)).not.toBe(digest);
});

describe("the calls of a reply", () => {
  const calls = (value: string) => callsOf(tagged("f", value), "hermes").calls;
  test.each(["5", "5.0", "-0.0", "1e3", "2.50", "1E+2"])("keep the number %s as a whole number or as a decimal one", (number) => {
    const decimal = /[.eE]/.test(number) && Number.isInteger(Number(number));
    expect(calls(number)).toBe(`[{"f":{"value":${decimal ? number : Number(number)}}}]`);
  });

  test("keep decimals in lists and objects, and leave texts alone", () => {
    expect(calls('[1.0, {"a": 2.0, "b": "3.0"}, "x 4.0 \\" 5.0"]')).toBe(
      '[{"f":{"value":[1.0,{"a":2.0,"b":"3.0"},"x 4.0 \\" 5.0"]}}]',
    );
  });

  test.each(["05.0", "5.0.0", "{5.0: 1}", "+5.0"])("with %s, which is not JSON, are malformed", (value) => {
    expect(callsOf(tagged("f", value), "hermes")).toMatchObject({ calls: "[]", count: 0, malformed: [expect.any(String)] });
  });

  test("are read beside prose with quotes and numbers", () => {
    const reply = `Roughly 5.0" long, "version 1.0":\n${tagged("f", "7.0")}\n"2.0`;
    expect(callsOf(reply, "hermes")).toMatchObject({ count: 1, malformed: [] });
    expect(['[{"f":{"value":7.0}}]', '[{"f":{"value":7}}]']).toContain(callsOf(reply, "hermes").calls);
  });
});
