// `playact show ID`: one episode as recorded: the conversation with phases, rewards, calls and verdict, or its tokens. Text of models is
// escaped for the terminal; JSON keeps it unchanged. The JSON uses the names of the SQL views.
import { Command, InvalidArgumentError } from "commander";
import { PlayactError } from "../errors.ts";
import { devicesText } from "../run/devices.ts";
import { resolveHome, storePath } from "../store/home.ts";
import { type Start, startOfTrajectory } from "../store/starts.ts";
import { openStore } from "../store/store.ts";
import { taskKind } from "../store/tasks.ts";
import { findEpisode, type StoredEpisode } from "../store/trajectories.ts";
import type { Message, RubricSection } from "../types.ts";
import { escapeLine, escapeText, formatTable, homeHelp, type Print, printJson, toStdout } from "./output.ts";
import { untruePages } from "./pages.ts";
import { type StartedPolicy, startedPolicy } from "./same-models.ts";

/** Gives the text of each token id of a run's policy, which only the engine knows; joined, they are the text of the sequence. */
export interface Pieces {
  piecesOf(policy: StartedPolicy): Promise<(ids: readonly number[]) => readonly string[]>;
}

/** The tokens of one training sample; all arrays have the same length. */
export interface TokenRow {
  readonly ids: readonly number[];
  /** 1 for a loss token. */
  readonly mask: readonly (0 | 1)[];
  /** Behaviour log-probs; null if the mask is 0 (or if not known yet). */
  readonly logprobs: readonly (number | null)[];
}

interface Options {
  readonly home?: string;
  readonly tokens?: boolean;
  readonly sample?: number;
  readonly json?: boolean;
}

/** The command; `pieces` loads a model's vocabulary for --tokens, `print` receives the data. */
export function showCommand(pieces: Pieces, print: Print = toStdout): Command {
  return new Command("show")
    .description("show one episode: its conversation, calls, rewards and verdict, or its tokens")
    .argument("<id>", "id of a trajectory (select id from trajectory_summary)", wholeNumber)
    .option("--tokens", "print ids, mask, behaviour log-probs and the text of each token")
    .option("--sample <k>", "the training sample of the episode that --tokens prints (default: the first)", wholeNumber)
    .option("--home <folder>", homeHelp)
    .option("--json", "print one JSON object")
    .action(async (id: number, options: Options) => {
      if (options.sample !== undefined && !options.tokens)
        throw new PlayactError("usage", "--sample chooses what --tokens prints. Add --tokens, or leave it out.");
      using store = openStore(storePath(resolveHome(options.home)), { readonly: true });
      const episode = findEpisode(store, id);
      if (!options.tokens) {
        const start = startOfTrajectory(store, id);
        if (options.json) printJson(print, episodeJson(episode.runName, episode, start));
        else print(formatEpisode(episode.runName, episode, start));
        return;
      }
      const row = tokensOf(episode, options.sample);
      const policy = startedPolicy(store, { id: episode.run, name: episode.runName });
      const text = (await pieces.piecesOf(policy))(row.ids);
      if (options.json) printJson(print, { ...row, text });
      else print(formatTokens(row, text));
    });
}

/** The ids of one training sample (default: the first) as the policy saw them. Throws PlayactError("usage") for another. */
export function tokensOf(episode: StoredEpisode, sample?: number): TokenRow {
  const { messages } = episode.trajectory;
  const samples = [...new Set(messages.map((message) => message.sample))].sort((a, b) => a - b);
  const chosen = sample ?? samples[0] ?? 0;
  if (!samples.includes(chosen)) {
    throw new PlayactError(
      "usage",
      `Trajectory ${episode.id} has no training sample ${chosen}. It has: ${samples.join(", ") || "none"}.`,
    );
  }
  const parts = messages
    .map((message, position) => tokensOfMessage(message, episode.marks[position]?.trained ?? false))
    .filter((_, position) => messages[position]?.sample === chosen);
  return {
    ids: parts.flatMap((part) => part.ids),
    mask: parts.flatMap((part) => part.mask),
    logprobs: parts.flatMap((part) => part.logprobs),
  };
}

function tokensOfMessage(message: Message, trained: boolean): TokenRow {
  return {
    ids: message.ids,
    mask: message.ids.map(() => (trained ? 1 : 0)),
    logprobs: message.ids.map((_, index) => (trained ? (message.logprobs?.[index] ?? null) : null)),
  };
}

