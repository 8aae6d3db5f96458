// The progress of a run on stderr: one repainted line on a terminal, plain lines elsewhere. With --json each closed step is one
// line of JSON on stdout.
import type { EngineCounters } from "../llm/llm.ts";
import type { ProgressEvent } from "../run/session.ts";
import type { Print } from "./output.ts";

export interface ProgressOptions {
  readonly json: boolean;
  readonly terminal: boolean;
  readonly counters: () => { readonly policy: EngineCounters; readonly simulator: EngineCounters };
  readonly out: Print;
  readonly err: Print;
  /** Erases the line that `err` has started; only called on a terminal. */
  readonly erase: () => void;
}

/** Without a terminal, counts are printed at most this often. */
const plainIntervalMs = 15_000;
const repaintIntervalMs = 100;

export interface Progress {
  show(event: ProgressEvent): void;
  /** Ends the repainted line. */
  end(): void;
}

export function openProgress(options: ProgressOptions): Progress {
  const started = Date.now();
  let phase = "";
  let painted = false;
  let shownAt = 0;
  let stepSeconds: number[] = [];
  const clear = () => {
    if (painted) options.erase();
    painted = false;
  };
  const line = (text: string) => {
    clear();
    options.err(`[${clock(Date.now() - started)}] ${text}\n`);
  };
  return {
    show: (event) => {
      if (event.kind === "phase") {
        phase = `${ofStep(event)}${event.text}`;
        shownAt = Date.now();
        line(phase);
      } else if (event.kind === "warning") {
        line(`${ofStep(event)}warning: ${event.text}`);
      } else if (event.kind === "count") {
        const now = Date.now();
        if (event.done < event.of && now - shownAt < (options.terminal ? repaintIntervalMs : plainIntervalMs)) return;
        shownAt = now;
        const text = `  ${event.done}/${event.of} ${event.text} · ${speed(options.counters())} · ${memory()}`;
        if (options.terminal) {
          options.erase();
          options.err(text);
          painted = true;
        } else line(text);
      } else {
        stepSeconds = [...stepSeconds, event.metrics.step_time ?? 0];
        if (options.json) options.out(`${JSON.stringify({ step: event.step, level: event.level, ...event.metrics })}\n`);
        line(`${stepText(event)} · ${speed(options.counters())} · ${memory()}${eta(event, stepSeconds)}`);
      }
    },
    end: clear,
  };
}

const ofStep = ({ step }: { readonly step?: number }) => (step === undefined ? "" : `step ${step}: `);

function stepText(event: Extract<ProgressEvent, { kind: "step" }>): string {
  const metric = (name: string, digits = 2) => (event.metrics[name] ?? Number.NaN).toFixed(digits);
  const aborted = event.metrics["rollout/aborted"] ?? 0;
  const played =
    event.metrics.reward === undefined // no task could be written, or no episode was played to its end
      ? "nothing to learn from"
      : `reward ${metric("reward")} ±${metric("reward_std")} · success ${metric("rollout/success")}`;
  return `step ${event.step}/${event.of} done: level ${event.level} · ${played} · aborted ${aborted} · ${metric("step_time", 0)} s`;
}

function speed(counters: { readonly policy: EngineCounters; readonly simulator: EngineCounters }): string {
  const rate = ({ prefilled, decoded, seconds }: EngineCounters) =>
    seconds === 0 ? "-" : ((prefilled + decoded) / seconds).toFixed(0);
  return `policy ${rate(counters.policy)} tok/s, simulator ${rate(counters.simulator)} tok/s`;
}

function memory(): string {
  return `${(process.memoryUsage.rss() / 1e9).toFixed(1)} GB`;
}

function eta(event: Extract<ProgressEvent, { kind: "step" }>, seconds: readonly number[]): string {
  const left = event.of - event.step;
  if (left <= 0) return "";
  const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
  return ` · about ${Math.max(1, Math.round((left * mean) / 60))} min of steps left`;
}

function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}
