import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { personasOf } from "../../src/synth/persona.ts";

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "personas-")), "personas.jsonl");
  writeFileSync(path, text);
  return path;
}

describe("personas", () => {
  test("are forty of our own without a file, no two alike", () => {
    const own = personasOf(null);
    expect(own).toHaveLength(40);
    expect(new Set(own.map(({ text }) => text)).size).toBe(40);
    expect(own[6]?.name).toBe("p0007");
  });

  test("come from a file line by line, named by it or by their place", () => {
    const path = file('{"persona": "a baker"}\n\n{"name": "judge", "persona": "a judge at a small court", "age": 50}\n');
    expect(personasOf(path)).toEqual([
      { name: "p0001", text: "a baker" },
      { name: "judge", text: "a judge at a small court" },
    ]);
  });

  test("that cannot be read are refused in a sentence that names the line and what to do", () => {
    expect(() => personasOf(file("\n \n"))).toThrow(/has no personas; write one JSON object a line/);
    expect(() => personasOf(file('{"persona": "a baker"}\n{"text": "a judge"}'))).toThrow(/line 2: expected .* "persona"/);
    expect(() => personasOf(file('"a baker"'))).toThrow(/line 1: expected a JSON object/);
    expect(() => personasOf(file("a baker"))).toThrow(/line 1: expected a JSON object/);
    expect(() => personasOf(file('{"persona": "  "}'))).toThrow(/line 1/);
    expect(() => personasOf(file('{"name": "x", "persona": "a"}\n{"name": "x", "persona": "b"}'))).toThrow(/two personas/);
    expect(() => personasOf("/nowhere/personas.jsonl")).toThrow(/cannot be read .*check its path/);
  });
});
