import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import { checkConfig, configKeys, resolveConfig } from "../../src/config/resolve.ts";
import { PlayactError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-config-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const defaults = configSchema.parse({});
const resolve = (change: Partial<Parameters<typeof resolveConfig>[0]> = {}) =>
  resolveConfig({ preset: "laptop", set: [], ...change }).config;
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof PlayactError) return `${error.boundary}: ${error.message}`;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("a config is resolved", () => {
  test("from the defaults, then the preset, the file, --set and --steps, each overriding the ones before", () => {
    const file = fileOf("own.yaml", "steps: 7\nrollout:\n  groupSize: 3\n  tokensPerTurn: 50\n");
    const config = resolve({ preset: "tiny", file, set: ["rollout.groupSize=5", "steps=8"], steps: 9 });
    expect(config.steps).toBe(9);
    expect(config.rollout.groupSize).toBe(5); // --set
    expect(config.rollout.tokensPerTurn).toBe(50); // file
    expect(config.rollout.responseTokens).toBe(presets.tiny.rollout.responseTokens);
    expect(config.rollout.parallelCalls).toBe(defaults.rollout.parallelCalls);
    expect(resolve({ file }).rollout.groupSize).toBe(3);
    expect(resolve({ preset: "tiny" }).rollout.groupSize).toBe(presets.tiny.rollout.groupSize);
  });

  test("so that a later --set wins and none changes the preset itself", () => {
    const before = structuredClone(presets.tiny);
    expect(resolve({ preset: "tiny", set: ["seed=2", "seed=3"] }).seed).toBe(3);
    resolve({ preset: "tiny", set: ["rollout.groupSize=2"] });
    expect(presets.tiny).toEqual(before);
  });

  test("from JSON as well as from YAML", () => {
    expect(resolve({ file: fileOf("own.json", '{"learner": {"rank": 4}}') }).learner).toMatchObject({
      rank: 4,
      learningRate: defaults.learner.learningRate,
    });
  });

  test("from keys with dots in a file, as the reference has them, beside nested ones", () => {
    const file = fileOf("dots.yaml", "learner.rank: 4\nlearner:\n  alpha: 8\nengine.gpu: off\n");
    const { learner, engine } = resolve({ file });
    expect([learner.rank, learner.alpha, engine.gpu]).toEqual([4, 8, "off"]);
  });

  test("to the defaults for the preset `laptop`", () => {
    expect(resolve()).toEqual(defaults);
  });

  test("for every preset, with the preset's name", () => {
    for (const preset of Object.keys(presets)) expect(resolveConfig({ preset, set: [] }).preset).toBe(preset);
  });

  test("to the same config when it is resolved again", () => {
    expect(checkConfig(JSON.parse(JSON.stringify(resolve())))).toEqual(resolve());
  });
});

describe("--set reads its value as YAML", () => {
  test.each<[string, (config: ReturnType<typeof resolve>) => unknown, unknown]>([
    ["learner.learningRate=1e-4", ({ learner }) => learner.learningRate, 1e-4],
    ["learner.betas=[0.8, 0.95]", ({ learner }) => learner.betas, [0.8, 0.95]],
    ["advantage.normalizeStd=false", ({ advantage }) => advantage.normalizeStd, false],
    ["learner.importanceCap=null", ({ learner }) => learner.importanceCap, null],
    ["tasks.tools=my=tools.json", ({ tasks }) => tasks.tools, "my=tools.json"],
    ["rollout={groupSize: 2}", ({ rollout }) => [rollout.groupSize, rollout.tokensPerTurn], [2, defaults.rollout.tokensPerTurn]],
  ])("%s", (assignment, read, value) => {
    expect(read(resolve({ set: [assignment] }))).toEqual(value);
  });
});

