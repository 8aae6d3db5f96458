import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { propertiesOf } from "../../src/rules/json.ts";
import { drawPlan, type PlanRequest } from "../../src/tasks/draw-task.ts";
import { cannotServe } from "../../src/tools/distractors.ts";
import { requiredParameters } from "../../src/tools/tool-arguments.ts";
import { chains, embeddedCatalogue } from "../../src/tools/toolset.ts";
import type { ToolSpec, Toolset } from "../../src/types.ts";
import { bookSeats, findTrain } from "../support/blueprint.ts";

const catalogue = embeddedCatalogue();
const call: PlanRequest = { numTools: 3, calls: 1, hold: 0, decline: false };
const plan = (seed: number, change: Partial<PlanRequest>, toolsets: readonly Toolset[] = catalogue) =>
  drawPlan(toolsets, { ...call, ...change }, draws("plan", seed));
const names = (tools: readonly { readonly name: string }[]) => tools.map(({ name }) => name);
const overSeeds = (check: (seed: number, numTools: number) => void) =>
  fc.assert(fc.property(fc.nat(), fc.integer({ min: 1, max: 10 }), check), { numRuns: 300 });

describe("a drawn plan", () => {
  test("has what both tools of a chain take in both calls or in neither: a person says it once", () => {
    const priced = (tool: ToolSpec): ToolSpec => ({
      ...tool,
      parameters: {
        ...tool.parameters,
        properties: { ...propertiesOf(tool.parameters), currency: { type: "string", description: `Of ${tool.name}` } },
      },
    });
    const toolset = { domain: "travel", name: "trains", tools: [findTrain, bookSeats].map(priced) };
    const shared = Array.from({ length: 60 }, (_, seed) =>
      plan(seed, { calls: 2 }, [toolset]).used.map((used) => used.includes("currency")),
    );
    expect(new Set(shared.map(String))).toEqual(new Set(["true,true", "false,false"]));
  });

  test("is the same for the same names and varies with them", () => {
    expect(plan(1, { hold: 1 })).toEqual(plan(1, { hold: 1 }));
    expect(new Set(Array.from({ length: 40 }, (_, seed) => plan(seed, {}).needed[0]?.name)).size).toBeGreaterThan(10);
  });

  test("offers as many tools as asked, the needed ones among them, none twice", () => {
    overSeeds((seed, numTools) => {
      const { offered, needed, toolset } = plan(seed, { numTools });
      expect(names(offered)).toEqual(expect.arrayContaining(names(needed)));
      expect(new Set(names(offered)).size).toBe(offered.length);
      const domain = catalogue.filter((other) => other.domain === toolset.domain).flatMap(({ tools }) => tools);
      expect(offered).toHaveLength(Math.min(numTools, domain.length));
    });
  });

  test("does not give the needed tool away by its place", () => {
    const places = Array.from({ length: 60 }, (_, seed) => {
      const { offered, needed } = plan(seed, {});
      return names(offered).indexOf(needed[0]?.name ?? "");
    });
    expect(new Set(places)).toEqual(new Set([0, 1, 2]));
  });

  test("never offers the needed tool, nor a sibling that its request could serve, in a decline task, and holds nothing back", () => {
    overSeeds((seed, numTools) => {
      const { offered, needed, toolset, heldBack } = plan(seed, { decline: true, hold: 2, numTools });
      expect(offered.length).toBeGreaterThan(0);
      expect(names(toolset.tools)).toContain(needed[0]?.name);
      for (const tool of offered.filter((one) => toolset.tools.includes(one))) expect(cannotServe(needed, tool)).toBe(true);
      expect(heldBack).toEqual([]);
    });
  });

  test("offers siblings or no tool at all in a decline task of a single toolset", () => {
    const alone = (tools: Toolset["tools"]) => plan(1, { decline: true }, [{ domain: "travel", name: "trains", tools }]);
    const { needed, offered } = alone([findTrain, bookSeats]);
    expect([...needed, ...offered]).toEqual(expect.arrayContaining([findTrain, bookSeats]));
    expect(alone([findTrain]).offered).toEqual([]);
  });

  test("offers at least one sibling beside the needed tool, where there is one that is not needed", () => {
    overSeeds((seed, numTools) => {
      const { offered, needed, toolset } = plan(seed, { numTools: numTools + 1 });
      expect(toolset.tools.filter((tool) => offered.includes(tool) && !needed.includes(tool)).length).toBeGreaterThan(0);
    });
  });

  test("has two calls side by side in a parallel task: one tool twice, or two tools that share and give each other nothing", () => {
    const kinds = new Set<string>();
    overSeeds((seed, numTools) => {
      const { needed, offered, links, heldBack, used } = plan(seed, { calls: 2, parallel: true, numTools });
      const [first, second] = needed;
      expect([needed.length, links, heldBack]).toEqual([2, [], []]);
      expect(names(offered)).toEqual(expect.arrayContaining(names(needed)));
      expect(new Set(names(offered)).size).toBe(offered.length);
      kinds.add(first === second ? "again" : "other");
      if (first === second) expect(used[0]).toEqual(used[1]);
      else expect(used[0]?.filter((name) => used[1]?.includes(name) || name in propertiesOf(second?.returns ?? {}))).toEqual([]);
    });
    expect(kinds.size).toBe(2);
  });

  test("has one call where no two can stand side by side", () => {
    const ping = { name: "ping", description: "Pings.", parameters: { type: "object", properties: {} } };
    expect(plan(1, { calls: 2, parallel: true }, [{ domain: "d", name: "t", tools: [ping] }]).needed).toEqual([ping]);
  });

  test("chains a second call to the first one's result, and uses the argument in between", () => {
    overSeeds((seed) => {
      const { needed, links, toolset, used } = plan(seed, { calls: 2 });
      const found = chains(toolset).find(({ first, second }) => first === needed[0] && second === needed[1]);
      expect(links).toEqual(found?.links);
      expect(used[1]).toEqual(expect.arrayContaining([...links]));
    });
  });

  test("uses no optional argument that the first result gives: whether to pass it on could not be known", () => {
    const priced = {
      ...bookSeats,
      parameters: { ...bookSeats.parameters, properties: { ...propertiesOf(bookSeats.parameters), departs: { type: "string" } } },
    };
    overSeeds((seed) => {
      const { links, used } = plan(seed, { calls: 2 }, [{ domain: "travel", name: "trains", tools: [findTrain, priced] }]);
      expect([links, used[1]]).toEqual([["train_id"], ["train_id", "seats"]]);
    });
  });

  test("has one call if no toolset has two that depend on each other", () => {
    const { needed, links } = plan(1, { calls: 2 }, [{ domain: "travel", name: "trains", tools: [findTrain] }]);
    expect([names(needed), links]).toEqual([["find_train"], []]);
  });

  test("holds back required arguments only, never the one that an earlier result gives", () => {
    overSeeds((seed, hold) => {
      const { needed, heldBack, links, used } = plan(seed, { calls: 2, hold });
      expect(heldBack.length).toBeLessThanOrEqual(hold);
      for (const held of heldBack) {
        const tool = needed[held.call];
        expect(tool && requiredParameters(tool)).toContain(held.argument);
        expect(used[held.call]).toContain(held.argument);
        if (held.call === 1) expect(links).not.toContain(held.argument);
      }
      expect(new Set(heldBack.map(({ call: at, argument }) => `${at} ${argument}`)).size).toBe(heldBack.length);
    });
  });

  test("holds back exactly as many as asked if there are that many", () => {
    const trains = [{ domain: "travel", name: "trains", tools: [findTrain] }];
    expect([0, 1, 2, 3].map((hold) => plan(5, { hold }, trains).heldBack.length)).toEqual([0, 1, 2, 3]);
  });

  test("never holds back a yes-or-no or a list: no sentence asks for it", () => {
    const parameters = {
      type: "object",
      properties: { open: { type: "boolean" }, tags: { type: "array", items: { type: "string" } }, city: { type: "string" } },
      required: ["open", "tags", "city"],
    };
    const toolset = { domain: "d", name: "t", tools: [{ name: "find", description: "Finds.", parameters }] };
    expect(plan(1, { hold: 3 }, [toolset]).heldBack).toEqual([{ call: 0, argument: "city" }]);
  });

  test("never holds back what the schema says: its one value, or a default", () => {
    const properties = {
      ...{ version: { type: "string", const: "v1" }, form: { type: "string", enum: ["json"] } },
      ...{ unit: { type: "string", enum: ["C", "F"], default: "C" }, city: { type: "string" } },
    };
    const parameters = { type: "object", properties, required: Object.keys(properties) };
    const toolset = { domain: "d", name: "t", tools: [{ name: "find", description: "Finds.", parameters }] };
    expect(plan(1, { hold: 4 }, [toolset]).heldBack).toEqual([{ call: 0, argument: "city" }]);
  });

  test("uses every required parameter, and optional ones now and then", () => {
    const parameters = { type: "object", properties: { city: { type: "string" }, day: { type: "string" } }, required: ["city"] };
    const toolset = { domain: "d", name: "t", tools: [{ name: "find", description: "Finds.", parameters }] };
    const used = Array.from({ length: 200 }, (_, seed) => plan(seed, {}, [toolset]).used[0] ?? []);
    expect(used.every((list) => list.includes("city"))).toBe(true);
    const optional = used.filter((list) => list.includes("day")).length;
    expect(optional).toBeGreaterThan(55);
    expect(optional).toBeLessThan(110);
  });
});
