// Tools that are not what their pages say, over the whole catalogue: what is drawn, and that nothing else of a task changes.
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { asItIs } from "../../src/rules/as-it-is.ts";
import { mayChange, pageCall, tellingOf, worldCall } from "../../src/rules/drift.ts";
import { isIdName } from "../../src/rules/journal.ts";
import { isObject } from "../../src/rules/json.ts";
import { argumentErrors, matchesSchema } from "../../src/rules/validate.ts";
import { isSameCall } from "../../src/rules/values.ts";
import { mayDrift, undrifted, withDrift } from "../../src/tasks/drift.ts";
import { rejectionOf } from "../../src/tasks/rejection.ts";
import { type Drift, driftKinds, type Task, type ToolSpec, type Toolset } from "../../src/types.ts";
import { blueprint, booked, bookSeats, chain, declined, findTrain, found, parallel } from "../support/blueprint.ts";
import { catalogue, driftedTasks } from "../support/drifting.ts";
import { tempting, trainTable } from "../support/task-set.ts";

const drifted = await driftedTasks(100);
const told = drifted.filter(({ kind }) => kind !== "decoy");

function driftOf({ drift }: Task): Drift {
  if (drift === undefined) throw new Error("all pages are true");
  return drift;
}
function tool(tools: readonly ToolSpec[] | undefined, name: string): ToolSpec {
  const wanted = tools?.find((one) => one.name === name);
  if (wanted === undefined) throw new Error(`there is no tool ${name}`);
  return wanted;
}

describe("300 tasks with an untrue page", () => {
  test("are of every kind and of all 15 domains", () => {
    expect(driftKinds.map((kind) => drifted.filter((one) => one.kind === kind).length)).toEqual([100, 100, 100]);
    expect(new Set(drifted.map(({ task }) => task.domain)).size).toBe(15);
    expect(drifted.filter(({ task }) => task.expected.length > 1).length).toBeGreaterThan(20);
    expect(drifted.filter(({ task }) => task.heldBack.length > 0).length).toBeGreaterThan(20);
  });

  test("are what they were when the drift is taken back", () => {
    for (const { plain, task } of drifted) {
      expect(undrifted(task)).toEqual(plain);
      expect(JSON.stringify(undrifted(task).tools)).toBe(JSON.stringify(plain.tools)); // as the prompt shows them
    }
  });

  test("differ from the plain task in nothing but pages, world and expected calls", () => {
    for (const { plain, task } of drifted) {
      const { tools, world, drift, expected, ...rest } = task;
      const { tools: _, expected: before, ...same } = plain;
      expect(rest).toEqual(same);
      expect(expected.map(({ result }) => result)).toEqual(before.map(({ result }) => result));
      expect(rejectionOf(task, { tokens: 0, room: 1 })).toBeNull();
      expect(asItIs(task).tools).toBe(world);
      expect(asItIs(asItIs(task))).toEqual(asItIs(task));
    }
  });

  test("expect calls that the world takes, the same values under other words", () => {
    for (const { task } of drifted)
      for (const call of task.expected) {
        expect(argumentErrors(tool(task.world, call.name), call.arguments)).toEqual([]);
        expect(tellingOf(task.drift, call)).toBeNull();
        const paged = pageCall(driftOf(task), call);
        expect(argumentErrors(tool(task.tools, call.name), paged.arguments)).toEqual([]);
        expect(worldCall(driftOf(task), paged)).toEqual(call);
      }
  });

  test("that an error tells refuse the call by the page, and the error gives the right name or code", () => {
    for (const { task } of told) {
      const drift = driftOf(task);
      const call = task.expected.find(({ name }) => name === drift.tool);
      if (call === undefined || drift.kind === "decoy") throw new Error("drift is of a needed tool, and told");
      const paged = pageCall(drift, call);
      expect(argumentErrors(tool(task.world, call.name), paged.arguments)).not.toEqual([]);
      expect(isSameCall(call, paged, task.world)).toBe(false);
      const right = drift.kind === "renamed" ? drift.world : String(call.arguments[drift.argument]);
      expect(tellingOf(drift, paged)).toContain(JSON.stringify(right));
    }
  });

  test("say nowhere in the prompt what a trial must find out", () => {
    for (const { task } of drifted) {
      const drift = driftOf(task);
      const prompt = [task.systemPrompt, task.firstMessage, ...task.tools.map((page) => JSON.stringify(page))].join("\n");
      if (drift.kind === "renamed") expect(prompt).not.toContain(drift.world);
      if (drift.kind === "options") for (const code of Object.values(drift.codes)) expect(prompt).not.toContain(`"${code}"`);
      if (drift.kind !== "decoy") continue;
      for (const name of [drift.tool, drift.decoy]) expect(prompt).not.toContain(tool(task.world, name).description);
      expect(prompt).not.toMatch(new RegExp(`\\b${drift.was}\\b`));
    }
  });

  test("keep what rules read of names: an id is one under its new name, and a decoy's name says nothing", () => {
    for (const { task } of drifted) {
      const drift = driftOf(task);
      if (drift.kind === "renamed") expect(isIdName(drift.world)).toBe(isIdName(drift.page));
      if (drift.kind === "decoy") expect(mayChange(drift, drift.decoy)).toBe(true);
    }
    const camel = told
      .flatMap(({ task }) => (task.drift?.kind === "renamed" ? [task.drift] : []))
      .filter(({ page }) => /[A-Z]/.test(page));
    expect(camel.length).toBeGreaterThan(0);
    for (const { world } of camel) expect(world).not.toContain("_");
  });
});

