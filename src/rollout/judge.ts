// From an episode to its verdict: reads the conduct off the trajectory, asks the judge only where the report decides.
import type { ChatModel } from "../llm/llm.ts";
import { type Conduct, needsJudge, verdict } from "../reward/reward.ts";
import type { Patience } from "../simulator/ask.ts";
import { briefed, type Withheld } from "../simulator/briefing.ts";
import { count, counted, newTally } from "../simulator/tally.ts";
import { type Anchors, anchors, type Judged, logOdds, placed } from "../simulator/verifier.ts";
import { carriedShare } from "../tasks/values.ts";
import type { Task, Trajectory } from "../types.ts";
import type { Episode } from "./rollout.ts";
import { type Dialect, parseToolCalls } from "./tool-call.ts";

export interface Court {
  readonly simulator: ChatModel;
  readonly patience: Patience;
  readonly dialect: Dialect;
  readonly kind: "mixed" | "rules";
  /** What the verifier is not told about the task. */
  readonly withhold: readonly Withheld[];
  /** The anchors of each task, read once; shared by a group's members. */
  readonly scales: Map<string, Promise<Judged<Anchors>>>;
  readonly signal?: AbortSignal | undefined;
}

/** The trajectory with its verdict; aborted ones pass through, a judge that fails aborts. */
export async function judge(episode: Episode, court: Court): Promise<Trajectory> {
  const { trajectory, lines } = episode;
  if (trajectory.status === "aborted") return trajectory;
  const { task } = trajectory;
  const conduct = conductOf(trajectory, court.dialect);
  const carried = carriedShare(
    lastText(trajectory),
    task.expected.map((call) => call.result),
  );
  if (court.kind === "rules" || !needsJudge(task, conduct))
    return { ...trajectory, verdict: verdict(task, conduct, null, carried) };

  // the anchors are charged to the group's member that asks for them first
  const tally = newTally();
  const patience = { ...court.patience, tally };
  const scale = await scaleOf(task, { ...court, patience });
  const odds = scale.ok ? await logOdds(briefed(task, court.withhold), lines, court.simulator, patience, court.signal) : scale;
  if (court.patience.tally) count(court.patience.tally, tally);
  const counts = { ...trajectory.counts, ...counted(tally) };
  if (!scale.ok || !odds.ok) {
    const failure = scale.ok ? (odds.ok ? null : odds.failure) : scale.failure;
    return { ...trajectory, counts, status: "aborted", stopReason: "simulator_failed", failure };
  }
  return { ...trajectory, counts, verdict: verdict(task, conduct, placed(odds.value, scale.value), carried) };
}

function scaleOf(task: Task, court: Court): Promise<Judged<Anchors>> {
  const known = court.scales.get(task.id);
  if (known) return known;
  const scale = anchors(briefed(task, court.withhold), court.simulator, court.patience, court.signal);
  court.scales.set(task.id, scale);
  return scale;
}

/** What rules read off the record alone. */
export function conductOf(trajectory: Trajectory, dialect: Dialect): Conduct {
  const spoken = trajectory.messages.filter((message) => message.role === "assistant");
  const parsed = spoken.map((message) => parseToolCalls(message.text, dialect));
  const last = parsed.at(-1);
  return {
    calls: parsed.flatMap((turn) => turn.calls),
    malformed: parsed.reduce((sum, turn) => sum + turn.errors.length, 0),
    reported:
      trajectory.status === "terminated" &&
      last !== undefined &&
      last.calls.length + last.errors.length === 0 &&
      isSpeech(last.rest),
  };
}

/** Words to the user; a policy that echoes the tags of a tool's answer has reported nothing. */
function isSpeech(rest: string): boolean {
  return rest !== "" && !/<\/?tool_(call|response)>/.test(rest);
}

function lastText(trajectory: Trajectory): string {
  return trajectory.messages.filter((message) => message.role === "assistant").at(-1)?.text ?? "";
}
