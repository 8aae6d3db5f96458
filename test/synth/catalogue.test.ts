import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { synthesiseCatalogue } from "../../src/synth/catalogue.ts";
import { breachOf } from "../../src/synth/check.ts";
import { personasOf } from "../../src/synth/persona.ts";
import type { Stage, Staged } from "../../src/synth/stage.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import type { Json, JsonObject, Task } from "../../src/types.ts";
import { valuesOf } from "../support/schema-value.ts";
import { stage } from "../support/stage.ts";
import { scriptedReply } from "../support/synth.ts";

/** Values of the tools' own schemas, and a request with every detail in it. */
function reply(request: ReplyRequest): Json {
  const isFirst = "arguments_1" in (request.schema.properties as JsonObject); // an object's schema, by the writer
  if (!isFirst) return scriptedReply(request, 0);
  return fc.sample(valuesOf(request.schema), { numRuns: 1, seed: request.seed })[0] ?? null;
}

async function made(position: number, done: ReadonlyMap<Stage, Json> = new Map()) {
  const { simulator, asked } = stage({ reply });
  const { config } = resolveConfig({ preset: "laptop-synth", ablation: ["catalogue-tools"], set: [] });
  const staged: Staged[] = [];
  const synthesise = synthesiseCatalogue(config, { simulator, parser: null, toolsets: embeddedCatalogue() });
  const persona = personasOf(null)[position] ?? expect.fail("no such persona");
  const task = await synthesise(persona, { position, names: [1, "synth", position] }, done, async (one) => {
    staged.push(one);
  });
  return { task, staged, asked: asked.replies.length };
}

describe("a task with the tools of a catalogue", () => {
  let tasks: readonly Task[] = [];
  beforeAll(async () => {
    const all = await Promise.all(Array.from({ length: 24 }, (_, position) => made(position)));
    tasks = all.flatMap(({ task }) => task ?? []);
  });

  test("holds one value back, tells another one, and has no table", () => {
    expect(tasks.length).toBeGreaterThan(15);
    for (const { heldBack, expected, table } of tasks) {
      expect([heldBack.length, table]).toEqual([1, undefined]);
      expect(expected.flatMap((call) => Object.keys(call.arguments)).length).toBeGreaterThan(1);
    }
  });

  test("forbids an offered tool, or a value of a needed one; a call can break it", () => {
    const kinds = tasks.map(({ restriction }) => restriction?.rule.kind);
    expect(new Set(kinds)).toEqual(new Set(["never", "values"]));
    for (const task of tasks) {
      const { restriction, systemPrompt } = task;
      if (restriction === undefined) return expect.fail("every task of a set has a restriction");
      expect(systemPrompt.endsWith(restriction.text)).toBe(true);
      expect(breachOf(restriction.rule, task)).not.toBeNull();
    }
    expect(new Set(tasks.map(({ restriction }) => restriction?.temptation === null)).size).toBe(2);
  });

  test("is not written again after a resume", async () => {
    const { task, staged } = await made(0);
    expect(staged.map((one) => one.stage)).toEqual(["toolset", "task", "check", "solutions", "rubric"]);
    const bodies = staged.flatMap((one) => ("body" in one ? [[one.stage, one.body] as const] : []));
    expect(await made(0, new Map(bodies.slice(0, 2)))).toMatchObject({ task, asked: 0 });
  });
});
