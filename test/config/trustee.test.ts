// The method as published (arXiv 2604.17739) against the code: formulas from test/fixtures/trustee.json, which an
// independent Python program wrote (scripts/record-trustee.py), the ablations, and docs/trustee.md: its handwritten numbers must
// equal those of the resolved preset.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ablationOf, ablations, setAblations, trialAblations } from "../../src/config/ablations.ts";
import { aspects, type Config, configSchema } from "../../src/config/config.ts";
import { type Preset, presets } from "../../src/config/presets.ts";
import { configKeys, resolveConfig } from "../../src/config/resolve.ts";
import { advantageModes, returnModes } from "../../src/config/training.ts";
import { advantages } from "../../src/reward/advantage.ts";
import { returns as returnsBy } from "../../src/reward/returns.ts";
import { temperatureOf } from "../../src/run/resume.ts";
import { nextTemperature } from "../../src/run/temperature.ts";
import type { Withheld } from "../../src/simulator/briefing.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { nextLevel } from "../../src/tasks/curriculum.ts";
import { type Difficulty, difficulty } from "../../src/tasks/difficulty.ts";
import { taskOrders } from "../../src/tasks/orders.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { blueprint, found, limits, says } from "../support/blueprint.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";

interface Member {
  readonly reward: number;
  readonly turns: readonly number[];
  readonly tokens: readonly number[];
  readonly aborted: boolean;
}
type Spread<T> = Readonly<Record<string, T>>;
interface Fixture {
  readonly difficulty: Spread<readonly Difficulty[]>;
  readonly levels: readonly (readonly [number, number, number])[];
  readonly groups: readonly {
    readonly group: readonly Member[];
    readonly tgrpo: Spread<Spread<readonly (readonly number[])[]>>;
    readonly returns: Spread<Spread<readonly (readonly (readonly number[])[])[]>>; // [kind][what][member][turn][token]
  }[];
  readonly temperatures: readonly {
    readonly start: number;
    readonly rows: readonly { readonly step: number; readonly entropy: number; readonly after: number }[];
  }[];
}

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
const fixture = JSON.parse(read("../fixtures/trustee.json")) as Fixture; // written by our own script
const rollouts = (group: readonly Member[]) =>
  group.map(({ reward, turns, tokens, aborted }) => ({ reward, turnRewards: turns, turnTokens: tokens, aborted }));

/** Equal up to rounding: sums may be added in another order. */
function expectClose(found: unknown, wanted: unknown): void {
  if (typeof wanted === "number") expect(found).toBeCloseTo(wanted, 9);
  else {
    const [left, right] = [found as unknown[], wanted as unknown[]];
    expect(left).toHaveLength(right.length);
    right.forEach((one, index) => {
      expectClose(left[index], one);
    });
  }
}

