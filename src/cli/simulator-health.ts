// `playact doctor --simulator`: asks a simulator model the hand-written cases of src/health and prints how often it is right, what
// that costs, and the config keys that follow. Takes minutes, not seconds: each finding is printed on stderr as it comes, and
// Ctrl-C prints what was found so far. A finished check is stored, and a run with that simulator is warned by it; no run does this by
// itself.

import { presets } from "../config/presets.ts";
import { resolveConfig } from "../config/resolve.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import { countCases, examine, type Finding, type Kind, kinds } from "../health/examine.ts";
import { type Advice, adviceOf, type Score, scoreOf, thresholds } from "../health/score.ts";
import { asJson } from "../rules/json.ts";
import { findSimulator } from "../run/seats.ts";
import { simulatorOf } from "../run/session.ts";
import { playactVersion } from "../run/versions.ts";
import { newUsage } from "../simulator/usage.ts";
import { recordHealthCheck } from "../store/health-checks.ts";
import { ensureWritable, resolveHome, storePath } from "../store/home.ts";
import { openStore } from "../store/store.ts";
import { interruptedCode } from "./exit.ts";
import { escapeLine, formatTable, type Print, printJson } from "./output.ts";
import { kindsAsked } from "./simulator-doubt.ts";

export interface HealthRequest {
  readonly model?: string;
  readonly only: readonly string[];
  readonly home?: string;
  readonly json?: boolean;
}

/** Runs the check; @throws PlayactError("usage") for an unknown kind, PlayactError("model") for an unknown model. */
export async function examineSimulator(print: Print, progress: Print, request: HealthRequest): Promise<void> {
  const wanted = wantedKinds(request.only);
  const model = request.model ?? resolveConfig({ preset: "laptop", set: [] }).config.models.simulator;
  const { config } = resolveConfig({ preset: "laptop", set: [`models.simulator=${model}`] });
  const { openSimulatorOf } = await import("../run/open-engine.ts"); // late: the engine is slow to load for --help
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once("SIGINT", interrupt);
  try {
    const at = serverOf(model) === null ? await findSimulator(model) : null;
    if (at !== null) progress(`loading ${model} (${(at.parameters / 1e9).toFixed(1)}B)\n`);
    await using engine = await openSimulatorOf(config, at);
    const simulator = simulatorOf({ config, engine, usage: newUsage(), signal: stop.signal });
    const findings: Finding[] = [];
    const all = countCases(wanted);
    for await (const finding of examine(simulator, wanted)) {
      findings.push(finding);
      progress(`${progressLine(finding, findings.length, all)}\n`);
    }
    const report = reportOf(model, findings, wanted, all);
    if (request.json)
      printJson(print, asJson(report)); // plain data
    else print(text(report));
    if (stop.signal.aborted) process.exitCode = interruptedCode;
    if (report.done === report.of && at !== null) keep(report, { wanted, sha256: at.sha256, home: request.home });
  } finally {
    process.off("SIGINT", interrupt);
  }
}

/** "user" means all kinds of that role. */
export function wantedKinds(only: readonly string[]): readonly Kind[] {
  const unknown = only.find((word) => !kinds.some((kind) => named(kind, word)));
  if (unknown !== undefined)
    throw new PlayactError("usage", `--only expects a role or a kind, got ${unknown}. Kinds: ${kinds.join(", ")}.`);
  if (only.length === 0) return kinds;
  const wanted = kinds.filter((kind) => only.some((word) => named(kind, word)));
  // the rules ask nobody, and are what another verdict has to be better than
  const judges = wanted.some((kind) => kind.startsWith("verdict/"));
  return kinds.filter((kind) => wanted.includes(kind) || (judges && kind === "verdict/rules"));
}

const named = (kind: Kind, word: string) => kind === word || kind.startsWith(`${word}/`);