describe("a decoy", () => {
  const decoys = drifted.flatMap(({ task }) => (task.drift?.kind === "decoy" ? [{ task, drift: task.drift }] : []));

  test("has the page of the needed tool but for the name, and half of the time it is the first", () => {
    const firsts = decoys.filter(({ task, drift }) => {
      const [one, other] = [drift.tool, drift.decoy].map((name) => tool(task.tools, name));
      expect({ ...one, name: "" }).toEqual({ ...other, name: "" });
      return drift.decoy.endsWith("_1");
    });
    expect(firsts.length).toBeGreaterThan(35);
    expect(firsts.length).toBeLessThan(65);
  });

  test("takes the same arguments and gives something else, in fields that the needed tool has not", () => {
    for (const { task, drift } of decoys) {
      const [needed, beside] = [tool(task.world, drift.tool), tool(task.world, drift.decoy)];
      expect(beside.parameters).toEqual(needed.parameters);
      expect(matchesSchema(beside.returns ?? {}, drift.result)).toEqual([]);
      const expected = task.expected.find(({ name }) => name === drift.tool)?.result;
      const fields = isObject(expected) ? Object.keys(expected) : [];
      expect(Object.keys(drift.result).length).toBeGreaterThan(0);
      expect(Object.keys(drift.result).filter((field) => fields.includes(field))).toEqual([]);
      expect(task.expected.map(({ name }) => name)).not.toContain(drift.decoy);
    }
  });
});

describe("drift", () => {
  const toolsets: readonly Toolset[] = [{ domain: "travel", name: "trains", tools: [findTrain, bookSeats] }];
  const drifting = (task: Task, seed = 1, kinds: readonly Drift["kind"][] = driftKinds) =>
    withDrift(task, { share: 1, kinds, toolsets, random: draws("drift", seed) });
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);

  test("comes in a share of the tasks, and the same draws give the same drift", () => {
    const many = Array.from({ length: 400 }, (_, seed) =>
      withDrift(blueprint(), { share: 0.5, kinds: driftKinds, toolsets, random: draws("share", seed) }),
    );
    const share = many.filter(({ drift }) => drift !== undefined).length / many.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.08);
    expect(drifting(blueprint(), 7)).toEqual(drifting(blueprint(), 7));
  });

  test("leaves a task alone that declines, that a table runs, that drifts already, or whose tool a rule names", () => {
    const drift = drifting(blueprint());
    for (const task of [declined(), blueprint({ table: trainTable }), drift]) expect(drifting(task)).toBe(task);
    const restricted = blueprint({ expected: [booked], restriction: tempting });
    expect(drifting(restricted)).toBe(restricted);
    const rubric = {
      forbidden: [{ text: "no", rule: { kind: "never", tool: "find_train" } as const }],
      subGoals: [],
      questions: [],
    };
    expect(drifting(blueprint({ rubric })).drift).toBeUndefined();
  });

  test("never touches a value that the user holds back or that an earlier result gives", () => {
    const asking = blueprint({ heldBack: [{ call: 0, argument: "day", sentence: "On 2027-03-02." }] });
    const pages = (task: Task) =>
      seeds.flatMap((seed) => {
        const { drift } = drifting(task, seed, ["renamed"]);
        return drift?.kind === "renamed" ? [`${drift.tool} ${drift.page}`] : [];
      });
    expect(new Set(pages(asking))).toEqual(new Set(["find_train from", "find_train to"]));
    expect(pages(chain())).toContain("book_seats seats");
    expect(pages(chain())).not.toContain("book_seats train_id");
  });

  test("of a tool that is called twice is in both calls, and such a tool has no decoy: one result is drawn", () => {
    for (const seed of seeds) {
      const { drift, expected } = drifting(parallel(), seed);
      if (drift?.kind !== "renamed") throw new Error("two calls of one tool can only have another name for a parameter");
      for (const call of expected) expect(Object.keys(call.arguments)).toContain(drift.world);
    }
  });

  test("may be had by tools with parameters, options or a changing sibling, as far as the kinds want it", () => {
    const bare = { ...findTrain, parameters: { type: "object", properties: {} } };
    const alone = (one: ToolSpec): Toolset[] => [{ domain: "travel", name: "trains", tools: [one] }];
    expect(mayDrift(catalogue, ["options"])).toBe(true);
    expect(mayDrift(alone(bare), driftKinds)).toBe(false);
    expect(mayDrift(alone(findTrain), ["renamed"])).toBe(true);
    expect(mayDrift(alone(findTrain), ["options", "decoy"])).toBe(false);
    expect(mayDrift(toolsets, ["decoy"])).toBe(true);
    expect(drifting(blueprint({ expected: [found] }), 1, ["decoy"]).drift).toMatchObject({ kind: "decoy", was: "find_train" });
  });
});
