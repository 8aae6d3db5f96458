import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { propertiesOf } from "../../src/rules/json.ts";
import { irrelevanceOf } from "../../src/tasks/irrelevance.ts";
import { requiredParameters } from "../../src/tools/tool-arguments.ts";
import { embeddedCatalogue } from "../../src/tools/toolset.ts";
import { blueprint, bookSeats, chain, findTrain } from "../support/blueprint.ts";
import { setTask, tempting, temptingTask } from "../support/task-set.ts";

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

  test("is offered as many tools, and of its own toolset only those that need a value which the request does not give", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const own = draws("own", seed).pick(catalogue);
        const tool = draws("tool", seed).pick(own.tools);
        const task = blueprint({
          domain: own.domain,
          toolset: own.name,
          tools: own.tools,
          expected: [{ name: tool.name, arguments: {}, result: null }],
        });
        const { tools } = irrelevanceOf(task, catalogue, draws("twin", seed));
        expect(tools.map(({ name }) => name)).not.toContain(tool.name);
        expect(new Set(tools).size).toBe(own.tools.length);
        const given = Object.keys(propertiesOf(tool.parameters));
        for (const sibling of own.tools.filter((one) => tools.includes(one)))
          expect(requiredParameters(sibling).every((name) => given.includes(name))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test("is offered its siblings, or nothing, if there is no other toolset", () => {
    expect(irrelevanceOf(asked, [trains], draws("twin", 1)).tools).toEqual([bookSeats]);
    expect(irrelevanceOf(asked, [{ ...trains, tools: [findTrain] }], draws("twin", 1)).tools).toEqual([]);
  });

  test("is offered no tool of another toolset that may serve: a second service for the same job", () => {
    const sized = { ...findTrain, name: "find_train_with_seats" };
    const toolsets = [trains, { ...trains, name: "other trains", tools: [sized, { ...bookSeats, name: "book_bike" }] }];
    const offered = Array.from({ length: 9 }, (_, seed) => irrelevanceOf(asked, toolsets, draws("twin", seed)).tools).flat();
    expect(new Set(offered.map(({ name }) => name))).toEqual(new Set(["book_seats", "book_bike"]));
  });

  test("of two calls is offered no tool that takes what both are told", () => {
    const trip = { ...findTrain, name: "book_trip" };
    const both = {
      type: "object",
      properties: {},
      required: [...requiredParameters(findTrain), ...requiredParameters(bookSeats)],
    };
    const own = requiredParameters(bookSeats).filter((name) => !requiredParameters(findTrain).includes(name));
    expect(own.length).toBeGreaterThan(0);
    const toolsets = [{ ...trains, tools: [...trains.tools, { ...trip, parameters: both }] }];
    const task = chain();
    const offered = irrelevanceOf({ ...task, tools: [...task.tools, trip] }, toolsets, draws("twin", 1)).tools;
    expect(offered.map(({ name }) => name)).not.toContain("book_trip");
  });

  test("withholds every needed tool", () => {
    const both = chain();
    expect(irrelevanceOf(both, [trains], draws("twin", 1)).tools).toEqual([]);
  });

  test("is tempted to nothing, and keeps a restriction only if its tool is still there", () => {
    const rubric = { forbidden: [], subGoals: [{ text: "the train is found", rule: null }], questions: [] };
    const untempted = { ...setTask(0), rubric, restriction: { ...tempting, temptation: null } };
    const own = { domain: "travel", name: untempted.toolset, tools: [findTrain, bookSeats] };
    const [kept, lost, free] = [
      irrelevanceOf(untempted, [own], draws("twin", 1)),
      irrelevanceOf(untempted, [{ ...own, tools: [findTrain] }], draws("twin", 1)),
      irrelevanceOf(temptingTask(0), [own], draws("twin", 1)),
    ];
    expect([kept.restriction?.text, lost.restriction, free.restriction]).toEqual([tempting.text, undefined, undefined]);
    expect([free.firstMessage, kept.rubric]).toEqual([setTask(0).firstMessage, undefined]);
  });

  test("is offered no tool of another toolset that its own table would run", () => {
    const other = { domain: "travel", name: "other trains", tools: [bookSeats, { ...bookSeats, name: "feed_dog" }] };
    const { tools } = irrelevanceOf(setTask(0), [other], draws("twin", 1));
    expect(tools.map(({ name }) => name)).toEqual(["feed_dog"]);
  });

  test("exists for call tasks only", () => {
    const decline = blueprint({ kind: "decline", expected: [] });
    expect(() => irrelevanceOf(decline, catalogue, draws("twin", 1))).toThrow(RangeError);
  });
});
