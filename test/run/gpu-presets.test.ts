// Which presets a GPU has room for, from the facts of the manifest: no model is on this disk.
import { expect, test } from "vitest";
import { usableOfCard } from "../../src/plan/machine.ts";
import { gpuPresetsFor } from "../../src/run/gpu-presets.ts";
import type { PlannedMachine } from "../../src/run/machine.ts";

const machine = (cardBytes: number, change: Partial<PlannedMachine> = {}): PlannedMachine => ({
  ...{ engine: "card", learner: "card", cardBytes, hostBytes: 60e9, bfloat16: true },
  ...change,
});

test.each([
  [12, []],
  [16, []],
  [24, ["gpu-24gb"]],
  [48, ["gpu-80gb", "gpu-24gb"]],
  [80, ["gpu-80gb", "gpu-24gb"]],
])("a card of %d GB has room for %j, the largest first", (gigabytes, names) => {
  expect(gpuPresetsFor(machine(usableOfCard(gigabytes)))).toEqual(names);
});

test("a card that others use has no room for what would fit alone", () => {
  expect(gpuPresetsFor(machine(usableOfCard(24) - 8e9))).toEqual([]);
});

test("a card beside too little memory of the machine starts none: weights are read there first", () => {
  expect(gpuPresetsFor(machine(usableOfCard(24), { hostBytes: 0.9 * 16e9 }))).toEqual([]);
});

test("a card on which the engine or the learner does not compute starts none, however large the machine's memory", () => {
  for (const side of ["engine", "learner"] as const)
    expect(gpuPresetsFor(machine(usableOfCard(80), { [side]: "host", hostBytes: 500e9 }))).toEqual([]);
});

test("a card that has no bfloat16 takes float32 weights, so an 8B needs more of it", () => {
  expect(gpuPresetsFor(machine(usableOfCard(24), { bfloat16: false }))).toEqual([]);
});
