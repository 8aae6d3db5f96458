// Which presets a GPU has room for, from the facts of the manifest: no model is on this disk.
import { expect, test } from "vitest";
import { usableOfCard } from "../../src/plan/machine.ts";
import { gpuPresetsFor } from "../../src/run/gpu-presets.ts";

test.each([
  [12, []],
  [16, []],
  [24, ["gpu-24gb"]],
  [48, ["gpu-80gb", "gpu-24gb"]],
  [80, ["gpu-80gb", "gpu-24gb"]],
])("a card of %d GB has room for %j, the largest first", async (gigabytes, names) => {
  expect(await gpuPresetsFor(usableOfCard(gigabytes))).toEqual(names);
});

test("a card that others use has no room for what would fit alone", async () => {
  expect(await gpuPresetsFor(usableOfCard(24) - 8e9)).toEqual([]);
});
