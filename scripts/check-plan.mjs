// Compares a memory plan with what a real run uses: one step of the default models within a given memory on the CPU. It prints
// for each step what was planned and used (engine/used_mb, learner/peak_mb), and fails where they differ by more than 5 %.
//   npm run build && node scripts/check-plan.mjs [GB of host memory, 6 by default]
// About ten minutes of two cores, with nothing else running.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup/step.mjs";

const memory = process.argv[2] ?? "6";
const home = mkdtempSync(join(tmpdir(), "playact-plan-"));
const playact = (/** @type {readonly string[]} */ ...words) =>
  execFileSync(process.execPath, [join(root, "dist", "cli.js"), ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
const settings = [
  `memory.host=${memory}`,
  "engine.gpu=off",
  "learner.device=cpu",
  "warmup.demonstrations=8",
  "evaluation.tasks=0",
];
const sets = [...settings, "evaluation.decisions=0", "tasks.perStep=2"].flatMap((one) => ["--set", one]);
let worst = 0;
try {
  process.stdout.write(playact("plan", ...sets));
  playact("train", "--steps", "1", "--home", home, ...sets);
  const names = ["engine/planned_mb", "engine/used_mb", "learner/planned_mb", "learner/predicted_mb", "learner/peak_mb"];
  const sql = `SELECT step, name, value FROM metric WHERE name IN (${names.map((name) => `'${name}'`).join(", ")})`;
  /** @type {{ step: number, name: string, value: number }[]} */
  const rows = JSON.parse(playact("sql", sql, "--home", home, "--json"));
  for (const step of [...new Set(rows.map((row) => row.step))]) {
    const of = (/** @type {string} */ name) => rows.find((row) => row.step === step && row.name === name)?.value ?? Number.NaN;
    for (const [planned, used] of [
      ["engine/planned_mb", "engine/used_mb"],
      ["learner/planned_mb", "learner/peak_mb"],
      ["learner/predicted_mb", "learner/peak_mb"],
    ]) {
      const off = of(used ?? "") / of(planned ?? "") - 1;
      if (step > 0 && Number.isFinite(off)) worst = Math.max(worst, Math.abs(off));
      console.log(
        `step ${step}  ${planned} ${of(planned ?? "").toFixed(0)}  ${used} ${of(used ?? "").toFixed(0)}  ${(100 * off).toFixed(1)} %`,
      );
    }
  }
} finally {
  rmSync(home, { recursive: true });
}
process.exitCode = worst > 0.05 ? 1 : 0;
