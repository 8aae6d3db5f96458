import { expect, test } from "vitest";
import { report } from "../../src/cli/exit.ts";
import { PlayactError } from "../../src/errors.ts";
import { EngineError } from "../../src/llm/llm.ts";

function reported(error: unknown): { readonly code: number; readonly said: string } {
  let said = "";
  const code = report(error, (text) => {
    said += text;
  });
  return { code, said };
}

test("an unexpected error is reported as an internal one, with its stack", () => {
  const { code, said } = reported(new TypeError("x is undefined"));
  expect(code).toBe(1);
  expect(said).toMatch(/^playact: internal error: TypeError: x is undefined\n\s+at /);
});

test("what the engine fails at is a sentence, not a stack", () => {
  const { code, said } = reported(new EngineError("deadline", "policy sample took over 3600 s"));
  expect([code, said.split("\n").length]).toEqual([1, 2]);
  expect(said).toMatch(/^playact: the engine failed: policy sample took over 3600 s\. /);
});

test("what the disk refuses is a sentence with the path, not a stack", () => {
  const refused = Object.assign(new Error("EACCES: permission denied, mkdir '/m'"), { code: "EACCES", path: "/m" });
  expect(reported(refused)).toEqual({
    code: 5,
    said: "playact: The disk refused /m (EACCES: permission denied, mkdir '/m'). Check its permissions, then repeat the command.\n",
  });
  const inTheWay = Object.assign(new Error("ENOTDIR: not a directory, mkdir '/m/x'"), { code: "ENOTDIR", path: "/m/x" });
  expect(reported(inTheWay)).toMatchObject({ code: 5, said: expect.stringContaining("A file is in the way: choose a folder") });
  expect(reported(Object.assign(new Error("ENOENT"), { code: "ENOENT", path: "/m" })).said).toContain("internal error");
});

test("what a failed program wrote stands above the sentence that speaks of it, no more than its last lines", () => {
  const written = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
  const failed = new PlayactError("environment", "pip install failed; its last lines are above.", { cause: `${written}\n` });
  const { said } = reported(failed);
  expect(said).toMatch(/^line 15\n[\s\S]*\nline 39\n\nplayact: pip install failed; its last lines are above\.\n$/);
});

test("an error of the user's is one sentence with the code of its boundary", () => {
  expect(reported(new PlayactError("config", "seed must be a number."))).toEqual({
    code: 3,
    said: "playact: seed must be a number.\n",
  });
});
