// Drift where tasks are made: in a share of those that are trained on, by their places alone; what becomes of twins; and what is
// refused.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../../src/config/config.ts";
import { checkConfig, resolveConfig } from "../../../src/config/resolve.ts";
import { besideOf } from "../../../src/pairs.ts";
import { drawTasks, type Series } from "../../../src/run/draw/series.ts";
import { sourceOf } from "../../../src/run/draw/source-of.ts";
import { drawWithTwins } from "../../../src/run/draw/twins.ts";
import { toolsetsOf } from "../../../src/run/toolsets.ts";
import type { Writer } from "../../../src/store/lease.ts";
import { undrifted } from "../../../src/tasks/drift.ts";
import type { Task } from "../../../src/types.ts";
import { bookSeats } from "../../support/blueprint.ts";
import { setTask, storeSet } from "../../support/task-set.ts";
import { openedRun, writingSession } from "../../support/writing.ts";

const series: Series = { id: "train", step: 1, purpose: "train", first: 0, count: 6, level: 40, declineShare: 0, epsilon: 0 };
const drifting = (drift: number, change: ConfigInput["tasks"] = {}) => ({
  tasks: { novelty: null, hard: 0, parallel: 0, drift, ...change },
});

describe("written tasks", () => {
  test("drift where they are trained on, and are otherwise those of a run without drift", async () => {
    using plain = openedRun();
    using run = openedRun();
    const before = (await drawTasks(writingSession(plain.writer, { config: drifting(0) }), series)).tasks;
    const after = (await drawTasks(writingSession(run.writer, { config: drifting(1) }), series)).tasks;
    expect(after.size).toBe(6);
    for (const [place, task] of after) {
      expect(task.drift?.kind).toBe("renamed"); // the one tool has no options and no sibling
      expect(undrifted(task)).toEqual(before.get(place));
    }
  });

  test("do not drift where they are held out: their cells do", async () => {
    using run = openedRun();
    const session = writingSession(run.writer, { config: drifting(1) });
    const heldOut = { ...session, toolsets: { ...session.toolsets, heldOut: session.toolsets.train } };
    const { tasks } = await drawTasks(heldOut, { ...series, id: "eval", step: 0, purpose: "evaluation" });
    expect(tasks.size).toBe(6);
    expect([...tasks.values()].filter(({ drift }) => drift !== undefined)).toEqual([]);
  });

  test("have declining twins with true pages", async () => {
    using run = openedRun();
    const session = writingSession(run.writer, { config: drifting(1) });
    const { tasks } = await drawWithTwins(session, { ...series, count: 4, declineShare: 0.5 });
    const declines = [...tasks].filter(([, { kind }]) => kind === "decline");
    expect(declines).toHaveLength(2);
    for (const [place, twin] of declines) {
      expect(twin).not.toHaveProperty("drift");
      expect(twin).not.toHaveProperty("world");
      expect(twin.firstMessage).toBe(tasks.get(besideOf(place))?.firstMessage);
    }
  });

  test("have told twins with the same drift", async () => {
    using run = openedRun();
    const session = writingSession(run.writer, { config: drifting(1) });
    const asking = { ...series, kinds: ["ask", "plain"] as const, count: 2 };
    const [ask, told] = (await drawWithTwins(session, asking)).tasks.values();
    expect(ask?.heldBack).toHaveLength(1);
    expect(ask?.drift?.kind).toBe("renamed");
    expect(told).toMatchObject({ heldBack: [], drift: ask?.drift, world: ask?.world, expected: ask?.expected });
  });
});

describe("the tasks of a set", () => {
  const simulated = Array.from({ length: 6 }, (_, n) => {
    const { table: _table, ...task } = setTask(n);
    return { ...task, tools: [...task.tools] };
  });
  const opened = (writer: Writer, tasks: readonly Task[], config: ConfigInput) => {
    storeSet(writer.store, "trips", tasks);
    return sourceOf(writingSession(writer, { config: { evaluation: { tasks: 0, decisions: 0 }, ...config } }));
  };

  test("drift where they are trained on, and are otherwise those of a run without drift", async () => {
    const draw = async (drift: number) => {
      using run = openedRun();
      const config = drifting(drift, { source: "trips", twins: false, driftKinds: ["renamed"] });
      return [...(await opened(run.writer, simulated, config).draw(series)).tasks.values()];
    };
    const [plain, drifted] = [await draw(0), await draw(1)];
    expect(drifted.filter(({ drift }) => drift !== undefined)).toHaveLength(6);
    expect(drifted.map(undrifted)).toEqual(plain);
  });

  test("that tables run cannot drift, and drift is refused", () => {
    using run = openedRun();
    expect(() => opened(run.writer, [setTask(0), setTask(1)], drifting(0.5, { source: "trips" }))).toThrow(
      /^Config key "tasks.drift": no tool of the set trips can be other than its page: it needs a parameter/,
    );
  });
});

describe("refused in a sentence with what to do", () => {
  const resolved = (...set: string[]) => resolveConfig({ preset: "laptop", set }).config;

  test("drift with every kind held out, or with no kind at all", () => {
    const all = "[renamed, options, decoy]";
    expect(() => resolved("tasks.drift=0.5", `evaluation.heldOutKinds=${all}`)).toThrow(
      /^Config key "tasks.drift": 0.5 of the tasks are to drift, but no kind is left to train on .*Hold fewer kinds out, or set tasks.drift=0\.$/,
    );
    expect(() => resolved("tasks.drift=0.5", "tasks.driftKinds=[]")).toThrow(/tasks.driftKinds: none/);
    expect(() => resolved(`evaluation.heldOutKinds=${all}`)).not.toThrow();
  });

  test("a kind that there is not", () => {
    expect(() => resolved("tasks.driftKinds=[silent]")).toThrow(/^Config key "tasks.driftKinds.0": /);
  });

  test("cells of a task set", () => {
    expect(() => checkConfig({ tasks: { source: "trips" }, evaluation: { perCell: 4 } })).toThrow(
      /"evaluation.perCell".*tasks\.source/,
    );
  });

  test("drift where no tool can have any", () => {
    const folder = mkdtempSync(join(tmpdir(), "playact-tools-"));
    const path = join(folder, "tools.json");
    writeFileSync(
      path,
      JSON.stringify([{ name: "ping", description: "Pings.", parameters: { type: "object", properties: {} } }]),
    );
    try {
      const config = (drift: number) => configSchema.parse({ tasks: { tools: path, drift } });
      expect(() => toolsetsOf(config(0))).not.toThrow();
      expect(() => toolsetsOf(config(0.5))).toThrow(
        /^Config key "tasks.drift": no tool of .*tools\.json can be other than its page/,
      );
      writeFileSync(path, JSON.stringify([{ name: "book_seats", description: "Books.", parameters: bookSeats.parameters }]));
      expect(() => toolsetsOf(config(0.5))).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