describe("the published formulas, from an independent program", () => {
  test.each(Object.keys(fixture.difficulty))("every aspect at every level 1..100 with minTurns %s", (minTurns) => {
    const table = fixture.difficulty[minTurns] ?? [];
    expect(table).toHaveLength(100);
    expect(table.map((_, index) => difficulty(index + 1, { minTurns: Number(minTurns) }))).toEqual(table);
  });

  test("the next level from every level at means around both thresholds", () => {
    expect(fixture.levels).toHaveLength(800);
    expect(fixture.levels.map(([level, mean]) => [level, mean, nextLevel(level, mean)])).toEqual(fixture.levels);
  });

  const cases = fixture.groups.map((one, index) => ({ ...one, index }));
  test.each(advantageModes.flatMap((mode) => cases.map((one) => ({ mode, ...one }))))(
    "TGRPO $mode, group $index",
    ({ mode, group, tgrpo }) => {
      expectClose(advantages(rollouts(group), { mode, normalizeStd: true }), tgrpo[mode]?.std);
      expectClose(advantages(rollouts(group), { mode, normalizeStd: false }), tgrpo[mode]?.centred);
    },
  );

  const kinds = returnModes.filter((kind) => kind !== "outcome");
  test.each(kinds.flatMap((kind) => cases.map((one) => ({ kind, ...one }))))(
    "returns by $kind, group $index",
    ({ kind, group, returns }) => {
      const raw = rollouts(group).map((one, member) =>
        returnsBy[kind](one, 0.99).map((turn, index) =>
          kind === "step" ? Array(group[member]?.tokens[index]).fill(turn[0]) : turn,
        ),
      );
      expectClose(raw, returns[kind]?.published);
    },
  );

  test("returns of the case worked out by hand: turns of 2 and 3 tokens, rewards 0.5 and -1, outcome 1", () => {
    const rewards = { reward: 1, turnRewards: [0.5, -1], turnTokens: [2, 3] };
    expect(returnsBy.step(rewards, 0.99)).toEqual([[0.5], [0]]);
    // from the end: -1 + 1, then -1 + 0.99 of the next one's, then 0.5 + 0.99 of it
    expectClose(returnsBy.token(rewards, 0.99), [
      [-0.955399, -1.4701],
      [-1.99, -1, 0],
    ]);
    expect(returnsBy.sparse(rewards, 0.99)).toEqual([
      [0, 0.5],
      [0, 0, 0],
    ]);
  });

  test.each(kinds.flatMap((kind) => cases.map((one) => ({ kind, ...one }))))(
    "what the group makes of returns by $kind is our own, group $index",
    ({ kind, group, returns }) => {
      const found = (gamma: number, normalizeStd: boolean) => {
        const all = advantages(rollouts(group), { returns: kind, gamma, mode: "linear", normalizeStd });
        if (kind !== "token") expect(all.flat().every((one) => typeof one === "number")).toBe(true);
        return all.map((turns) => turns.map((turn) => (typeof turn === "number" ? [turn] : [...turn])));
      };
      expectClose(found(0.99, true), returns[kind]?.std);
      expectClose(found(0.99, false), returns[kind]?.centred);
      expectClose(found(0.5, true), returns[kind]?.half);
    },
  );

  test.each(fixture.temperatures)("the temperature controller from $start", ({ start, rows }) => {
    const control = { ...config.rollout.temperatureControl, on: true };
    let temperature = start;
    for (const { step, entropy, after } of rows) {
      temperature = nextTemperature(temperature, entropy, step, control);
      expect(temperature).toBeCloseTo(after, 12);
    }
  });
});

test("a step's temperature is computed from what the step before recorded, so that a resumed run gets the same", () => {
  using temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  const config = configSchema.parse({ rollout: { temperature: 0.9, temperatureControl: { on: true, afterSteps: 1 } } });
  const session = { config, writer };
  const closed = (step: number, metrics: Readonly<Record<string, number>>) => {
    openStep(writer, step, { level: 1, policyVersion: step });
    closeStep(writer, step, { nextLevel: 1, nextPolicyVersion: step + 1, metrics, checkpoint: null });
  };
  expect(temperatureOf(session, 1)).toBe(0.9);
  closed(1, { "rollout/temperature": 0.9, entropy: 0.05 });
  expect(temperatureOf(session, 2)).toBe(0.9); // the first step changes nothing
  closed(2, { "rollout/temperature": 0.5, entropy: 0.05 });
  expect(temperatureOf(session, 3)).toBeCloseTo(0.51, 12);
  closed(3, { "rollout/temperature": 0.51 }); // nothing was trained
  expect(temperatureOf(session, 4)).toBe(0.51);
  expect(temperatureOf({ ...session, config: configSchema.parse({ rollout: { temperature: 0.7 } }) }, 3)).toBe(0.7);
});

describe("the temperature controller", () => {
  const { temperatureControl } = configSchema.parse({}).rollout;
  test("changes nothing when it is off or when a step trained nothing", () => {
    expect(temperatureControl.on).toBe(false);
    expect(nextTemperature(0.7, 0, 100, temperatureControl)).toBe(0.7);
    expect(nextTemperature(0.7, null, 100, { ...temperatureControl, on: true })).toBe(0.7);
  });

  test("never reaches 0, where all samples of a group would be the same", () => {
    let temperature = 1;
    for (let step = 21; step < 400; step++)
      temperature = nextTemperature(temperature, 5, step, { ...temperatureControl, on: true });
    expect(temperature).toBe(0.1);
  });
});

test("the level changes only every n-th step, by that step's mean", () => {
  const levels = [1, 2, 3, 4, 5, 6].map((step) => nextLevel(10, step % 2 === 0 ? 1 : -1, { every: 3 }, step));
  expect(levels).toEqual([10, 10, 7, 10, 10, 13]);
});

const { config } = resolveConfig({ preset: "trustee", set: [] });
/** Those of the other papers are in synthagent.test.ts and toolmaster.test.ts. */
const others = { ...setAblations, ...trialAblations };
const trusteeAblations = Object.entries(ablations).filter(([name]) => !Object.hasOwn(others, name));

