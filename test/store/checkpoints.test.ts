import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { forgetCheckpoint, listCheckpoints, strayFolders, verifyCheckpoint } from "../../src/store/checkpoints.ts";
import type { Writer } from "../../src/store/lease.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { newWriter, type Temporary, temporaryStore } from "./temporary.ts";

/** Closes a step with a checkpoint of two files; its folder is relative to the home folder. */
function checkpointOf(temporary: Temporary, writer: Writer, step: number): void {
  const folder = join("checkpoints", `step-${step}`);
  mkdirSync(join(temporary.home, folder), { recursive: true });
  const files = Object.fromEntries(
    ["adapter.gguf", "state.json"].map((name) => {
      const content = `${name} of step ${step}`;
      writeFileSync(join(temporary.home, folder, name), content);
      return [name, createHash("sha256").update(content).digest("hex")];
    }),
  );
  openStep(writer, step, { level: 1, policyVersion: step - 1 });
  const checkpoint = { folder, adapterHash: "ab", files };
  closeStep(writer, step, { nextLevel: 1, nextPolicyVersion: step, metrics: {}, checkpoint });
}

describe("the newest intact checkpoint", () => {
  const damages: Record<string, (file: string) => void> = {
    "is missing": (file) => rmSync(file),
    "its sha256 differs (cut)": (file) => truncateSync(file, 5),
    "its sha256 differs (one bit)": (file) => writeFileSync(file, "Adapter.gguf of step 3"),
    "its sha256 differs (another step's)": (file) => writeFileSync(file, "adapter.gguf of step 2"),
    "is a folder": (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    "is missing (a file has the folder's name)": (file) => {
      rmSync(dirname(file), { recursive: true });
      writeFileSync(dirname(file), "");
    },
  };
  for (const [fault, damage] of Object.entries(damages)) {
    it(`is the one before when a file of the last ${fault}`, async () => {
      using temporary = temporaryStore();
      const writer = newWriter(temporary.store);
      for (const step of [1, 2, 3]) checkpointOf(temporary, writer, step);
      expect((await verifyCheckpoint(temporary.store, writer.run)).checkpoint?.step).toBe(3);
      damage(join(temporary.home, "checkpoints", "step-3", "adapter.gguf"));
      const { checkpoint, skipped } = await verifyCheckpoint(temporary.store, writer.run);
      expect(checkpoint?.step).toBe(2);
      expect(skipped).toHaveLength(1);
      expect(skipped[0]).toContain("The checkpoint of step 3 is not used");
      expect(skipped[0]).toContain(fault.replace(/ \(.*/, ""));
    });
  }

  it("is not looked for while a file cannot be read: the disk may give it back", async () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    for (const step of [1, 2]) checkpointOf(temporary, writer, step);
    const file = join(temporary.home, "checkpoints", "step-2", "adapter.gguf");
    rmSync(file);
    symlinkSync(file, file); // ELOOP stands for what a disk refuses: permissions do not stop every user
    await expect(verifyCheckpoint(temporary.store, writer.run)).rejects.toMatchObject({
      boundary: "disk",
      message: expect.stringContaining(`${file} cannot be read`),
    });
  });

  it("is null when none is intact or there never was one", async () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    expect(await verifyCheckpoint(temporary.store, writer.run)).toEqual({ checkpoint: null, skipped: [] });
    checkpointOf(temporary, writer, 1);
    rmSync(join(temporary.home, "checkpoints"), { recursive: true });
    expect((await verifyCheckpoint(temporary.store, writer.run)).checkpoint).toBeNull();
  });
});

describe("a checkpoint folder", () => {
  it("without a row is a stray, whether it never had one or its row was deleted", () => {
    using temporary = temporaryStore();
    const { store, home } = temporary;
    const writer = newWriter(store);
    for (const step of [1, 2]) checkpointOf(temporary, writer, step);
    const parent = join(home, "checkpoints");
    mkdirSync(join(parent, "step-3.tmp"));
    expect(strayFolders(store, writer.run, parent)).toEqual([join(parent, "step-3.tmp")]);
    forgetCheckpoint(writer, 1);
    expect(listCheckpoints(store, writer.run).map((checkpoint) => checkpoint.step)).toEqual([2]);
    expect(strayFolders(store, writer.run, parent)).toEqual([join(parent, "step-1"), join(parent, "step-3.tmp")]);
    expect(strayFolders(store, writer.run, join(home, "nowhere"))).toEqual([]);
  });
});
