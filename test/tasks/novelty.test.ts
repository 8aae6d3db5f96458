import { expect, test } from "vitest";
import { closestOf, tooClose } from "../../src/tasks/novelty.ts";

const at = (degrees: number) => Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
const known = [
  { name: "far", vector: at(90) },
  { name: "near", vector: at(25) },
  { name: "nearer", vector: at(-20) },
];

test("the closest earlier task is the one with the highest cosine, in any position", () => {
  expect(closestOf(at(0), known)).toEqual({ name: "nearer", cosine: expect.closeTo(Math.cos((20 * Math.PI) / 180), 6) });
  expect(closestOf(at(0), [])).toBeNull();
});

test("a task is too close above the threshold, not at it, and the first one never is", () => {
  expect(tooClose({ name: "a", cosine: 0.93 }, 0.92)).toEqual({ stage: "too_close", reason: "cosine 0.930 to a" });
  expect(tooClose({ name: "a", cosine: 0.92 }, 0.92)).toBeNull();
  expect(tooClose(null, 0)).toBeNull();
});