describe("the preset `trustee`", () => {
  test("takes 25,600 episodes and 800 optimizer steps, with room for a prompt of 8,192 tokens and a response of 16,384", () => {
    expect(config.steps * config.tasks.perStep * config.rollout.groupSize).toBe(25_600);
    expect((config.steps * config.tasks.perStep) / config.learner.tasksPerMinibatch).toBe(800);
    expect(config.engine.policyContext - config.rollout.responseTokens).toBe(8192);
  });
});

describe("the ablations", () => {
  const ablated = (name: string, preset: Preset = "trustee") => resolveConfig({ preset, ablation: [name], set: [] }).config;
  const together = (...ablation: string[]) => resolveConfig({ preset: "trustee", ablation, set: [] }).config;
  const aspectsAt = (config: Config, level: number) =>
    taskOrders(config, {
      id: "x",
      names: [1],
      first: 0,
      count: 20,
      level,
      declineShare: 0,
      epsilon: config.curriculum.epsilon,
    }).map((order) => order.aspects);

  test("resolve, each with a sentence about the paper", () => {
    // five without aspects, five dimensions, ten aspects; the system prompt is both
    expect(trusteeAblations).toHaveLength(5 + 5 + aspects.length - 1);
    for (const [name, { paper }] of trusteeAblations) {
      expect(paper).toMatch(/^[A-Z].*\.$/);
      expect(ablated(name)).not.toEqual(resolveConfig({ preset: "trustee", set: [] }).config);
    }
  });

  test("no curriculum: level 100, whatever is earned", () => {
    const { curriculum } = ablated("no-curriculum");
    expect(curriculum.start).toBe(100);
    expect([-1, 0.2, 1].map((mean) => nextLevel(100, mean, curriculum))).toEqual([100, 100, 100]);
  });

  test("no soft curriculum: all tasks follow the level", () => {
    expect(new Set(aspectsAt(ablated("no-soft-curriculum"), 50).map((one) => JSON.stringify(one))).size).toBe(1);
    expect(
      new Set(aspectsAt(resolveConfig({ preset: "trustee", set: [] }).config, 50).map((one) => JSON.stringify(one))).size,
    ).toBeGreaterThan(3);
  });

  test.each(aspects)("%s fixed: at its hardest from level 1 on, and no other", (aspect) => {
    const kebab = aspect.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const strict = together(`fixed-${kebab}`, "no-soft-curriculum");
    expect(aspectsAt(strict, 1)[0]).toEqual({ ...difficulty(1), [aspect]: difficulty(100)[aspect] });
    for (const one of aspectsAt(ablated(`fixed-${kebab}`), 1)) expect(one[aspect]).toBe(difficulty(100)[aspect]);
  });

  test.each([
    ["tool", ["numTools", "expectedToolCalls"]],
    ["turn", ["expectedTurns", "maxUserTurns", "maxAssistantTurns", "maxToolTurns"]],
    ["user", ["userPersona", "queryAmbiguity"]],
    ["system-prompt", ["systemPrompt"]],
    ["criteria", ["numCriteria"]],
  ])("the paper's dimension %s is fixed with the aspects that their script fixes together", (dimension, fixed) => {
    expect(ablated(`fixed-${dimension}`).curriculum.fixed.toSorted()).toEqual(fixed.toSorted());
    expect(ablations[`fixed-${dimension}`]?.paper).not.toContain("Not in the paper");
  });

  test("can be combined: each list contains the entries of all, once and in any order", () => {
    expect(together("withhold-intent", "withhold-persona").simulator.withhold).toEqual(["intent", "persona"]);
    expect(together("fixed-num-tools", "fixed-expected-tool-calls").curriculum.fixed).toEqual(["numTools", "expectedToolCalls"]);
    expect(together("fixed-user", "fixed-query-ambiguity", "fixed-tool").curriculum.fixed).toHaveLength(4);
    const all = together("withhold-persona", "no-curriculum", "fixed-criteria", "withhold-expected-calls", "no-soft-curriculum");
    expect(all.simulator.withhold).toEqual(["persona", "expected-calls"]);
    expect(all.curriculum).toMatchObject({ start: 100, step: 0, epsilon: 0, fixed: ["numCriteria"] });
  });

  test("a list of the file or of --set replaces an ablation's, which replaces the preset's", () => {
    const set = ["simulator.withhold=[persona]", "curriculum.fixed=[]"];
    const ablation = ["withhold-intent", "withhold-expected-calls", "fixed-tool"];
    const { simulator, curriculum } = resolveConfig({ preset: "trustee", ablation, set }).config;
    expect([simulator.withhold, curriculum.fixed]).toEqual([["persona"], []]);
    expect(ablated("withhold-persona").simulator.withhold).toEqual(["persona"]);
  });

  test.each(["withhold-intent", "withhold-persona", "withhold-expected-calls"])(
    "%s is rejected for a chosen user or a log-odds judge: the menu and the anchors would reveal it",
    (name) => {
      const asked = (...set: string[]) => resolveConfig({ preset: "trustee", ablation: [name], set });
      for (const set of ["simulator.user=chosen", "reward.verdict=mixed", "reward.verdict=rules"])
        expect(() => asked(set)).toThrow(
          /^Config key "simulator\.withhold": .* set simulator\.user=written and reward\.verdict=written/,
        );
      expect(() => ablated(name, "laptop")).toThrow('Config key "simulator.withhold"');
      expect(asked("simulator.tools=blueprint").config.simulator.withhold).toHaveLength(1);
    },
  );

  test("the file and --set override them, and an unknown one is reported", () => {
    const over = resolveConfig({ preset: "trustee", ablation: ["no-curriculum"], set: ["curriculum.start=7"] }).config;
    expect([over.curriculum.start, over.curriculum.step]).toEqual([7, 0]);
    expect(() => ablationOf("no-curiculum")).toThrow(
      /^Unknown ablation "no-curiculum": expected no-curriculum, .* Did you mean "no-curriculum"\?$/,
    );
    expect(() => ablationOf("toString")).toThrow("Unknown ablation");
  });
});

