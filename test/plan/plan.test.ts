import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Residency } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { type LearnerSizes, learnerSizes, longestRow, rowBytes } from "../../src/plan/learner.ts";
import { type MachineMemory, type MemoryRequest, usableOfCard } from "../../src/plan/machine.ts";
import { mendOf } from "../../src/plan/mend.ts";
import { type MemoryPlan, type Misfit, planFor, planMemory, sum } from "../../src/plan/plan.ts";
import { kvBytes, type ModelShape } from "../../src/plan/shape.ts";
import { misfitText, totalsOf } from "../../src/plan/text.ts";

interface Recorded {
  readonly request: Omit<MemoryRequest, "policy">;
  readonly models: readonly {
    readonly name: string;
    readonly shape: ModelShape;
    readonly sizes: LearnerSizes;
    readonly weights: number;
  }[];
  readonly cases: readonly {
    readonly name: string;
    readonly card: number;
    readonly residency: Residency;
    readonly row: number | null;
    readonly plan: MemoryPlan | Misfit;
  }[];
}

// written by scripts/record-plan.mjs
const recorded = JSON.parse(readFileSync(new URL("../fixtures/plan.json", import.meta.url), "utf8")) as Recorded;

const card = (gigabytes: number): MachineMemory => ({
  ...{ engine: "card", learner: "card", hostBytes: null },
  cardBytes: usableOfCard(gigabytes),
});
const host = (gigabytes: number): MachineMemory => ({
  engine: "host",
  learner: "host",
  cardBytes: 0,
  hostBytes: gigabytes * 1e9,
});

function shapeOf(name: string): ModelShape {
  const found = recorded.models.find((model) => model.name === name);
  if (found === undefined) throw new Error(`the fixture has no ${name}`);
  return found.shape;
}

/** A run with the defaults of the config. */
function run(policy: string, simulator = policy, change: Partial<MemoryRequest> = {}): MemoryRequest {
  const other = simulator === policy ? "shared" : shapeOf(simulator);
  return { ...recorded.request, policy: shapeOf(policy), simulator: other, ...change };
}
const laptop = run("qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct", {
  training: { rank: 16, item: 4, limit: null },
});

describe("the recorded plans", () => {
  test("are 8 models on 5 cards in 3 residencies, and the same to the byte", () => {
    expect(recorded.cases).toHaveLength(8 * 5 * 3);
    for (const { name, card: size, residency, plan } of recorded.cases)
      expect({ name, size, residency, plan: planFor(run(name), card(size), residency) }).toEqual({ name, size, residency, plan });
  });

  test("keep both phases within the card, use most of it where they are short, and free what a residency frees", () => {
    for (const { card: size, residency, plan } of recorded.cases) {
      if (!("rollingOut" in plan)) continue;
      const totals = totalsOf(plan);
      expect(Math.max(totals.rollingOut, totals.training)).toBeLessThanOrEqual(usableOfCard(size));
      expect(plan.training.engine.kv === 0).toBe(residency !== "together");
      expect(plan.training.engine.weights === 0).toBe(residency === "alternate");
      expect(plan.rollingOut.learner.weights === 0).toBe(residency === "alternate");
      const { policySequences, simulatorSequences } = plan.engine;
      if (policySequences + simulatorSequences < 128 && residency !== "together") {
        const next = kvBytes(shapeOf("qwen3-8b"), 2560); // no model of the fixture needs more for a sequence
        expect(totals.rollingOut).toBeGreaterThan(usableOfCard(size) - 2 * next);
      }
    }
  });
});

describe("a residency that the config names", () => {
  test("is planned even where an earlier one fits, and no other is taken where it does not", () => {
    const wide = run("qwen3-8b", "qwen3-8b", { residency: "alternate" });
    expect(planMemory(run("qwen3-8b"), card(80)).plan?.residency).toBe("together");
    expect(planMemory(wide, card(80)).plan?.residency).toBe("alternate");
    const together = planMemory(run("qwen3-8b", "qwen3-8b", { residency: "together" }), card(24));
    expect(together.plan).toBeNull();
    expect(together.misfits.map(({ residency }) => residency)).toEqual(["together"]);
  });
});