function episodeJson(run: string, episode: StoredEpisode, start: Start | null) {
  const { task, messages, verdict, failure, ...trajectory } = episode.trajectory;
  return {
    id: episode.id,
    run,
    step: episode.step,
    purpose: episode.purpose,
    phase: episode.phase,
    task: {
      id: task.id,
      kind: taskKind(task),
      domain: task.domain,
      toolset: task.toolset,
      level: task.level,
      tools: task.tools.map((tool) => tool.name),
      drift: task.drift ?? null,
      untrue_pages: untruePages(task).map(({ page, world }) => ({ page, world })),
      intent: task.intent,
      expected: task.expected.map(({ name, arguments: values, result }) => ({ name, arguments: values, result })),
    },
    sample: trajectory.sample,
    policy_version: trajectory.policyVersion,
    seed: trajectory.seed,
    status: trajectory.status,
    stop_reason: trajectory.stopReason,
    seconds: trajectory.seconds,
    devices: start === null ? null : devicesText(start),
    verdict: verdict === null ? null : { ...verdict },
    failure: failure === null ? null : { ...failure },
    blame: episode.blame === null ? null : { ...episode.blame },
    counts: { ...trajectory.counts },
    messages: messages.map((message, position) => ({
      role: message.role,
      phase: message.phase ?? null,
      text: message.text,
      sample: message.sample,
      tokens: message.ids.length,
      trained: episode.marks[position]?.trained ?? false,
      turn_reward: message.turnReward,
      advantage: episode.marks[position]?.advantage ?? null,
      calls: message.calls.map(({ name, arguments: values }) => ({ name, arguments: values })),
    })),
  };
}

function formatEpisode(run: string, episode: StoredEpisode, start: Start | null): string {
  const { trajectory, purpose, phase, blame } = episode;
  const { task, verdict, failure } = trajectory;
  const lines = [
    `trajectory ${episode.id} of run ${run}, ${phase === "" ? `step ${episode.step}, ${purpose}` : `${purpose}, ${phase}`}`,
    `task ${escapeLine(task.id)} (${taskKind(task)}, ${escapeLine(task.toolset)}, level ${task.level}), sample ${trajectory.sample}, policy version ${trajectory.policyVersion}`,
    `intent: ${escapeLine(task.intent)}`,
    ...task.expected.map((call) => `expected: ${formatCall(call)}`),
    ...(task.drift === undefined ? [] : [`drift: ${task.drift.kind}`]),
    ...untruePages(task).flatMap(({ page, world }) => [`page:  ${page}`, `world: ${world}`]),
    `${trajectory.status} (${trajectory.stopReason}) after ${trajectory.seconds.toFixed(1)} s`,
  ];
  if (start !== null) lines.push(devicesText(start));
  if (verdict !== null) {
    const judge = verdict.judge === null ? "no judge" : `judge ${verdict.judge.toFixed(3)}`;
    lines.push(
      `reward ${verdict.reward.toFixed(3)} (rules ${verdict.rules.toFixed(3)}, ${judge}): ${escapeLine(verdict.reason)}`,
    );
  }
  for (const { section, text, met, by } of verdict?.items ?? [])
    lines.push(`${met ? "met" : "not met"} (${sectionNames[section]}, by ${by}): ${escapeLine(text)}`);
  if (failure !== null) lines.push(`failure at ${failure.boundary}, ${failure.code}: ${escapeLine(failure.text)}`);
  if (blame !== null) lines.push(`blamed on the ${blame.party}, ${blame.code}: ${escapeLine(blame.reason)}`);
  const counts = Object.entries(trajectory.counts).map(([name, value]) => `${name} ${value}`);
  if (counts.length > 0) lines.push(`counted: ${escapeLine(counts.join(", "))}`);
  const messages = trajectory.messages.map((message, position) =>
    formatMessage(message, episode.marks[position]?.advantage ?? null),
  );
  return `${lines.join("\n")}\n\n${messages.join("\n")}`;
}

/** The sections of a rubric in words. */
const sectionNames: Readonly<Record<RubricSection, string>> = {
  forbidden: "forbidden",
  subGoals: "sub-goal",
  questions: "question",
};

function formatMessage(message: Message, advantage: number | null): string {
  const marks = [
    ...(message.phase === undefined ? [] : [message.phase]),
    `${message.ids.length} tokens`,
    ...(message.turnReward === null ? [] : [`turn reward ${message.turnReward.toFixed(3)}`]),
    ...(advantage === null ? [] : [`advantage ${advantage.toFixed(3)}`]),
  ];
  // the text is indented, so that none of it can pass for a heading
  const text = escapeText(message.text).replace(/^/gm, "  ").trimEnd();
  const calls = message.calls.map((call) => `  -> ${formatCall(call)}\n`).join("");
  return `[${message.role}] ${marks.join(", ")}\n${text}\n${calls}`;
}

function formatCall(call: { readonly name: string; readonly arguments: unknown }): string {
  return escapeLine(`${call.name}(${JSON.stringify(call.arguments)})`);
}

function formatTokens(row: TokenRow, text: readonly string[]): string {
  const rows = row.ids.map((id, index) => [
    index,
    id,
    row.mask[index] ?? 0,
    row.logprobs[index] ?? null,
    JSON.stringify(text[index]),
  ]);
  return formatTable(["position", "id", "mask", "logprob", "text"], rows);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("A whole number was expected.");
  return Number(text);
}
