import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { rowRange, selectRows } from "../../src/benchmark/rows.ts";
import { smallSuite } from "./small-suite.ts";

const sizes = { simple_python: 9, multiple: 5, parallel: 4, parallel_multiple: 3, irrelevance: 6 };
const suite = smallSuite(sizes);
afterAll(() => suite[Symbol.dispose]());
const names = (...ranges: string[]) => selectRows(suite.data, ranges.map(rowRange)).map(({ name }) => name);

describe("the rows of a range", () => {
  test("begin with FROM and end before TO", () => {
    expect(names("simple_python:2:5")).toEqual(["simple_python_2", "simple_python_3", "simple_python_4"]);
    expect(names("irrelevance:5:6")).toEqual(["irrelevance_5"]);
  });

  test("of several ranges are played once each, in the benchmark's order", () => {
    const twice = names("irrelevance:0:1", "multiple:3:5", "multiple:2:4");
    expect(twice).toEqual(["multiple_2", "multiple_3", "multiple_4", "irrelevance_0"]);
  });

  test("are all rows of all categories if there is no range", () => {
    expect(names()).toHaveLength(27);
    expect(new Set(selectRows(suite.data, []).map(({ category }) => category))).toEqual(new Set(Object.keys(sizes)));
  });

  test.each(["multiple:0:6", "multiple:5:9", "multiple:3:3", "multiple:4:2"])(
    "%s is refused with the category's size",
    (range) => {
      expect(() => names(range)).toThrow(/multiple has 5 rows, 0 to 4/);
    },
  );

  test.each(["simple:0:4", "simple_python", "simple_python:0", "simple_python:-1:4", "simple_python:0:x"])(
    "%s is refused with the form and the categories",
    (range) => {
      expect(() => names(range)).toThrow(/expects CATEGORY:FROM:TO.*parallel_multiple/);
    },
  );
});

test("a function keeps the dots of its name, and the policy reads its types as JSON Schema", () => {
  const [row] = selectRows(suite.data, ["simple_python:3:4"].map(rowRange));
  expect(row?.tools[0]).toMatchObject({ name: "tool.3", parameters: { type: "object" } });
  expect(row?.functions).toMatchObject([{ name: "tool.3", parameters: { type: "dict" } }]);
});

test("a row without an answer is a damaged package, not a row that wants no call", () => {
  using damaged = smallSuite({ multiple: 2 });
  rmSync(join(damaged.data, "possible_answer", "BFCL_v4_multiple.json"));
  expect(() => selectRows(damaged.data, ["multiple:0:1"].map(rowRange))).toThrow("possible_answer");
});
