import { describe, expect, test } from "vitest";
import { EngineError } from "../../src/llm/llm.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { endingWhenAway, teachingUnlessAway } from "../../src/simulator/server-away.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { Json } from "../../src/types.ts";

/** The answer to one question by a simulator that replies so. */
function asked(reply: () => Json) {
  const { simulator } = scriptedEngine({ reply });
  const opened = endingWhenAway(openSimulator(simulator, { tries: 1, deadlineMs: 1000 })).noting({ usage: newUsage() });
  return opened.ask({
    ...{ role: "task", messages: [{ role: "user", content: "Which thing?" }], schema: { type: "object", properties: {} } },
    ...{ check: (value: Json) => ({ value }), seedNames: [1], maxTokens: 20, temperature: 0 },
  });
}

describe("a simulator whose server must be there", () => {
  test("ends the command when its server is away", async () => {
    const away = asked(() => {
      throw new EngineError("unavailable", "no server answers at http://host");
    });
    await expect(away).rejects.toMatchObject({ boundary: "environment", message: expect.stringMatching(/no server.*goes on/) });
  });

  test("so does a teacher on one", async () => {
    const { policy } = scriptedEngine({
      say: () => {
        throw new EngineError("unavailable", "no server answers at http://host");
      },
    });
    const request = { ids: [1], seed: 1, temperature: 1, maxTokens: 4, stop: new Set([2]), deadlineMs: 1000 };
    await expect(teachingUnlessAway(policy).sample(request)).rejects.toMatchObject({ boundary: "environment" });
  });

  test("gives every other failure as a value, and answers as they are", async () => {
    const refused = asked(() => {
      throw new EngineError("refused", "I do not do that");
    });
    await expect(refused).resolves.toMatchObject({ ok: false, failure: { code: "refused" } });
    await expect(asked(() => ({}))).resolves.toEqual({ ok: true, value: {} });
  });
});
