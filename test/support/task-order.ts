// An order for one task, and the toolsets on which both directions of writing are tested.
import { difficulty } from "../../src/tasks/difficulty.ts";
import type { TaskOrder } from "../../src/tasks/orders.ts";
import type { Toolset } from "../../src/types.ts";
import { bookSeats, findTrain } from "./blueprint.ts";

export const trains: Toolset = { domain: "travel", name: "trains", tools: [findTrain] };
export const chained: Toolset = { domain: "travel", name: "trains", tools: [findTrain, bookSeats] };

export const order = (change: Partial<TaskOrder> = {}): TaskOrder => ({
  id: "step-1-0",
  names: ["run", "task", 0],
  level: 1,
  aspects: difficulty(1),
  decline: false,
  hold: 0,
  calls: 1,
  parallel: false,
  tokensPerTurn: 100,
  responseTokens: 500,
  ...change,
});
