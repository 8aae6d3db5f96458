// Plays scripted episodes: the double of the engine behind a player and a simulator, a record of its requests, and the two
// things that a test decides: what the policy says in each turn, and what the user picks from the menu.
import type { Dialect } from "../../src/config/config.ts";
import type { ChatModel, ChooseRequest, ReplyRequest, SampleRequest } from "../../src/llm/llm.ts";
import { type Script, scriptedEngine } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { type JudgeOptions, openJudge } from "../../src/reward/judge.ts";
import { type Player, rollOut } from "../../src/rollout/rollout.ts";
import { openSimulator, type Simulator, type SimulatorOptions } from "../../src/simulator/simulator.ts";
import { counted, newUsage } from "../../src/simulator/usage.ts";
import { openWorld, type Ways } from "../../src/simulator/world.ts";
import type { Episode, Json, Task, Trajectory } from "../../src/types.ts";

export interface Asked {
  readonly samples: SampleRequest[];
  readonly replies: ReplyRequest[];
  readonly choices: ChooseRequest[];
}

export interface Stage {
  readonly player: Player;
  readonly simulator: Simulator;
  readonly ways: Ways;
  readonly asked: Asked;
  readonly engine: ReturnType<typeof scriptedEngine>;
}

/** Settings that a test changes, and a model in place of the double's simulator. */
export type Change = Partial<Omit<Player, "rollout"> & Player["rollout"] & Omit<Ways, "trial"> & SimulatorOptions> & {
  readonly model?: ChatModel;
};

export interface Play {
  /** The policy's turns in order (null: sampled from the double's own distribution); the last one is repeated. */
  readonly turns?: readonly (string | null)[];
  readonly say?: Script["say"];
  /** The simulator's reply; without one the test fails if the simulator is asked. */
  readonly reply?: (request: ReplyRequest) => Json | Promise<Json>;
  /** Log-probs of a menu; without them the test fails if the simulator is asked to choose. */
  readonly choose?: Script["choose"];
  readonly contextTokens?: number;
  readonly markers?: "tokens" | "pieces";
  /** How the policy writes calls; hermes without one. */
  readonly dialect?: Dialect;
}

export function stage(play: Play, change: Change = {}): Stage {
  const asked: Asked = { samples: [], replies: [], choices: [] };
  const turns = play.turns ?? [null];
  const engine = scriptedEngine({
    say: (prompt, request, policy) => {
      asked.samples.push({ ...request, ids: [...request.ids] });
      return play.say ? play.say(prompt, request, policy) : (turns[Math.min(asked.samples.length, turns.length) - 1] ?? null);
    },
    reply: (request) => {
      asked.replies.push(request);
      if (play.reply) return play.reply(request);
      throw new Error(`the simulator was asked to write: ${request.messages.at(-1)?.content}`);
    },
    choose: (request) => {
      asked.choices.push(request);
      if (play.choose) return play.choose(request);
      throw new Error(`the simulator was asked to choose: ${request.messages.at(-1)?.content}`);
    },
    ...(play.contextTokens === undefined ? {} : { contextTokens: play.contextTokens }),
  });
  const { dialect = "hermes" } = play;
  const { tries = 3, deadlineMs = 10_000, thinkTokens, usage, signal, model = engine.simulator } = change;
  const counted = usage === undefined ? {} : { usage };
  const thinking = thinkTokens === undefined ? {} : { thinkTokens };
  const {
    turnSeconds = 10,
    parallelCalls = 3,
    toolChars = 512,
    user = "chosen",
    tools = "blueprint",
    withhold = [],
    memory = null,
    ends = "user",
    trial,
  } = change;
  return {
    player: {
      policy: change.policy ?? engine.policy,
      vocabulary: engine.vocabulary,
      template: change.template ?? episodeTemplate(engine.vocabulary, { dialect, markers: play.markers ?? "pieces" }),
      temperature: change.temperature ?? 1,
      rollout: { turnSeconds, parallelCalls, toolChars, ends },
      trial,
      signal,
    },
    simulator: openSimulator(model, { tries, deadlineMs, ...thinking, ...counted, signal }),
    ways: { user, tools, withhold, memory, ...(trial === undefined ? {} : { trial: trial.world }) },
    asked,
    engine,
  };
}

/** One episode of a task, with its simulator usage in its counts. */
export async function episodeOf(
  { player, simulator, ways }: Stage,
  task: Task,
  names: readonly (string | number)[] = ["episode"],
  sample = 0,
): Promise<Episode> {
  const usage = newUsage();
  const world = openWorld(task, simulator.noting({ usage }), ways, names);
  const { lines, trajectory } = await rollOut(task, player, world, { sample, names });
  return { lines, trajectory: { ...trajectory, counts: { ...counted(usage), ...trajectory.counts } } };
}

/** The verdict on an episode. */
export function verdictOn(
  { player, simulator, ways }: Stage,
  episode: Episode,
  verdict: JudgeOptions["verdict"],
  maxCriteria = 5,
): Promise<Trajectory> {
  return openJudge({ verdict, dialect: player.template.dialect, withhold: ways.withhold, maxCriteria })(episode, simulator);
}

/** The sentences of a menu in the order of its letters. */
export function menuOf(request: ChooseRequest): string[] {
  return [...(request.messages.at(-1)?.content ?? "").matchAll(/^\([A-H]\) (.*)$/gm)].map((match) => match[1] ?? "");
}

/** True if the user's menu is weighed for a conversation in which the assistant has said nothing. */
export function isSilent(request: ChooseRequest): boolean {
  return /^Assistant: \.\.\.$/m.test(request.messages.at(-1)?.content ?? "");
}

/** A user who picks the sentences in this order; one that is not on the menu fails the test. */
export function picking(...sentences: readonly string[]): NonNullable<Script["choose"]> {
  const left = [...sentences];
  return (request) => {
    const menu = menuOf(request);
    if (isSilent(request)) return menu.map(() => -1);
    const wanted = menu.indexOf(left.shift() ?? "");
    if (wanted < 0) throw new Error(`not on the menu: ${menu.join(" | ")}`);
    return menu.map((_, index) => (index === wanted ? -0.1 : -3));
  };
}
