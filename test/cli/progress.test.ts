import { describe, expect, test } from "vitest";
import { openProgress } from "../../src/cli/progress.ts";
import { noCounters } from "../../src/llm/llm.ts";
import type { ProgressEvent } from "../../src/run/session.ts";

const counters = () => ({
  policy: { ...noCounters, prefilled: 900, decoded: 100, reused: 5000, seconds: 10 },
  simulator: noCounters,
});

/** What these events print, and where. */
function shown(events: readonly ProgressEvent[], options: { json?: boolean; terminal?: boolean } = {}) {
  let out = "";
  let err = "";
  const progress = openProgress({
    json: options.json ?? false,
    terminal: options.terminal ?? false,
    counters,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    erase: () => {
      err += "\r\u001b[K";
    },
  });
  for (const event of events) progress.show(event);
  const open = err;
  progress.end();
  return { out, err, open };
}

const phase: ProgressEvent = { kind: "phase", text: "rolling out", step: 2 };
const count = (done: number): ProgressEvent => ({ kind: "count", text: "episodes", done, of: 4 });
const step = (change: Partial<Extract<ProgressEvent, { kind: "step" }>> = {}): ProgressEvent => ({
  kind: "step",
  step: 2,
  of: 4,
  level: 20,
  metrics: { reward: 0.25, reward_std: 0.5, "rollout/success": 0.75, "rollout/aborted": 1, step_time: 60 },
  ...change,
});

describe("without a terminal", () => {
  test("everything is whole lines on stderr, each with the time it took", () => {
    const { out, err } = shown([phase, count(4), step()]);
    expect(out).toBe("");
    expect(err.endsWith("\n")).toBe(true);
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^\[\d\d:\d\d\] /);
    expect(err).not.toContain("\r");
    expect(err).not.toContain("\u001b");
  });

  test("counts that follow quickly are left out, the last one never", () => {
    const { err } = shown([phase, count(1), count(2), count(3), count(4)]);
    expect(err.match(/\d\/4 episodes/g)).toEqual(["4/4 episodes"]);
  });

  test("a closed step says its level, reward, successes, aborts, time, speeds and what is left", () => {
    const { err } = shown([step({ metrics: { ...metricsOf(step()), step_time: 90 } }), step({ step: 3 })]);
    expect(err).toContain("step 2/4 done: level 20 · reward 0.25 ±0.50 · success 0.75 · aborted 1 · 90 s");
    expect(err).toContain("policy 100 tok/s, simulator - tok/s"); // what was reused was not computed
    expect(err).toMatch(/2\/4 done.* about 3 min of steps left\n/); // 2 x 90 s
    expect(err).toMatch(/3\/4 done.* about 1 min of steps left\n/); // 75 s
  });

  test("a step in which no episode was played says so in place of a reward", () => {
    const { err } = shown([step({ metrics: { step_time: 55 } })]);
    expect(err).toContain("step 2/4 done: level 20 · nothing to learn from · aborted 0 · 55 s");
  });

  test("the last step leaves none", () => {
    expect(shown([step({ step: 4 })]).err).not.toContain("left");
  });

  test("a phase before the first step names no step", () => {
    expect(shown([{ kind: "phase", text: "writing tasks" }]).err).toMatch(/\] writing tasks\n$/);
    expect(shown([phase]).err).toMatch(/\] step 2: rolling out\n$/);
  });
});

describe("on a terminal", () => {
  const wipe = "\r\u001b[K";

  test("a count repaints its line and the next line wipes it first", () => {
    const { err } = shown([count(4), phase], { terminal: true });
    const [wiped, counted, wipedAgain, line] = err.split(/(\r.\[K)/).slice(1);
    expect([wiped, wipedAgain]).toEqual([wipe, wipe]);
    expect(counted).toMatch(/^ {2}4\/4 episodes[^\n]*$/);
    expect(line).toMatch(/^\[\d\d:\d\d\] step 2: rolling out\n$/);
  });

  test("the end wipes what was painted, and nothing else", () => {
    const { open, err } = shown([count(4)], { terminal: true });
    expect(err.slice(open.length)).toBe(wipe);
    const whole = shown([phase], { terminal: true });
    expect(whole.err).toBe(whole.open);
  });
});

test("with --json each closed step is one line of JSON on stdout, and messages stay on stderr", () => {
  const { out, err } = shown([phase, step(), step({ step: 3 })], { json: true });
  const rows = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(rows).toMatchObject([
    { step: 2, level: 20, reward: 0.25, "rollout/aborted": 1 },
    { step: 3, level: 20 },
  ]);
  expect(out.endsWith("\n")).toBe(true);
  expect(err.split("\n")).toHaveLength(4);
});

function metricsOf(event: ProgressEvent): Readonly<Record<string, number>> {
  return event.kind === "step" ? event.metrics : {};
}
