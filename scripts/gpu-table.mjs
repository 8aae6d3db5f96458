// Writes the tables of docs/gpu.md. What fits: the plan's own answer for each card. What was measured: the JSON of
// `npm run check:gpu`, each file a table under the card's name.
//   node scripts/gpu-table.mjs                                what fits, from the plan
//   node scripts/gpu-table.mjs gpu-learner.json …             what was measured
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figureOf } from "./check-gpu/finding.mjs";
import { root, SetupError, script } from "./setup/step.mjs";

/** @typedef {import("./check-gpu/finding.mjs").Finding} Finding */

/** @typedef {import("../dist/plan/plan.js").Planned} Planned */

const page = join(root, "docs", "gpu.md");
const cards = ["12GB", "16GB", "24GB", "48GB", "80GB"];
const pairs = [
  ["qwen3-4b", "qwen3-4b"],
  ["qwen3-4b", "qwen3-8b"],
  ["qwen3-8b", "qwen3-8b"],
];
const heading = ["card", "policy", "simulator", "residency", "sequences, policy + simulator", "longest sample, tokens"];

await script(async () => {
  const files = process.argv.slice(2);
  if (files.length === 0) replace("plan", [row(heading), row(heading.map(() => "---")), ...planned()]);
  else replace("measured", files.flatMap(measured));
});

function planned() {
  return cards.flatMap((card) =>
    pairs.map(([policy = "", simulator = ""]) => {
      const { plan } = planOf(card, policy, simulator);
      if (plan === null) return row([card, policy, simulator, "does not fit", "", ""]);
      const { residency, engine, learner } = plan;
      const seats = `${engine.policySequences} + ${engine.simulatorSequences}`;
      return row([card, policy, simulator, residency, seats, learner?.longestSample.toLocaleString("en") ?? ""]);
    }),
  );
}

/**
 * @param {string} card
 * @param {string} policy
 * @param {string} simulator
 * @returns {Planned}
 */
function planOf(card, policy, simulator) {
  const args = ["plan", "--gpu", card, "--policy", policy, "--simulator", simulator, "--json"];
  try {
    return JSON.parse(execFileSync(process.execPath, [join(root, "dist", "cli.js"), ...args], { encoding: "utf8" }));
  } catch (error) {
    const stdout = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    if (stdout.startsWith("{")) return JSON.parse(stdout); // a plan that does not fit ends with an exit code of its own
    throw new SetupError(`playact ${args.join(" ")} did not answer with a plan.`, { output: String(error) });
  }
}

/** @param {string} file */
function measured(file) {
  /** @type {{ device: string, at: string, passed: boolean, model?: string, shape?: { name: string }, layers?: number, versions?: Record<string, string>, findings: Finding[] }} */
  const { device, at, passed, model, shape, layers, versions, findings } = JSON.parse(readFileSync(file, "utf8"));
  const what = model ?? `${shape?.name}, ${layers} layers, torch ${versions?.torch}`;
  const figures = findings.map((one) => row([one.check, one.what, figureOf(one), one.bound, verdictOf(one), one.note]));
  const title = `**${device}**, ${what}, ${at.slice(0, 10)}: ${passed ? "every bound holds" : "a bound does not hold"}.`;
  const columns = ["check", "figure", "value", "bound", "", "more"];
  return [title, "", row(columns), row(columns.map(() => "---")), ...figures, ""];
}

/** @param {Finding} finding */
function verdictOf({ ok }) {
  return ok === null ? "" : ok ? "ok" : "**fails**";
}

/** @param {readonly string[]} cells */
function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/**
 * @param {string} name
 * @param {readonly string[]} lines
 */
function replace(name, lines) {
  const text = readFileSync(page, "utf8");
  const [open, close] = [`<!-- generated: ${name} (node scripts/gpu-table.mjs) -->`, `<!-- /generated: ${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start === -1 || end < start) throw new SetupError(`docs/gpu.md lacks the markers ${open} … ${close}`, { code: 1 });
  writeFileSync(page, `${text.slice(0, start + open.length)}\n\n${lines.join("\n").trimEnd()}\n\n${text.slice(end)}`);
}
