// scripts/check-gpu.mjs as a program; a small program stands for the Python that has torch.
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { nvidiaCards } from "../../src/llm/engine/nvidia.ts";
import { smallModel } from "../llm/engine/small-model.ts";
import { pathWithCard } from "../support/nvidia.ts";

/** Only a Linux machine without a real NVIDIA driver can test with a simulated one. */
const cpuOnly = process.platform === "linux" && process.arch === "x64" && (await nvidiaCards()) === null;
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "playact-check-gpu-"));
afterAll(() => rmSync(folder, { recursive: true }));

function checkGpu(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const args = [join(root, "scripts", "check-gpu.mjs"), ...words];
    const child = execFile(process.execPath, args, { env: { ...process.env, ...env } }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

function pythonThatEnds(code: number): string {
  const python = join(folder, `python-${code}`);
  writeFileSync(python, `#!/bin/sh\n[ "$1" = "-c" ] && exit 0\necho "$@ PYTHONPATH=$PYTHONPATH"\nexit ${code}\n`);
  chmodSync(python, 0o755);
  return python;
}

test("one of the two halves must be named, and an unknown option is a usage error", async () => {
  expect(await checkGpu([])).toMatchObject({ code: 2, stderr: expect.stringContaining("--learner or --engine") });
  expect(await checkGpu(["--learner", "--card", "1"])).toMatchObject({ code: 2, stderr: expect.stringContaining("--card") });
});

describe("the learner's half", () => {
  test("runs the checks with the Python that is named, and ends with their exit code", async () => {
    for (const code of [0, 1, 4]) {
      const words = ["--learner", "--python", pythonThatEnds(code), "--json", join(folder, "l.json"), "--only", "packed-rows"];
      const ended = await checkGpu(words);
      expect(ended.code).toBe(code);
      expect(ended.stdout.trim()).toBe(
        `-P -B -m gpucheck --json ${join(folder, "l.json")} --only packed-rows PYTHONPATH=${join(root, "native")}`,
      );
    }
  });

  test("says so if that Python does not start", async () => {
    const python = join(folder, "none");
    expect(await checkGpu(["--learner", "--python", python])).toMatchObject({
      code: 4,
      stderr: `${python} is no Python that starts.\n`,
    });
  });
});

describe("the engine's half", () => {
  const json = join(folder, "engine.json");
  const words = ["--engine", "--model", smallModel, "--sequences", "1,2", "--json", json];

  test.runIf(cpuOnly)("is an environment error without a GPU, and a failed check with one that is idle", async () => {
    const none = await checkGpu(words, { PATH: folder });
    expect(none).toMatchObject({ code: 4, stderr: expect.stringContaining("nvidia-smi does not answer") });
    expect(existsSync(json)).toBe(false);
    const idle = await checkGpu(words, { PATH: pathWithCard(folder), LD_LIBRARY_PATH: "" });
    expect(idle.code).toBe(1);
    expect(idle.stdout).toMatch(/^!! +device +where the engine computes .*NVIDIA L4.* the engine computes on the CPU/m);
    const { passed, findings } = JSON.parse(readFileSync(json, "utf8"));
    expect(passed).toBe(false);
    expect(findings).toContainEqual(expect.objectContaining({ check: "device", ok: false }));
  });
});