describe("the longest sample", () => {
  test("is the longest whose row fits: one token more does not", () => {
    for (const { sizes } of recorded.models) {
      const bytes = 5_000_000_000;
      const tokens = longestRow(sizes, bytes);
      expect(rowBytes(sizes, tokens, tokens, sizes.blocks)).toBeLessThanOrEqual(bytes);
      expect(rowBytes(sizes, tokens + 1, tokens + 1, sizes.blocks)).toBeGreaterThan(bytes);
    }
    expect(longestRow(learnerSizes(shapeOf("qwen3-8b"), 16, 2), 1_000_000)).toBe(0);
  });
});

describe("sequences", () => {
  test.each([13, 22])("are 16 and 8 in rows of 2,048 tokens for the defaults where memory is ample: %d GB", (gigabytes) => {
    const { plan } = planMemory(laptop, host(gigabytes));
    expect(plan?.residency).toBe("together");
    expect(plan?.engine).toMatchObject({ policySequences: 16, simulatorSequences: 8 });
    expect(plan?.learner?.rowTokens).toBe(2048);
  });

  test("each take their keys and values once: one more costs one more", () => {
    const bytes = (policySequences: number) => {
      const { plan } = planMemory({ ...laptop, policySequences, simulatorSequences: 4 }, host(22));
      return plan?.rollingOut.engine.kv ?? Number.NaN;
    };
    const each = kvBytes(laptop.policy, 2048);
    expect(each).toBe(2048 * 24 * 2 * 2 * 64 * 2);
    expect([2, 3, 8].map((count) => bytes(count) - bytes(1))).toEqual([each, 2 * each, 7 * each]);
  });

  test("do not count against a limit of the learner's own: where memory is ample all are given, and rows use the whole limit", () => {
    const limited = (gigabytes: number) => {
      const plan = planFor({ ...laptop, training: { rank: 16, item: 4, limit: 4e9 } }, host(gigabytes), "together");
      if (!("rollingOut" in plan)) throw new Error(`${gigabytes} GB are too few`);
      return { ...plan.engine, engine: sum(plan.training.engine), learner: plan.learner?.bytes ?? Number.NaN };
    };
    expect(limited(64)).toMatchObject({ policySequences: 16, simulatorSequences: 8, learner: 4e9 });
    const short = limited(7); // what both share bounds them still
    expect(short.learner).toBeLessThan(4e9);
    expect(short.engine + short.learner).toBeCloseTo(7e9);
  });

  test("that the user asks for are given, or the run does not fit", () => {
    const asked = (policySequences: number) => planMemory(run("qwen3-8b", "qwen3-8b", { policySequences }), card(48)).plan;
    expect(asked(5)?.engine).toMatchObject({ policySequences: 5 });
    expect(asked(500)).toBeNull();
  });
});

describe("residencies", () => {
  test("are tried in order, and each that does not fit says by how much", () => {
    const { plan, misfits } = planMemory(run("qwen3-8b"), card(24));
    expect(plan?.residency).toBe("turns");
    expect(misfits.map(({ residency, phase }) => `${residency}: ${phase}`)).toEqual(["together: training"]);
    expect(planMemory(run("qwen3-8b"), card(80)).plan?.residency).toBe("together");
    expect(planMemory(run("qwen3-14b"), card(24)).plan).toBeNull();
  });

  test("do not matter where engine and learner do not share memory", () => {
    const apart: MachineMemory = { engine: "host", learner: "card", cardBytes: usableOfCard(24), hostBytes: 40e9 };
    const { plan, misfits } = planMemory(run("qwen3-8b", "qwen3-8b"), apart);
    expect(plan?.residency).toBe("together");
    expect(misfits).toEqual([]);
  });

  test("an engine on the host gets what the learner's weights leave there while they are read for the card", () => {
    const apart = (hostBytes: number): MachineMemory => ({
      engine: "host",
      learner: "card",
      cardBytes: usableOfCard(24),
      hostBytes,
    });
    const { plan } = planMemory(run("qwen3-8b", "qwen3-8b"), apart(16e9));
    expect(plan).toBeNull();
    const roomy = planMemory(run("qwen3-8b", "qwen3-8b"), apart(40e9)).plan ?? expect.fail("it fits");
    expect(Object.values(roomy.rollingOut.engine).reduce((all, one) => all + one, 0) + roomy.host).toBeLessThanOrEqual(40e9);
  });
});