describe("a mistake is reported in one sentence", () => {
  test.each<[string, Partial<Parameters<typeof resolveConfig>[0]>, RegExp]>([
    [
      "an unknown preset",
      { preset: "lapto" },
      /^usage: Unknown preset "lapto": expected one of laptop, evening, gpu-24gb, gpu-80gb, tiny\b/,
    ],
    ["a preset that every object has", { preset: "toString" }, /^usage: Unknown preset/],
    [
      "an unknown key",
      { set: ["rollout.groupsize=3"] },
      /^config: Unknown config key "rollout.groupsize"; did you mean "rollout.groupSize"\?$/,
    ],
    ["an unknown section", { set: ["rolout.groupSize=3"] }, /^config: Unknown config key "rolout"/],
    ["a key that is like none", { set: ["colour=red"] }, /^config: Unknown config key "colour"$/],
    ["the key of every object", { set: ["__proto__.steps=77"] }, /^config: Unknown config key "__proto__"$/],
    ["the same in a section", { set: ["rollout.__proto__.groupSize=7"] }, /^config: Unknown config key "rollout\.__proto__"/],
    [
      "the same in a file",
      { file: fileOf("proto.json", '{"__proto__": {"steps": 77}}') },
      /^config: Unknown config key "__proto__"$/,
    ],
    ["a key that every object inherits", { set: ["constructor.name=x"] }, /^config: Unknown config key "constructor"$/],
    [
      "a value of the wrong type",
      { set: ["steps=many"] },
      /^config: Config key "steps": Invalid input: expected number, received string\.$/,
    ],
    ["a value out of range", { set: ["tasks.decline=2"] }, /^config: Config key "tasks.decline": .*<=1\.$/],
    ["a value that is no value", { set: ["steps="] }, /^config: Config key "steps": .*null\.$/],
    ["steps below none", { steps: -1 }, /^config: Config key "steps"/],
    ["--set without =", { set: ["steps"] }, /^usage: --set expects key=value, got "steps"\.$/],
    ["--set without a key", { set: ["=3"] }, /^usage: --set expects key=value, got "=3"\.$/],
    [
      "--set that is no YAML",
      { set: ["learner.betas=[0.9"] },
      /^usage: --set learner\.betas=\[0\.9: the value is not YAML: [^\n]+$/,
    ],
    [
      "a file that is not there",
      { file: join(folder, "none.yaml") },
      /^config: The config file .*none\.yaml cannot be read .*Give the path/,
    ],
    [
      "a file that is no YAML",
      { file: fileOf("broken.yaml", "a: [") },
      /^config: The config file .*broken\.yaml is neither YAML nor JSON: [^\n]+$/,
    ],
    ["a file of a list", { file: fileOf("list.yaml", "- a") }, /must contain an object of keys, got a list\.$/],
    [
      "a lowest level above the highest",
      { set: ["curriculum.floor=80", "curriculum.cap=20"] },
      /^config: .*"curriculum\.floor": the lowest level \(80\) is above .*curriculum\.cap \(20\)/,
    ],
    [
      "a first level below the lowest",
      { set: ["curriculum.start=10"] },
      /^config: .*level 10, and the levels go from 30 to 100.*or curriculum\.floor=10\.$/,
    ],
    ["a first level above the highest", { set: ["curriculum.cap=50", "curriculum.start=60"] }, /or curriculum\.cap=60\.$/],
    [
      "a level that falls where it rises",
      { set: ["curriculum.lowerAt=0.7"] },
      /^config: .*"curriculum\.lowerAt": .* 0\.7, .*curriculum\.raiseAt \(0\.5\)/,
    ],
    [
      "a lowest temperature above the highest",
      { set: ["rollout.temperatureControl.lowest=2"] },
      /^config: .*temperatureControl\.lowest": the lowest temperature \(2\) is above the highest.*\(1\)/,
    ],
    ["an empty file", { file: fileOf("empty.yaml", "") }, /must contain an object of keys, got nothing\.$/],
  ])("%s", (_, request, sentence) => {
    expect(refusal(() => resolve(request))).toMatch(sentence);
  });

  test("several mistakes: one line each", () => {
    expect(refusal(() => resolve({ set: ["steps=-1", "seeds=1", "tasks.perStep=x"] })).split("\n")).toHaveLength(3);
  });
});

test("configKeys lists each key of the schema once, dotted", () => {
  const keys = configKeys();
  expect(keys).toEqual(expect.arrayContaining(["seed", "rollout.groupSize", "tasks.tools", "learner.betas"]));
  expect(new Set(keys).size).toBe(keys.length);
});
