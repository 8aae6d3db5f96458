// `playact plan` in process, on the smallest model; the arithmetic is tested in test/plan/plan.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { exitCodes } from "../../src/cli/exit.ts";
import { planCommand } from "../../src/cli/plan.ts";
import { pathWithCard } from "../support/nvidia.ts";

async function plan(...args: string[]): Promise<string> {
  let printed = "";
  const take = (text: string) => {
    printed += text;
  };
  await planCommand(take)
    .exitOverride()
    .parseAsync(["--preset", "tiny", ...args], { from: "user" });
  return printed;
}

test("a plan lists every part in both phases, their sum, and what each residency would give", async () => {
  const printed = await plan("--gpu", "24GB");
  const rows = [...printed.matchAll(/^(?:engine|learner) \w+ +(\d+\.\d\d) +(\d+\.\d\d)/gm)].map(([, a, b]) => [
    Number(a),
    Number(b),
  ]);
  expect(rows).toHaveLength(10);
  const [, rollingOut, training] = /^total +(\d+\.\d\d) +(\d+\.\d\d) +of 25\.13$/m.exec(printed) ?? [];
  for (const [phase, total] of [rollingOut, training].entries())
    expect(rows.reduce((sum, row) => sum + (row[phase] ?? 0), 0)).toBeCloseTo(Number(total), 1);
  expect(printed).toMatch(/^fits: together .*4 \+ 4 sequences, samples up to \d+ tokens$/m);
  expect(printed).toMatch(/^fits: alternate /m);
});

test("a card that is only named is planned before set-up, and alike whatever card this machine has", async () => {
  const elsewhere = await plan("--gpu", "24GB");
  const folder = mkdtempSync(join(tmpdir(), "playact-plan-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  vi.stubEnv("PATH", pathWithCard(folder));
  vi.stubEnv("CUDA_VISIBLE_DEVICES", "0");
  vi.stubEnv("PLAYACT_PYTHON", "/nowhere/python");
  expect(await plan("--gpu", "24GB")).toBe(elsewhere);
});

test("a machine is too small: the residencies say by how much, and the command ends with exit code 5", async () => {
  const refused = await plan("--memory", "1GB").catch((error: unknown) => error);
  expect(refused).toMatchObject({ boundary: "memory", message: expect.stringMatching(/does not fit.*needs \d\.\d GB of 1\.0/) });
  expect(exitCodes.memory).toBe(5);
});

test("JSON has the machine, the request's plan in bytes, and why earlier residencies do not fit", async () => {
  const { machine, plan: found, misfits } = JSON.parse(await plan("--memory", "6GB", "--set", "learner.dtype=float32", "--json"));
  expect(machine).toMatchObject({ engine: "host", learner: "host", cardBytes: 0, hostBytes: 6e9 });
  expect(found).toMatchObject({ residency: "together", engine: { policySequences: 4, simulatorSequences: 4 } });
  expect(found.learner.longestSample).toBeGreaterThan(1536);
  expect(misfits).toEqual([]);
});

test.each([
  [["--gpu", "large"], /--gpu expects a size such as 24GB; "large" came/],
  [["--memory", "0GB"], /--memory expects a size/],
  [["--gpu", "24GB", "--set", "engine.gpu=off"], /needs --memory too/],
])("a bad request is a sentence: %j", async (args, says) => {
  await expect(plan(...args)).rejects.toMatchObject({ boundary: "usage", message: expect.stringMatching(says) });
});