describe("what does not fit", () => {
  test("is mended by the setting that is named: with it the run fits", () => {
    const long = run("qwen3-4b", "qwen3-4b", { policyContext: 24_576, simulatorContext: 32_768 });
    expect(planMemory(long, card(12)).plan).toBeNull();
    const mend = mendOf(long, card(12), 640);
    expect(mend).toMatch(/^engine\.policyContext=\d+ engine\.simulatorContext=\d+$/);
    const [policyContext = 0, simulatorContext = 0] = [...(mend ?? "").matchAll(/=(\d+)/g)].map(([, value]) => Number(value));
    expect(planMemory({ ...long, policyContext, simulatorContext }, card(12)).plan).not.toBeNull();
  });

  test.each(["trustee", "toolmaster", "synthagent"])(
    "in %s too, whose response is as long: the config takes what is named",
    (preset) => {
      const { engine, rollout } = resolveConfig({ preset, set: [] }).config;
      const { policyContext, simulatorContext } = engine;
      const long = run("qwen3-4b", "qwen3-4b", { policyContext, simulatorContext });
      const sizes = [10, 11, 12, 16, 20].map(card).filter((size) => planMemory(long, size).plan === null);
      expect(sizes.length).toBeGreaterThan(0);
      for (const size of sizes) {
        const mend = mendOf(long, size, rollout.responseTokens);
        expect(() => resolveConfig({ preset, set: mend?.split(" ") ?? [] })).not.toThrow();
      }
    },
  );

  test("beside a simulator on a server is mended without touching that one's settings, which take no memory here", () => {
    const served = { simulator: null, policyContext: 200_000, simulatorContext: 32_768, simulatorSequences: 32 } as const;
    const long = run("qwen3-8b", "qwen3-8b", { ...served, policySequences: 8 });
    expect(planMemory(long, card(24)).plan).toBeNull();
    const mend = mendOf(long, card(24), 640);
    expect(mend).toMatch(/^engine\.policyContext=\d+ engine\.policySequences=null$/);
    const policyContext = Number(/=(\d+)/.exec(mend ?? "")?.[1]);
    expect(planMemory({ ...long, policyContext, policySequences: null }, card(24)).plan).not.toBeNull();
  });

  test("by a limit of the user's own is mended by leaving it out", () => {
    const tight = { ...laptop, training: { rank: 16, item: 4 as const, limit: 1e9 } };
    expect(planMemory(tight, host(22)).plan).toBeNull();
    expect(mendOf(tight, host(22), 640)).toBe("learner.memory=null");
  });

  test("whatever is set needs other models, says so, and counts what they take", () => {
    const request = run("qwen3-14b");
    const said = misfitText(planMemory(request, card(24)), request, card(24), 640);
    expect(said).toMatch(/together .*: rolling out needs 4\d\.\d GB of 25\.1; turns .*; alternate .*: training needs 3\d\.\d GB/);
    expect(said).toMatch(/weights alone take \d+\.\d GB: choose a smaller policy or simulator, or a larger GPU\.$/);
  });
});

describe("a teacher that plays in place of the run's engine", () => {
  test("takes nothing from a run in which it fits, and is counted", () => {
    const [alone, taught] = [planMemory(laptop, host(13)), planMemory({ ...laptop, teacher: "shared" }, host(13))];
    expect(taught.plan).toEqual({ ...alone.plan, teaching: taught.plan?.teaching });
    const larger = planMemory({ ...laptop, teacher: shapeOf("qwen3-4b") }, host(13)).plan?.teaching ?? 0;
    expect(larger).toBeGreaterThan(taught.plan?.teaching ?? Number.NaN);
    expect(taught.plan?.teaching).toBeGreaterThan(1e9);
  });

  test("and is too large for a card where the run itself would fit, is named as the cause", () => {
    const request = { ...laptop, teacher: shapeOf("qwen3-14b") };
    expect(planMemory(laptop, card(8)).plan).not.toBeNull();
    const planned = planMemory(request, card(8));
    expect(planned.plan).toBeNull();
    expect(new Set(planned.misfits.map(({ phase }) => phase))).toEqual(new Set(["teaching"]));
    expect(misfitText(planned, request, card(8), 640)).toMatch(/teaching needs .* a smaller one in models\.teacher/);
  });
});