interface Report {
  readonly model: string;
  readonly done: number;
  readonly of: number;
  readonly all: readonly Score[];
  readonly tuned: readonly Score[];
  readonly heldOut: readonly Score[];
  readonly advice: Advice;
  /** Presets whose roles and verdict this simulator is trusted with. */
  readonly presets: readonly string[];
  /** Presets of which something was not examined. */
  readonly unknown: readonly string[];
  readonly thresholds: typeof thresholds;
  readonly findings: readonly Finding[];
}

export function reportOf(model: string, findings: readonly Finding[], wanted: readonly Kind[], of: number): Report {
  const scores = (own: readonly Finding[]) => wanted.map((kind) => scoreOf(kind, own));
  const all = scores(findings);
  const advice = adviceOf(all);
  return {
    model,
    done: findings.length,
    of,
    all,
    tuned: scores(findings.filter(({ heldOut }) => !heldOut)),
    heldOut: scores(findings.filter(({ heldOut }) => heldOut)),
    advice,
    ...presetsFor(advice, wanted),
    thresholds,
    findings,
  };
}

function presetsFor({ trusted }: Advice, examined: readonly Kind[]): Pick<Report, "presets" | "unknown"> {
  const asked = Object.keys(presets).map((name) => ({
    name,
    kinds: kindsAsked(resolveConfig({ preset: name, set: [] }).config),
  }));
  const known = asked.filter(({ kinds }) => kinds.every((kind) => examined.includes(kind)));
  return {
    presets: known.filter(({ kinds }) => kinds.every((kind) => trusted.includes(kind))).map(({ name }) => name),
    unknown: asked.filter((one) => !known.includes(one)).map(({ name }) => name),
  };
}

/** Stores a finished check: the next run with this simulator is warned by it. */
function keep(
  { model, advice }: Report,
  {
    wanted,
    sha256,
    home: option,
  }: { readonly wanted: readonly Kind[]; readonly sha256: string; readonly home: string | undefined },
): void {
  const home = resolveHome(option);
  ensureWritable(home);
  using store = openStore(storePath(home));
  recordHealthCheck(store, { playact: playactVersion(), model, sha256, checked: wanted, trusted: advice.trusted });
}

function text(report: Report): string {
  const { model, done, of, all, tuned, heldOut, advice } = report;
  const keys = Object.entries(advice.set).map(([key, value]) => `--set ${key}=${value}`);
  return [
    `${model}: ${done < of ? `stopped after ${done} of ${of} cases; the figures cover these` : `${done} cases`}`,
    `\nall cases\n${table(all)}`,
    `cases that the prompts were tuned on\n${table(tuned)}`,
    `held-out cases\n${table(heldOut)}`,
    `trusted: ${advice.trusted.join(", ") || "nothing"}`,
    `set: ${keys.join(" ") || "nothing"}`,
    `presets that fit: ${report.presets.join(", ") || "none; set the keys above"}`,
    ...(report.unknown.length === 0 ? [] : [`not examined whole: ${report.unknown.join(", ")}`]),
    "",
  ].join("\n");
}

function table(scores: readonly Score[]): string {
  const percent = (share: number | null) => (share === null ? "" : `${Math.round(100 * share)} %`);
  return formatTable(
    ["kind", "cases", "failed", "right", "pairs", "reports", "AUC", "hacked", "s", "tokens"],
    scores.map((score) => [
      score.kind,
      score.cases,
      score.failed,
      percent(score.right),
      percent(score.pairs),
      percent(score.reports),
      score.auc === null ? "" : score.auc.toFixed(2),
      percent(score.hacked),
      Number(score.seconds.toFixed(1)),
      Math.round(score.tokens),
    ]),
  );
}

function progressLine(finding: Finding, done: number, of: number): string {
  const mark = finding.right === null ? "" : finding.right ? "right: " : "WRONG: ";
  const came = escapeLine(`${mark}${finding.came}`).slice(0, 160);
  return `${String(done).padStart(String(of).length)}/${of}  ${finding.kind}  ${finding.name}  ->  ${came}`;
}
