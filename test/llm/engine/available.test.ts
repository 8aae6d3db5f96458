import { expect, test } from "vitest";
import { availableHost, availableIn } from "../../../src/llm/engine/available.ts";

const printed = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                                6552.
Pages active:                            370114.
Pages inactive:                          366741.
Pages speculative:                         2421.
Pages throttled:                              0.
Pages wired down:                        121474.
Pages purgeable:                           3370.
"Translation faults":                 812345678.
`;

test("on macOS pages that hold files nobody uses can be had, wired and active ones cannot", () => {
  expect(availableIn(printed)).toBe((6552 + 2421 + 366_741) * 16_384);
  expect(availableIn("")).toBeNull();
});

test("every host has some", () => {
  expect(availableHost()).toBeGreaterThan(1e8);
});