describe("what is withheld is in no prompt", () => {
  /** What only the intent tells: itself, what is held back from the first message, the values of the expected calls. */
  const intent = ["SECRET GOAL", "SECRET DAY", "SECRET CITY"];
  const persona = ["SECRET PERSON"];
  const calls = ["Expected calls", "SECRET CITY"];
  const secret = blueprint({
    intent: "SECRET GOAL",
    persona: "SECRET PERSON",
    firstMessage: "Is there a train?",
    heldBack: [{ call: 0, argument: "day", sentence: "On the SECRET DAY." }],
    expected: [{ ...found, arguments: { ...found.arguments, to: "SECRET CITY" } }],
    limits: limits({ userReplies: 2 }),
  });
  const replies = [
    { reason: "It helps.", reward: 1, result: { train_id: "NT7", departs: "10:10" } },
    { reason: "It helps.", reward: 1, done: true, message: "" },
    { reason: "All is well.", reward: 1 },
  ];

  /** All that user, tools and verifier read in an episode, by the role that is asked; replies come in this order. */
  async function read(...withhold: Withheld[]): Promise<Record<"tool" | "user" | "verifier", string>> {
    let asked = 0;
    const played = stage(
      { turns: [says(found), "NT7 goes at 10:10."], reply: () => replies[asked++] ?? null },
      { user: "written", tools: "written", withhold },
    );
    const episode = await episodeOf(played, secret, ["run", 1, 0, 0]);
    const judged = await verdictOn(played, episode, "written", 2);
    expect(judged.verdict?.reward).toBe(1);
    const [tool = "", user = "", verifier = ""] = played.asked.replies.map(({ messages }) =>
      messages.map((one) => one.content).join("\n"),
    );
    return { tool, user, verifier };
  }
  const holds = (text: string, secrets: readonly string[]) => secrets.filter((one) => text.includes(one));

  test("without an ablation each role gets what the paper gives it, and the user also what the first message holds back", async () => {
    const told = await read();
    expect(holds(told.tool, [...intent, ...persona])).toEqual(["SECRET GOAL"]);
    expect(holds(told.user, [...intent, ...persona])).toEqual(["SECRET GOAL", "SECRET DAY", "SECRET PERSON"]);
    expect(holds(told.verifier, [...intent, ...persona, "Expected calls"])).toEqual(
      expect.arrayContaining(["SECRET GOAL", "SECRET CITY", "SECRET PERSON", "Expected calls"]),
    );
  });

  test("the intent: all read the first message, none what it holds back or a value of a call; names stay", async () => {
    const told = await read("intent");
    for (const text of Object.values(told)) {
      expect(holds(text, intent)).toEqual([]);
      expect(text).toContain("Is there a train?");
    }
    expect(told.verifier).toContain("Expected calls: find_train\n");
    expect(holds(told.user, persona)).toEqual(persona);
  });

  test("the persona and the expected calls", async () => {
    for (const text of Object.values(await read("persona"))) expect(holds(text, persona)).toEqual([]);
    const told = await read("expected-calls");
    for (const text of Object.values(told)) expect(holds(text, calls)).toEqual([]);
    expect(holds(told.verifier, intent)).toEqual(["SECRET GOAL"]);
  });

  test("all of them together", async () => {
    for (const text of Object.values(await read("intent", "persona", "expected-calls")))
      expect(holds(text, [...intent, ...persona, ...calls])).toEqual([]);
  });
});

