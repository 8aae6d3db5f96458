// From an episode to its verdict, by the kind that the config names: rules alone, rules with the judge where the report
// decides (mixed), anchored log-odds of the whole conduct, or a verdict that the simulator writes. Rules read the conduct off
// the trajectory for all of them, and decide alone where a due call is missing; a judge that fails aborts the episode.
import type { Config } from "../config/config.ts";
import type { ChatModel } from "../llm/llm.ts";
import { type Dialect, type ParsedCalls, parseToolCalls } from "../llm/text/tool-call.ts";
import { refuses } from "../rules/language/refusal.ts";
import { carriedShare } from "../rules/language/said.ts";
import type { Patience } from "../simulator/ask.ts";
import { briefed, type Withheld } from "../simulator/briefing.ts";
import { endsCut } from "../simulator/lines.ts";
import type { Subject } from "../simulator/prompts/verifier.ts";
import { added, count, counted, newTally } from "../simulator/usage.ts";
import { type Anchors, anchors, type Judged, logOdds, placed } from "../simulator/verifier.ts";
import { writtenVerdict } from "../simulator/written-verdict.ts";
import type { Episode, Task, Trajectory, Verdict } from "../types.ts";
import { type Conduct, missesCall, needsJudge, rulesShare, verdict } from "./verdict.ts";

export interface Court {
  readonly simulator: ChatModel;
  readonly patience: Patience;
  readonly dialect: Dialect;
  readonly kind: Config["reward"]["verdict"] | "log-odds";
  /** What the verifier is not told about the task. */
  readonly withhold: readonly Withheld[];
  /** Most criteria of a written verdict, whatever the task asks for. */
  readonly maxCriteria: number;
  /** The anchors of each task, read once; shared by a group's members. */
  readonly scales: Map<string, Promise<Judged<Anchors>>>;
  readonly signal?: AbortSignal | undefined;
}

/** The trajectory with its verdict; aborted ones pass through, a judge that fails aborts. */
export async function judge(episode: Episode, court: Court): Promise<Trajectory> {
  const { trajectory } = episode;
  if (trajectory.status === "aborted") return trajectory;
  const conduct = conductOf(trajectory, court.dialect);
  // the anchors are charged to the group's member that asks for them first
  const tally = newTally();
  const judging = missesCall(trajectory.task, conduct) ? judgedBy.rules : judgedBy[court.kind];
  const judged = await judging(episode, conduct, { ...court, patience: { ...court.patience, tally } });
  if (court.patience.tally) count(court.patience.tally, tally);
  const counts = added(trajectory.counts, counted(tally));
  if (judged.ok) return { ...trajectory, counts, verdict: judged.value };
  return { ...trajectory, counts, status: "aborted", stopReason: "simulator_failed", failure: judged.failure };
}

type Judging = (episode: Episode, conduct: Conduct, court: Court) => Promise<Judged<Verdict>>;

const judgedBy: Readonly<Record<Court["kind"], Judging>> = {
  rules: async (episode, conduct) => ({ ok: true, value: byRules(episode, conduct, null) }),
  mixed: async (episode, conduct, court) => {
    if (!needsJudge(episode.trajectory.task, conduct)) return { ok: true, value: byRules(episode, conduct, null) };
    const weighed = await weigh(episode, court, "report");
    if (!weighed.ok) return weighed;
    const { share, margin } = weighed.value;
    return { ok: true, value: { ...byRules(episode, conduct, share), margin } };
  },
  "log-odds": async (episode, conduct, court) => {
    const weighed = await weigh(episode, court, "conduct");
    if (!weighed.ok) return weighed;
    const { share, margin } = weighed.value;
    if (share === null) return { ok: true, value: { ...byRules(episode, conduct, null), margin } };
    const reason = `conduct ${share.toFixed(2)} by the judge`;
    return {
      ok: true,
      value: { reward: 2 * share - 1, rules: rulesShare(episode.trajectory.task, conduct), judge: share, margin, reason },
    };
  },
  written: async ({ trajectory, lines }, conduct, court) => {
    const brief = briefed(trajectory.task, court.withhold);
    const held = { ...brief, criteria: Math.min(brief.criteria, court.maxCriteria) };
    const written = await writtenVerdict(held, lines, court.simulator, court.patience, [trajectory.seed], court.signal);
    if (!written.ok) return written;
    const { reward, reason } = written.value;
    const rules = rulesShare(trajectory.task, conduct);
    return { ok: true, value: { reward, rules, judge: (reward + 1) / 2, reason } };
  },
};

/** The verdict of the rules, `judge` deciding how good the report was where it is no null. */
function byRules({ trajectory: { task } }: Episode, conduct: Conduct, judge: number | null): Verdict {
  const results = task.expected.map((call) => call.result);
  return verdict(task, conduct, judge, carriedShare(conduct.report ?? "", results));
}

/** Where the episode lies between the task's anchors, 0..1 (null: the judge cannot tell them apart), and how far they lie apart. */
async function weigh(
  { trajectory, lines }: Episode,
  court: Court,
  subject: Subject,
): Promise<Judged<{ readonly share: number | null; readonly margin: number }>> {
  const { simulator, patience, signal } = court;
  const brief = briefed(trajectory.task, court.withhold);
  const scale = await scaleOf(brief, court, subject);
  if (!scale.ok) return scale;
  const odds = await logOdds(brief, lines, simulator, patience, signal, subject);
  if (!odds.ok) return odds;
  return { ok: true, value: { share: placed(odds.value, scale.value), margin: scale.value.good - scale.value.bad } };
}

function scaleOf(brief: Task, { scales, simulator, patience, signal }: Court, subject: Subject): Promise<Judged<Anchors>> {
  const known = scales.get(brief.id);
  if (known) return known;
  const scale = anchors(brief, simulator, patience, signal, subject);
  scales.set(brief.id, scale);
  return scale;
}

/** What rules read off the record alone. */
export function conductOf(trajectory: Trajectory, dialect: Dialect): Conduct {
  const { messages } = trajectory;
  const turns = messages.flatMap(({ role, text, calls: record, turnReward }, at) => {
    if (role !== "assistant") return [];
    const turn = parseToolCalls(text, dialect);
    // every turn with a call but the last is followed by its results
    const isMade = (index: number) => at < messages.length - 1 && record[index]?.refused === undefined;
    const made = turn.calls.filter((_, index) => isMade(index));
    return [{ ...turn, complained: turnReward === -1, made, unexecuted: turn.calls.filter((_, index) => !isMade(index)) }];
  });
  const last = turns.at(-1);
  const speaks = last !== undefined && attempts(last) === 0 && isSpeech(last.rest);
  const report = speaks && !endsCut(trajectory) ? last.rest : null;
  return {
    calls: turns.flatMap(({ made }) => made),
    unexecuted: turns.flatMap(({ unexecuted }) => unexecuted),
    malformed: turns.reduce((sum, { errors }) => sum + errors.length, 0),
    undueRefusals: turns
      .slice(
        0,
        Math.max(
          0,
          turns.findIndex((turn) => attempts(turn) > 0),
        ),
      )
      .filter(({ rest, complained }) => complained && refuses(rest)).length,
    report,
    refused: report !== null && refuses(report),
  };
}

function attempts({ calls, errors }: ParsedCalls): number {
  return calls.length + errors.length;
}

/** Words to the user; a policy that echoes the tags of a tool's answer has reported nothing. */
function isSpeech(rest: string): boolean {
  return rest !== "" && !/<\/?tool_(call|response)>/.test(rest);
}
