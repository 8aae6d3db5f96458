import { expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { courtOf, sceneOf } from "../../src/run/session.ts";
import { newTally } from "../../src/simulator/usage.ts";

function session(input: ConfigInput = {}) {
  const engine = scriptedEngine();
  const template = episodeTemplate(engine.vocabulary, "pieces");
  const { signal } = new AbortController();
  return { config: configSchema.parse(input), engine, template, dialect: "hermes", tally: newTally(), signal } as const;
}

test.each(["mixed", "rules", "log-odds", "written"] as const)("a court judges as it is asked to: %s", (kind) => {
  expect(courtOf(session(), kind).kind).toBe(kind);
});

test("a written verdict has as many criteria as the simulator's size allows, or as the config says", () => {
  expect(courtOf(session(), "written").maxCriteria).toBe(2); // 1.5B
  expect(courtOf(session({ simulator: { maxCriteria: 4 } }), "written").maxCriteria).toBe(4);
});

test("a scene has the roles of the config, what is withheld from them, and their time to think", () => {
  expect(sceneOf(session(), 1)).toMatchObject({ user: "chosen", tools: "blueprint", withhold: [], patience: { thinkTokens: 0 } });
  const times = sceneOf(session({ rollout: { deadlineSeconds: 3, turnSeconds: 7 } }), 1);
  expect([times.patience.deadlineMs, times.turnMs]).toEqual([3000, 7000]);
  const written = { user: "written", tools: "written", thinkTokens: 64 } as const;
  const scene = sceneOf(session({ simulator: { ...written, withhold: ["persona"] } }), 1);
  expect(scene).toMatchObject({ user: "written", tools: "written", withhold: ["persona"], patience: { thinkTokens: 64 } });
});