describe("docs/trustee.md", () => {
  const page = read("../../docs/trustee.md");
  const keysOf = (tree: object, prefix = ""): string[] =>
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value) ? keysOf(value, `${prefix}${key}.`) : [prefix + key],
    );

  const valueAt = (tree: unknown, key: string) =>
    key.split(".").reduce<unknown>((branch, part) => (branch as Record<string, unknown>)[part], tree); // a key of the tree
  /** Each "`key` value" of the tables, read as the key's own value is written; a word after a number's key is prose. */
  const stated = page
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .flatMap((row) => [...row.matchAll(/`(?<key>[a-z]\w+(?:\.\w+)*)` `?(?<text>\[[^\]]*\]|\d[\d.]*|[a-z][\w-]*)/g)])
    .map(({ groups }) => ({ key: groups?.key ?? "", text: groups?.text ?? "" }))
    .filter(({ key, text }) => configKeys().includes(key) && (isWord(key) || /^(\d|\[|true$|false$|null$)/.test(text)))
    .map(({ key, text }) => ({ key, value: isWord(key) ? text : (JSON.parse(text) as unknown) }));
  function isWord(key: string): boolean {
    return typeof valueAt(config, key) === "string";
  }

  test("states the values that the preset resolves to", () => {
    expect(new Set(stated.map(({ key }) => key)).size).toBeGreaterThan(55);
    expect(stated.filter(({ key, value }) => JSON.stringify(valueAt(config, key)) !== JSON.stringify(value))).toEqual([]);
  });

  test("states every value that the preset sets", () => {
    const keys = new Set(stated.map(({ key }) => key));
    expect(keysOf(presets.trustee).filter((key) => !keys.has(key))).toEqual([]);
  });

  test("calls something the same only where it names a test, which exists", () => {
    const listed = new Map(
      [...page.matchAll(/^\| (T\d+) \| `(.+?)` \| (.+) \|$/gm)].map(([, key, file, title]) => [key, { file, title }]),
    );
    for (const { file = "", title = "" } of listed.values()) expect(read(`../../${file}`), `${file}: ${title}`).toContain(title);
    const claims = page.split("\n").flatMap((row) =>
      row
        .split(" | ")
        .slice(2)
        .filter((cell) => /^the same\b/.test(cell)),
    );
    expect(claims.length).toBeGreaterThan(25);
    expect(claims.filter((cell) => !/^the same[^;:,]*? \[T\d+\]\(#tests\)/.test(cell))).toEqual([]);
    const named = new Set([...page.matchAll(/\[(T\d+)\]\(#tests\)/g)].map(([, key]) => key));
    expect([...named].toSorted()).toEqual([...listed.keys()].toSorted());
  });

  test("names every ablation, every mode of advantage and of returns, and no unknown key", () => {
    const there = new Set(keysOf(configSchema.parse({})));
    const sections = new Set([...there].map((key) => key.split(".")[0]));
    const named = [...page.matchAll(/`([a-z]+(?:\.[A-Za-z]+)+)(?:=[^`]*)?`/g)].map(([, key = ""]) => key);
    expect(
      named.filter(
        (key) => sections.has(key.split(".")[0]) && !there.has(key) && ![...there].some((one) => one.startsWith(`${key}.`)),
      ),
    ).toEqual([]);
    const published = trusteeAblations.flatMap(([name, { paper }]) => (paper.startsWith("Not in the paper") ? [] : [name]));
    expect(published).toHaveLength(10);
    for (const word of [...published, "fixed-ASPECT"]) expect(page).toContain(`| \`${word}\``);
    for (const word of [...advantageModes, ...returnModes]) expect(page).toContain(`\`${word}\``);
  });
});
