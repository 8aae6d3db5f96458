// The held-out tasks of a run in cells: what is in each, what they share, and that a resume changes nothing.
import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../../src/config/config.ts";
import { heldOutShare } from "../../../src/config/held-out.ts";
import { scriptedEngine } from "../../../src/llm/scripted.ts";
import { cellsInTurn } from "../../../src/run/draw/cells.ts";
import { heldOutTasks } from "../../../src/run/draw/held-out.ts";
import type { ProgressEvent, Session } from "../../../src/run/session.ts";
import type { Writer } from "../../../src/store/lease.ts";
import { loadTasks } from "../../../src/store/tasks.ts";
import { undrifted } from "../../../src/tasks/drift.ts";
import { splitHeldOut } from "../../../src/tools/toolset.ts";
import type { Task, ToolSpec } from "../../../src/types.ts";
import { findTrain } from "../../support/blueprint.ts";
import { anyCalls, catalogue } from "../../support/drifting.ts";
import { openedRun, writingSession } from "../../support/writing.ts";

const perCell = 48;
const toolsets = splitHeldOut(catalogue, heldOutShare(configSchema.parse({})), ["held-out"]);

interface Watched {
  readonly session: Session;
  readonly warnings: readonly string[];
}

/** A session with room for every prompt: an id of the double is a byte. */
function watched(writer: Writer, evaluation: ConfigInput["evaluation"], change: Partial<Session> = {}): Watched {
  const config = { evaluation, engine: { policyContext: 60_000 }, tasks: { novelty: null, hard: 0, parallel: 0 } };
  const warnings: string[] = [];
  const progress = (event: ProgressEvent) => {
    if (event.kind === "warning") warnings.push(event.text);
  };
  const session = { ...writingSession(writer, { config }), toolsets, pause: () => undefined, ...change, progress };
  return { session, warnings };
}

const cells = { tasks: 0, decisions: 0, perCell, heldOutKinds: ["options" as const] };
const kindOf = ({ drift }: Task) => drift?.kind ?? "true pages";
const stored = ({ store, run }: Writer) => loadTasks(store, run, 0, "evaluation");

