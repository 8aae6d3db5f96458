import { expect, test } from "vitest";
import { isError } from "../../src/rules/tool-error.ts";
import type { Json } from "../../src/types.ts";

const declared = { returns: { type: "object", properties: { status: { type: "string" }, error: { type: "string" } } } };

test.each<[Json, boolean, boolean]>([
  [{ error: "no such train" }, true, true],
  [{ status: "ok", error: "none" }, false, true], // of a tool that declares both, the field is one of its values
  [{ error: "not found", code: 404 }, false, true],
  [{ error: null, id: "A1" }, false, false],
  [{ status: "ok" }, false, false],
  [["error"], false, false],
])("%j is an error of a tool that declares its result: %s, of one that does not: %s", (result, ofDeclared, ofOther) => {
  expect(isError(result, declared)).toBe(ofDeclared);
  expect(isError(result, {})).toBe(ofOther);
});
