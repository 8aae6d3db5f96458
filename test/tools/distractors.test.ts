// Which tools are offered beside the needed ones. Descriptions are points on a circle; test/run/nearness.test.ts has real ones.
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { drawPlan } from "../../src/tasks/draw-task.ts";
import { anyTools, type Candidate, mayServe, nearTools } from "../../src/tools/distractors.ts";
import type { ToolSpec, Toolset } from "../../src/types.ts";
import { bookSeats, findTrain } from "../support/blueprint.ts";

/** A tool that requires these arguments. */
const tool = (name: string, ...required: readonly string[]): ToolSpec => ({
  name,
  description: name,
  parameters: { type: "object", properties: Object.fromEntries(required.map((key) => [key, { type: "string" }])), required },
});
const sibling = (one: ToolSpec): Candidate => ({ tool: one, sibling: true });
const stranger = (one: ToolSpec): Candidate => ({ tool: one, sibling: false });
const at = (degrees: number) => Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
const names = (tools: readonly ToolSpec[]) => tools.map(({ name }) => name).sort();

const needed = tool("needed", "id");
const others = [50, 60, 70, 80, 100, 150].map((degrees) => tool(`at_${degrees}`, "other"));
const vectors = new Map([[needed, at(0)], ...others.map((one) => [one, at(Number(one.name.slice(3)))] as const)]);

describe("near distractors", () => {
  const near = nearTools(vectors);
  const seen = (count: number) =>
    Array.from({ length: 40 }, (_, seed) => near(others.map(sibling), [needed], count, draws("near", seed)));

  test("come from twice as many nearest tools, each chosen sometimes", () => {
    for (const chosen of seen(2)) expect(chosen).toHaveLength(2);
    expect(names([...new Set(seen(2).flat())])).toEqual(["at_50", "at_60", "at_70", "at_80"]);
    expect(names([...new Set(seen(1).flat())])).toEqual(["at_50", "at_60"]);
  });

  test("are ranked by the nearest of several needed tools", () => {
    const far = tool("far", "x");
    const chosen = nearTools(new Map([...vectors, [far, at(150)]]))(others.map(sibling), [needed, far], 3, draws(1));
    expect(names(chosen)).not.toContain("at_100");
  });

  test("are the same for the same seed", () => {
    expect(near(others.map(sibling), [needed], 2, draws("a"))).toEqual(near(others.map(sibling), [needed], 2, draws("a")));
  });

  test("are fewer if some might do the needed job", () => {
    const twins = [10, 20].map((degrees) => [tool(`twin_${degrees}`, "id"), at(degrees)] as const);
    const withTwins = nearTools(new Map([...vectors, ...twins]));
    const candidates = [...twins.map(([twin]) => stranger(twin)), sibling(others[5] ?? needed)];
    expect(names(withTwins(candidates, [needed], 3, draws(1)))).toEqual(["at_150"]);
  });
});

describe("a tool might do the job of the needed one", () => {
  const open = tool("open_ticket", "ticket_id");
  test("if it is in another toolset and has a similar description, whatever its parameters", () => {
    expect([0.44, 0.46].map((near) => mayServe(needed, stranger(open), near))).toEqual([false, true]);
  });

  test("if it is a sibling with nearly the same description and callable with the same arguments", () => {
    expect([0.79, 0.81].map((near) => mayServe(needed, sibling(tool("again", "id")), near))).toEqual([false, true]);
    expect(mayServe(needed, sibling(tool("none")), 0.9)).toBe(true);
    expect(mayServe(needed, sibling(open), 0.95)).toBe(false);
  });
});

test("no tool is offered under the name of a needed one or twice, with either choice", () => {
  const toolsets: Toolset[] = [
    { domain: "travel", name: "trains", tools: [findTrain, bookSeats] },
    {
      domain: "travel",
      name: "rail",
      tools: [
        { ...findTrain, description: "Other." },
        { ...bookSeats, description: "Other." },
      ],
    },
  ];
  for (const distractors of [anyTools, nearTools(new Map())]) {
    for (let seed = 0; seed < 20; seed++) {
      const request = { numTools: 4, calls: 1, hold: 0, decline: false };
      const { offered, needed: own } = drawPlan(toolsets, request, draws(seed), distractors);
      expect(names(offered)).toEqual(["book_seats", "find_train"]);
      expect(offered).toContain(own[0]);
    }
  }
});
