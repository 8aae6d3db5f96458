// Task sets in the store.
import { expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { toolsetsOf } from "../../src/run/toolsets.ts";
import { stageSummaries, taskSetStates } from "../../src/store/synthesis-summary.ts";
import {
  addPersonas,
  createTaskSet,
  findTaskSet,
  importTasks,
  keepStage,
  openPlaces,
  personasIn,
  taskSetConfig,
  tasksOf,
} from "../../src/store/task-sets.ts";
import type { Toolset } from "../../src/types.ts";
import { exampleTask, temporaryStore } from "./temporary.ts";

const config = configSchema.parse({ seed: 7 });
const personas = [
  { name: "p0", text: "a vet" },
  { name: "p1", text: "a baker" },
];
const tool = (name: string, description = "") => ({ name, description, parameters: { type: "object", properties: {} } });
const ids = (toolsets: readonly Toolset[]) =>
  toolsets.map(({ domain, name, tools }) => [domain, name, tools.map((one) => one.name)]);

test("a set has one name, and who asks for another is told which there are", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  expect(() => findTaskSet(store, "huts")).toThrow(/no task set named huts, and .* has none yet.*playact synth huts/);
  const set = createTaskSet(store, "lessons", config);
  expect(taskSetConfig(store, set)).toEqual(config);
  expect(() => createTaskSet(store, "lessons", config)).toThrow(/lessons already exists/);
  expect(() => createTaskSet(store, "Les sons", config)).toThrow(/lower-case letters.*got "Les sons"/);
  expect(() => findTaskSet(store, "huts")).toThrow(/no task set named huts\. Known task sets, latest first: lessons/);
});

test("a command that began before another one extended the set takes no persona twice", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const set = createTaskSet(store, "lessons", config);
  addPersonas(store, set, { first: 0, personas });
  expect(() => addPersonas(store, set, { first: 0, personas })).toThrow(/extends the task set lessons .*Wait for the other/);
  expect(personasIn(store, set)).toHaveLength(personas.length);
});

test("a persona is open until it is kept or dropped, with the stages that it has", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const set = createTaskSet(store, "lessons", config);
  addPersonas(store, set, { first: 0, personas });
  addPersonas(store, set, { first: personas.length, personas: personas.slice(0, 1) });
  const row = { stage: "toolset", body: { tools: [] }, dropped: null, reason: null };
  const cost = { seconds: 2, tokensIn: 30, tokensOut: 4 };
  keepStage(store, { set, position: 0 }, row, cost);
  keepStage(store, { set, position: 1 }, { ...row, body: null, dropped: "wrong_form", reason: "no states" }, cost);
  expect(openPlaces(store, set, 3)).toEqual([
    { position: 0, persona: personas[0], done: new Map([["toolset", { tools: [] }]]) },
    { position: 2, persona: personas[0], done: new Map() },
  ]);
  expect(() => keepStage(store, { set, position: 0 }, row, cost)).toThrow(/Persona 1 of the task set lessons has been made/);
  expect(taskSetStates(store)).toMatchObject([{ name: "lessons", personas: 3, kept: 0, dropped: 1 }]);
  expect(stageSummaries(store, set)).toEqual([
    { stage: "persona", dropped: null, personas: 3, seconds: 0, tokensIn: 0, tokensOut: 0, example: null },
    { stage: "toolset", dropped: null, personas: 1, ...cost, example: null },
    { stage: "toolset", dropped: "wrong_form", personas: 1, ...cost, example: "no states" },
  ]);
});

test("an import is whole or not at all", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const [persona = { name: "", text: "" }] = personas;
  const task = exampleTask();
  importTasks(store, "lessons", config, [{ persona, task }]);
  const set = findTaskSet(store, "lessons");
  expect(tasksOf(store, set)).toEqual([{ position: 0, persona: "p0", personaText: "a vet", task }]);
  expect(openPlaces(store, set, 1)).toEqual([]);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const broken = { ...task, tools: [{ ...tool("x"), parameters: circular as never }] };
  const both = [task, broken].map((one) => ({ persona, task: one }));
  expect(() => importTasks(store, "huts", config, both)).toThrow(/circular/);
  expect(taskSetStates(store).map(({ name }) => name)).toEqual(["lessons"]);
});

test("its tools are toolsets like a user's own, each name once", () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const [persona = { name: "", text: "" }] = personas;
  const task = (id: string, tools: readonly ReturnType<typeof tool>[]) => ({
    persona,
    task: exampleTask({ id, domain: "made", toolset: id, tools }),
  });
  importTasks(store, "lessons", config, [
    task("a", [tool("book"), tool("find")]),
    task("b", [tool("book", "Books a bed."), tool("find")]),
  ]);
  const own = configSchema.parse({ tasks: { tools: "taskset:lessons" }, evaluation: { tasks: 0, decisions: 0 } });
  expect(ids(toolsetsOf(own, store).train)).toEqual([
    ["made", "a", ["book", "find"]],
    ["made", "b", ["book_for_b"]], // another tool; the second "find" is the first
  ]);
  const unknown = configSchema.parse({ tasks: { tools: "taskset:huts" } });
  expect(() => toolsetsOf(unknown, store)).toThrow(/no task set named huts\. Known/);
  createTaskSet(store, "huts", config);
  expect(() => toolsetsOf(unknown, store)).toThrow(/The task set huts has no tasks, and so no tools/);
});
