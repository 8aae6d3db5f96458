import { expect, test } from "vitest";
import type { Plan } from "../../src/tasks/draw-task.ts";
import { givenAway, toldValues } from "../../src/tasks/told-values.ts";
import type { ExpectedCall, ToolSpec } from "../../src/types.ts";
import { bookSeats, findFlight, findTrain, found } from "../support/blueprint.ts";

/** The names of the values that a message says for these calls, which need nothing from each other. */
function said(...calls: readonly ExpectedCall[]): readonly string[] {
  const needed = calls.map(({ name }) => [findTrain, findFlight, bookSeats].find((tool) => tool.name === name) as ToolSpec);
  const toolset = { domain: "travel", name: "trains", tools: needed };
  const plan: Plan = { toolset, needed, links: [], used: [], heldBack: [], offered: needed };
  return toldValues(plan, calls).map(({ name }) => name);
}

const there = { airport: "Oslo", to: "Bergen", day: "2027-03-02" };

test("a value that two tools share under one name is said once", () => {
  expect(said(found, { name: "find_flight", arguments: there, result: null })).toEqual(["from", "to", "day", "airport"]);
});

test("of one tool that is called twice each call has all of its values said", () => {
  const back = { ...found, arguments: { ...found.arguments, from: "Narva" } };
  expect(said(found, back)).toEqual(["from", "to", "day", "from", "to", "day"]);
});

test("a value that is held back is given away by another one that is equal, since the user says either in digits", () => {
  const plan = (...names: readonly string[]): Plan => {
    const heldBack = names.map((argument) => ({ call: 0, argument }));
    const toolset = { domain: "travel", name: "trains", tools: [findTrain] };
    return { toolset, needed: [findTrain], links: [], used: [], heldBack, offered: [findTrain] };
  };
  const same = { ...found, arguments: { ...found.arguments, to: found.arguments.from ?? "" } };
  expect(givenAway(plan("from", "to"), [same])).toBe("from");
  expect(givenAway(plan("from", "to"), [found])).toBeNull();
});