describe("with the embedded catalogue", () => {
  test("a cell of true pages and one of each kind, trained on or not, are made of the same plain tasks", async () => {
    using run = openedRun();
    const { session, warnings } = watched(run.writer, cells);
    const { evaluation, selection } = await heldOutTasks(session);
    expect(selection.size).toBe(0);
    const of = (kind: string) => [...evaluation.values()].filter((task) => kindOf(task) === kind);
    for (const kind of ["true pages", "renamed", "decoy"]) expect(of(kind)).toHaveLength(perCell);
    const options = of("options").length;
    expect(options).toBeGreaterThan(20);
    expect(options).toBeLessThan(perCell);
    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`^the evaluation has ${options} tasks of the kind options, not 48`)),
    ]);

    const places = [...evaluation].map(([place, task]) => [kindOf(task), Math.floor(place / perCell)] as const);
    for (const [kind, cell] of places) expect(cell).toBe(["true pages", "renamed", "options", "decoy"].indexOf(kind));
    const trueMessages = of("true pages").map(({ firstMessage }) => firstMessage);
    for (const kind of ["renamed", "decoy"])
      expect(of(kind).filter(({ firstMessage }) => trueMessages.includes(firstMessage)).length).toBeGreaterThan(40);
    for (const task of evaluation.values()) {
      expect([task.kind, task.expected.length, task.heldBack.length]).toEqual(["call", 1, 0]);
      expect(toolsets.heldOut.map(({ name }) => name)).toContain(task.toolset);
    }
    expect(new Set([...evaluation.values()].map(({ id }) => id)).size).toBe(evaluation.size);
  });

  test("are played in turn, so that an evaluation that is ended early has tasks of all", async () => {
    using run = openedRun();
    const sizes = { ...cells, tasks: 4, perCell: 30 };
    const { evaluation } = await heldOutTasks(watched(run.writer, sizes).session);
    const kinds = [...cellsInTurn(evaluation, sizes).values()].map((task, at) => (at < 4 ? "reports" : kindOf(task)));
    const round = ["true pages", "renamed", "options", "decoy"];
    expect(kinds.slice(0, 12)).toEqual([...Array<string>(4).fill("reports"), ...round, ...round]);
    expect(kinds.slice(-3)).toEqual(round.filter((kind) => kind !== "options")); // fewer tasks can have it
    expect(kinds).toHaveLength(evaluation.size);
  });

  test("whoever takes the same one of every decoy pair, by name or by place, is right in half", async () => {
    using run = openedRun();
    const { evaluation } = await heldOutTasks(watched(run.writer, cells).session);
    const decoys = [...evaluation.values()].filter(({ drift }) => drift?.kind === "decoy");
    const rightOf = ({ expected }: Task) => expected[0]?.name ?? "";
    const listed = ({ tools, drift }: Task) =>
      tools.map(({ name }) => name).filter((name) => drift?.kind === "decoy" && [drift.tool, drift.decoy].includes(name));
    for (const end of ["_1", "_2"]) expect(decoys.filter((task) => rightOf(task).endsWith(end))).toHaveLength(perCell / 2);
    expect(decoys.filter((task) => listed(task)[0] === rightOf(task))).toHaveLength(perCell / 2);
  });

  test("a task of a kind is the one with true pages when its drift is taken back", async () => {
    using run = openedRun();
    const { evaluation } = await heldOutTasks(watched(run.writer, cells).session);
    const plain = new Map([...evaluation.values()].filter(({ drift }) => drift === undefined).map((task) => [task.id, task]));
    const pairs = [...evaluation.values()].flatMap((task) => {
      const before = task.drift && plain.get(task.id.replace(`-${task.drift.kind}`, ""));
      return before === undefined ? [] : [{ task, before }];
    });
    expect(pairs.length).toBeGreaterThan(100);
    for (const { task, before } of pairs) expect({ ...undrifted(task), id: before.id }).toEqual(before);
  });

  test("stand behind the tasks that report, none of which drifts, and a run that chooses by ready tasks shares none of them", async () => {
    using run = openedRun();
    const { session } = watched(run.writer, { ...cells, tasks: 8, decisions: 7, perCell: 6 });
    const { evaluation, selection } = await heldOutTasks(session);
    const reporting = [...evaluation].filter(([place]) => place < 8);
    expect(reporting).toHaveLength(8);
    expect(reporting.every(([, { drift }]) => drift === undefined)).toBe(true);
    expect([...evaluation.values()].slice(8).map(kindOf)).toEqual(
      ["true pages", "renamed", "options", "decoy"].flatMap((kind) => Array(6).fill(kind)),
    );
    const messages = new Set([...evaluation.values()].map(({ firstMessage }) => firstMessage));
    expect(selection.size).toBe(7);
    for (const { firstMessage } of selection.values()) expect(messages).not.toContain(firstMessage);
  });

  test("a resumed run keeps what is stored, completes what is not, and warns once", async () => {
    using whole = openedRun();
    const first = watched(whole.writer, { ...cells, perCell: 40 });
    const { evaluation } = await heldOutTasks(first.session);
    expect(first.warnings).toHaveLength(1);
    const again = watched(whole.writer, { ...cells, perCell: 40 });
    expect((await heldOutTasks(again.session)).evaluation).toEqual(evaluation);
    expect(again.warnings).toEqual([]);

    using broken = openedRun();
    const { store } = broken.writer;
    await heldOutTasks(watched(broken.writer, { ...cells, perCell: 40 }).session);
    // as if it had died in the middle of the first kind
    store.database.exec("DELETE FROM task WHERE purpose = 'evaluation' AND position >= 55");
    await heldOutTasks(watched(broken.writer, { ...cells, perCell: 40 }).session);
    expect(stored(broken.writer)).toEqual(evaluation);
  });

  test("without cells nothing is stored", async () => {
    using run = openedRun();
    expect((await heldOutTasks(watched(run.writer, { tasks: 0, decisions: 0 }).session)).evaluation.size).toBe(0);
  });
});

test("with your own tools the simulator writes the plain tasks, and a kind that none of them can have stays empty", async () => {
  using run = openedRun();
  const holdTrain: ToolSpec = {
    ...findTrain,
    name: "hold_train",
    description: "Holds a train.",
    returns: { type: "object", properties: { hold_code: { type: "string", maxLength: 6 } }, required: ["hold_code"] },
  };
  const own = [{ domain: "travel", name: "trains", tools: [findTrain, holdTrain] }];
  const engine = scriptedEngine({ reply: anyCalls });
  const { session, warnings } = watched(run.writer, { ...cells, perCell: 5 }, { toolsets: { train: own, heldOut: own }, engine });
  const ownTools = { ...session, config: { ...session.config, tasks: { ...session.config.tasks, tools: "mine.json" } } };
  const { evaluation } = await heldOutTasks(ownTools);
  expect([...evaluation.values()].map(kindOf).filter((kind) => kind === "true pages")).toHaveLength(5);
  expect([...evaluation.values()].map(kindOf).filter((kind) => kind === "renamed")).toHaveLength(5);
  expect([...evaluation.values()].map(kindOf)).not.toContain("options");
  expect(warnings.some((text) => text.startsWith("the evaluation has 0 tasks of the kind options, not 5"))).toBe(true);
});
