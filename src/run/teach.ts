// Demonstrations by a teacher (ToolMaster's stage one, arXiv 2601.12762): it plays each task several times in the policy's seat of the
// same episodes, told to try tools and to correct itself. Of the tries that can be learnt from, the one with the fewest trials is
// written anew as the policy would have written it. Four tries, and that a trial must have told something, are ours.
import type { Config, Dialect } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import { instructionsIn } from "../llm/text/system-prompt.ts";
import { promptForTeacher } from "../llm/text/teaching.ts";
import { hasTrials } from "../llm/text/trial.ts";
import { retold } from "../rollout/retold.ts";
import { roomyFor, type TryOutcome, teacherTemperature, tryOutcomes } from "../rollout/teacher.ts";
import type { Counts, Task, Trajectory } from "../types.ts";
import { isApproved } from "./demonstrated.ts";
import type { Metrics } from "./metric-list.ts";
import { playerOf } from "./play.ts";
import type { Seated, Session } from "./session.ts";

/** Shows how a task is done: a judged episode, which is learnt from or not. */
export type Show = (task: Task, index: number) => Promise<Trajectory>;

/** In words, of several tries. */
const outcomeTexts: Readonly<Record<Exclude<TryOutcome, "right">, string>> = {
  aborted: "were aborted",
  late: "were cut off by rollout.turnSeconds",
  unsolved: "did not solve the task",
  untold: "made no trial that told something",
  malformed: "wrote calls that cannot be parsed, or trials that were refused",
  too_long: "were longer than rollout.responseTokens",
};

interface Tried {
  readonly trajectory: Trajectory;
  readonly outcome: TryOutcome;
}

/** The parts of a session that teaching needs. */
type Teaching = Pick<Session, "config" | "template" | "memory" | "usage" | "signal" | "pause">;

/** The teacher shows how: the best of its tries, with what became of them all in its counts. */
export function teacherShows(session: Teaching, { teacher, engine }: Omit<Seated, "sequences">): Show {
  const { config, template } = session;
  const { policy, vocabulary, template: own } = teacher.player;
  const play = playerOf(
    { ...session, template: own, engine: { policy, vocabulary, simulator: engine.simulator } },
    {
      ...{ temperature: teacherTemperature, verdict: config.reward.verdict },
      endsWhenAway: serverOf(config.models.simulator) !== null,
      shownAs: (task) => ({
        ...task,
        systemPrompt: promptForTeacher(task.systemPrompt, config.trial),
        limits: roomyFor(teacher, task.limits),
      }),
    },
  );
  const telling = { ...instructionsIn(config), toolChars: config.rollout.toolChars, template };

  async function tried(task: Task, index: number, sample: number): Promise<Tried> {
    const played = await play(task, sample, [config.seed, "teacher", index, sample]);
    const { messages, responseTokens } = retold(played, own.dialect, telling);
    const trajectory: Trajectory = { ...played, messages, author: "teacher", sample: 0, policyVersion: 0 };
    const isLong = responseTokens > task.limits.responseTokens;
    return {
      trajectory,
      outcome: outcomeOf(played, { trial: config.trial, dialect: own.dialect }) ?? (isLong ? "too_long" : "right"),
    };
  }

  return async (task, index) => {
    const tries: Tried[] = [];
    while (tries.length < config.warmup.tries) {
      session.pause();
      tries.push(await tried(task, index, tries.length));
    }
    const { trajectory } = tries.reduce((best, one) => (isBetter(one, best) ? one : best));
    return { ...trajectory, counts: { ...trajectory.counts, ...countsOf(tries) } };
  };
}

/** Why a try cannot be learnt from; null if it can, as far as it is not too long. */
function outcomeOf(
  played: Trajectory,
  { trial, dialect }: Pick<Config, "trial"> & { readonly dialect: Dialect },
): TryOutcome | null {
  const { status, stopReason, failure, task, counts } = played;
  const isLate = failure?.boundary === "engine" && failure.code === "deadline"; // of a teacher on a server
  if (isLate || stopReason === "turn_deadline") return "late";
  if (status === "aborted") return "aborted";
  if (status === "truncated" || !isApproved(played, dialect)) return "unsolved"; // of a cut turn the end would be learnt
  if (hasTrials(trial) && task.kind === "call" && (counts["trial/telling"] ?? 0) === 0) return "untold";
  return (counts["refused/malformed"] ?? 0) + (counts["refused/no_trial"] ?? 0) > 0 ? "malformed" : null;
}

function isBetter(one: Tried, other: Tried): boolean {
  if (one.outcome !== "right" || other.outcome !== "right") return one.outcome === "right" && other.outcome !== "right";
  const trials = ({ trajectory: { counts } }: Tried) => counts["trial/turns"] ?? 0;
  return trials(one) < trials(other);
}

function countsOf(tries: readonly Tried[]): Counts {
  const counts: Record<string, number> = {};
  for (const { outcome } of tries) counts[`teacher/${outcome}`] = (counts[`teacher/${outcome}`] ?? 0) + 1;
  return counts;
}

/** Whether an episode that was shown can be learnt from: a teacher's by its tries, another by its verdict. */
export function isLearnt(shown: Trajectory, dialect: Dialect): boolean {
  return shown.author === "teacher" ? isTaught(shown) : isApproved(shown, dialect);
}

function isTaught({ counts }: Trajectory): boolean {
  return (counts["teacher/right"] ?? 0) > 0;
}

/** What became of all tries of a teacher; nothing of demonstrations by rule. */
export function teacherMetrics(shown: readonly Trajectory[]): Metrics {
  const taught = shown.filter(({ author }) => author === "teacher");
  if (taught.length === 0) return {};
  const all = (outcome: TryOutcome) => taught.reduce((sum, { counts }) => sum + (counts[`teacher/${outcome}`] ?? 0), 0);
  return Object.fromEntries(tryOutcomes.map((outcome) => [`teacher/${outcome}`, all(outcome)]));
}

/**
 * Where a teacher showed tasks that need a call, one of these must be learnt from: refusals alone would teach to refuse.
 * @throws PlayactError("config")
 */
export function assertTaught({ models }: Pick<Config, "models">, all: readonly Trajectory[]): void {
  const calls = all.filter(({ task }) => task.kind === "call");
  const shown = calls.length > 0 ? calls : all;
  if (shown.length === 0 || shown.some((one) => one.author !== "teacher" || isTaught(one))) return;
  const counts: Readonly<Record<string, number | undefined>> = teacherMetrics(shown);
  const why = Object.entries(outcomeTexts).flatMap(([outcome, text]) => {
    const count = counts[`teacher/${outcome}`] ?? 0;
    return count === 0 ? [] : [`${count} ${text}`];
  });
  throw new PlayactError(
    "config",
    `Config key "warmup.from": the teacher ${models.teacher ?? models.simulator} showed no ${calls.length > 0 ? "call task" : "task"} of ${shown.length} so that it can be learnt; of its tries ${why.join(", ")}. Start a run with a stronger model in models.teacher, more warmup.tries, or warmup.from=blueprint.`,
  );
}
