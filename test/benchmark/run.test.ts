import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowRange, selectRows } from "../../src/benchmark/rows.ts";
import { leftOf, marksOn, playRows } from "../../src/benchmark/run.ts";
import { Stopped } from "../../src/errors.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import type { Store } from "../../src/store/store.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { candidate, rightCall, smallChecker, smallSuite } from "./small-suite.ts";

const suite = smallSuite({ simple_python: 20, irrelevance: 4 });
const rows = selectRows(suite.data, ["simple_python:0:20", "irrelevance:0:4"].map(rowRange));
let temporary: Temporary;
beforeAll(() => {
  temporary = temporaryStore();
});
afterAll(() => {
  suite[Symbol.dispose]();
  temporary[Symbol.dispose]();
});

/** A policy that is right in every row but simple_python_3; `played` lists the rows that it was asked. */
function stage(store: Store, pause: () => void = () => undefined) {
  const played: string[] = [];
  const engine = scriptedEngine({
    say: (prompt) => {
      const name = /Question (\w+)\./.exec(prompt)?.[1] ?? "";
      played.push(name);
      const position = Number(name.split("_").at(-1));
      if (name.startsWith("irrelevance")) return "None of them fits.";
      return rightCall({ position: position === 3 ? 4 : position });
    },
  });
  const playing = { store, engine, checker: smallChecker(), pause, onRow: () => undefined };
  return { playing, played };
}

describe("rows of a policy", () => {
  test("are stored when they end; a stopped command goes on and plays no row twice", async () => {
    const { store } = temporary;
    let begun = 0;
    const stopping = stage(store, () => {
      if (++begun > 10) throw new Stopped();
    });
    await expect(playRows(stopping.playing, candidate(), rows)).rejects.toThrow(Stopped);
    expect(marksOn(store, candidate(), rows)).toHaveLength(10);
    expect(leftOf(store, candidate(), rows)).toHaveLength(14);

    const { playing, played } = stage(store);
    await playRows(playing, candidate(), rows);
    expect([...stopping.played, ...played].toSorted()).toEqual(rows.map(({ name }) => name).toSorted());

    const marks = marksOn(store, candidate(), rows);
    expect(marks.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
    expect(marks.filter(({ correct }) => !correct)).toMatchObject([
      { name: "simple_python_3", error: "wrong_func_name", detail: "another call", calls: '[{"tool.4":{"value":4}}]' },
    ]);

    const again = stage(store);
    await playRows(again.playing, candidate(), rows);
    expect(again.played).toEqual([]);
  });

  test.each([{ adapter: "a1" }, { model: "n" }, { dialect: "json-fence" }, { template: "t2" }, { version: "2" }])(
    "of another policy, template or version are its own: %o",
    async (change) => {
      const { store } = temporary;
      const few = rows.slice(0, 3);
      const { playing, played } = stage(store);
      await playRows(playing, candidate(change), few);
      expect(played).toHaveLength(3);
      expect(leftOf(store, candidate(change), rows)).toHaveLength(rows.length - 3);
    },
  );

  test("that an engine failed are not stored", async () => {
    const { store } = temporary;
    const other = candidate({ model: "failing" });
    const engine = scriptedEngine({
      say: () => {
        throw new Error("a native crash");
      },
    });
    await expect(playRows({ ...stage(store).playing, engine }, other, rows)).rejects.toThrow("a native crash");
    expect(marksOn(store, other, rows)).toEqual([]);
  });
});
