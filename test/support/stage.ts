// Where scripted episodes are played: the double of the engine behind a scene, a record of what it was asked, and the two
// things a test wants to decide: what the policy says turn by turn, and what the user picks from the menu.
import type { ChooseRequest, ReplyRequest, SampleRequest } from "../../src/llm/llm.ts";
import { type Script, scriptedEngine } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import type { Scene } from "../../src/rollout/rollout.ts";
import type { Json } from "../../src/types.ts";

export interface Asked {
  readonly samples: SampleRequest[];
  readonly replies: ReplyRequest[];
  readonly choices: ChooseRequest[];
}

export interface Stage {
  readonly scene: Scene;
  readonly asked: Asked;
  readonly engine: ReturnType<typeof scriptedEngine>;
}

export interface Play {
  /** The policy's turns in order (null: sampled from the double's own distribution); the last one is said again and again. */
  readonly turns?: readonly (string | null)[];
  readonly say?: Script["say"];
  /** The simulator's reply; without one it must not be asked, and the test fails where it is. */
  readonly reply?: (request: ReplyRequest) => Json | Promise<Json>;
  /** Log-probs of a menu; without one it must not be asked either. */
  readonly choose?: Script["choose"];
  readonly contextTokens?: number;
  readonly markers?: "tokens" | "pieces";
}

export function stage(play: Play, change: Partial<Scene> = {}): Stage {
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
  const scene: Scene = {
    policy: engine.policy,
    vocabulary: engine.vocabulary,
    template: episodeTemplate(engine.vocabulary, play.markers ?? "pieces"),
    dialect: "hermes",
    simulator: engine.simulator,
    patience: { tries: 3, deadlineMs: 10_000 },
    temperature: 1,
    turnMs: 10_000,
    parallelCalls: 3,
    toolChars: 512,
    user: "chosen",
    tools: "blueprint",
    withhold: [],
    ...change,
  };
  return { scene, asked, engine };
}

/** The sentences of a menu in the order of its letters. */
export function menuOf(request: ChooseRequest): string[] {
  return [...(request.messages.at(-1)?.content ?? "").matchAll(/^\([A-H]\) (.*)$/gm)].map((match) => match[1] ?? "");
}

/** True where the user's menu is weighed against a conversation in which the assistant has said nothing. */
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
