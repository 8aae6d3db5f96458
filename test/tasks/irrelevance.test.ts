import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { irrelevanceOf } from "../../src/tasks/irrelevance.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import { blueprint, bookSeats, findTrain } from "../support/blueprint.ts";

const catalogue = embeddedCatalogue();
const trains = { domain: "travel", name: "trains", tools: [findTrain, bookSeats] };
const asked = blueprint({ heldBack: [{ call: 0, argument: "day", sentence: "The day is 2027-03-02." }] });

describe("a call task turned into an irrelevance task", () => {
  test("says the same words, expects no call and refuses by what the withheld tool is for", () => {
    const declining = irrelevanceOf(asked, [...catalogue, trains], draws("twin", 1));
    expect(declining).toMatchObject({
      kind: "decline",
      firstMessage: asked.firstMessage,
      expected: [],
      heldBack: [],
      dependent: false,
    });
    expect(declining.report).toMatch(/finds a train between two cities\.$/);
    expect(declining.id).not.toBe(asked.id);
  });

  test("is offered as many tools, none of them of the task's own toolset", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const own = draws("own", seed).pick(catalogue);
        const [tool] = own.tools;
        if (tool === undefined) return;
        const task = blueprint({
          domain: own.domain,
          toolset: own.name,
          tools: own.tools,
          expected: [{ name: tool.name, arguments: {}, result: null }],
        });
        const { tools } = irrelevanceOf(task, catalogue, draws("twin", seed));
        const names = new Set(own.tools.map(({ name }) => name));
        expect(tools.length).toBeGreaterThan(0);
        expect(tools.length).toBeLessThanOrEqual(own.tools.length);
        expect(tools.filter(({ name }) => names.has(name))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("is offered no tool if there is no other toolset", () => {
    expect(irrelevanceOf(asked, [trains], draws("twin", 1)).tools).toEqual([]);
  });

  test("exists for call tasks only", () => {
    const decline = blueprint({ kind: "decline", expected: [] });
    expect(() => irrelevanceOf(decline, catalogue, draws("twin", 1))).toThrow(RangeError);
  });
});
