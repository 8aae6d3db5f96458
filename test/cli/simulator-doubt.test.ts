// When the start of a run doubts its simulator.
import { expect, test } from "vitest";
import { kindsAsked, simulatorDoubt } from "../../src/cli/simulator-doubt.ts";
import { type Config, configSchema } from "../../src/config/config.ts";
import { healthOf, recordHealthCheck } from "../../src/store/health-checks.ts";
import { temporaryStore } from "../store/temporary.ts";

const config = (verdict: Config["reward"]["verdict"]) => configSchema.parse({ reward: { verdict } });
const small = { name: "qwen2.5-1.5b", parameters: 1.5e9 };
const nothing = new Map<string, boolean>();

test("a written verdict under 4B parameters is doubted; rules, or 4B, are not", () => {
  expect(simulatorDoubt(config("written"), small, nothing)).toMatch(
    /^qwen2\.5-1\.5b has 1\.5B parameters: under 4B a written verdict/,
  );
  expect(simulatorDoubt(config("rules"), small, nothing)).toBeNull();
  expect(simulatorDoubt(config("written"), { name: "qwen3-4b", parameters: 4.02e9 }, nothing)).toBeNull();
});

test("so is a rubric whose items are all written, and none that rules decide", () => {
  const rubric = (items: Config["reward"]["items"]) => configSchema.parse({ reward: { verdict: "rubric", items } });
  expect(simulatorDoubt(rubric("written"), small, nothing)).toMatch(/set reward\.items=rules\.$/);
  expect(simulatorDoubt(rubric("rules"), small, nothing)).toBeNull();
});

test("a health check that trusted this very file with it takes the doubt away", () => {
  expect(simulatorDoubt(config("written"), small, new Map([["verdict/written", true]]))).toBeNull();
});

test("a kind that the last health check did not trust is named, if the config asks for it", () => {
  const [asked = ""] = kindsAsked(config("rules")).slice(1);
  expect(simulatorDoubt(config("rules"), small, new Map([[asked, false]]))).toContain(`did not trust it with ${asked}`);
  expect(simulatorDoubt(config("rules"), small, new Map([["tools/written", false]]))).toBeNull();
});

test("of the stored checks of a file the last word on each kind counts", () => {
  using temporary = temporaryStore();
  const [sha256, check] = ["a".repeat(64), { playact: "0.1.0", model: "m" }];
  recordHealthCheck(temporary.store, { ...check, sha256, checked: ["user/chosen", "tools/written"], trusted: [] });
  recordHealthCheck(temporary.store, { ...check, sha256, checked: ["user/chosen"], trusted: ["user/chosen"] });
  recordHealthCheck(temporary.store, { ...check, sha256: "b".repeat(64), checked: ["user/chosen"], trusted: [] });
  expect(healthOf(temporary.store, sha256)).toEqual(
    new Map([
      ["user/chosen", true],
      ["tools/written", false],
    ]),
  );
});
