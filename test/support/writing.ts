// A session that writes tasks with a real store and the scripted engine. The simulator fills in a city by the seed; the embedder is a
// table: the same city gives the same vector.
import { setMaxListeners } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import { Stopped } from "../../src/errors.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { draws } from "../../src/rng.ts";
import type { Session } from "../../src/run/session.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { Writer } from "../../src/store/lease.ts";
import { openStep } from "../../src/store/steps.ts";
import { anyTools } from "../../src/tools/distractors.ts";
import type { Json, JsonObject } from "../../src/types.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { findTrain } from "./blueprint.ts";
import { planWith } from "./plan.ts";

const cities = ["Bergen", "Trondheim", "Narva", "Malmo", "Turku", "Vaasa", "Tartu", "Riga"];

/** Fills in a city by the seed; where it is told to, it writes no valid call. */
function reply(request: ReplyRequest, invalid: (seed: number) => boolean): Json {
  const random = draws("reply", request.seed);
  if ("arguments_1" in (request.schema.properties as JsonObject)) {
    const to = invalid(request.seed) ? " " : random.pick(cities);
    return { arguments_1: { from: "Oslo", to, day: "2027-03-02" }, result_1: { train_id: "NT4", departs: "08:25" } };
  }
  const to = /to: (\w+)/.exec(request.messages.at(-1)?.content ?? "")?.[1] ?? "";
  return { message: `Which train goes from Oslo to ${to} on 2027-03-02?` };
}

/** What a test decides of the world around a series. */
export interface WritingWorld {
  readonly config?: ConfigInput;
  readonly invalid?: (seed: number) => boolean;
  /** Stop when so many tasks were taken. */
  readonly stopAt?: number;
  /** Milliseconds that a reply takes at most, drawn anew at each start. */
  readonly jitter?: number;
}

export function writingSession(writer: Writer, world: WritingWorld = {}): Session {
  const config = configSchema.parse({
    rollout: { simulatorTries: 1 },
    difficulty: presets.tiny.difficulty,
    tasks: { novelty: 0.9, hard: 0, parallel: 0 },
    ...world.config,
  });
  let taken = 0;
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // every reply listens
  const engine = scriptedEngine({
    reply: async (request) => {
      // the one wait of this test that is meant to differ from start to start
      await setTimeout((performance.now() * 1000) % ((world.jitter ?? 0) + 1));
      return reply(request, world.invalid ?? (() => false));
    },
  });
  return {
    config,
    writer,
    engine,
    learner: scriptedLearner(),
    plan: planWith(),
    template: episodeTemplate(engine.vocabulary, { dialect: "hermes", markers: "pieces" }),
    toolsets: { train: [{ domain: "travel", name: "trains", tools: [findTrain] }], heldOut: [] },
    embed: async (texts) => texts.map((text) => Float32Array.from(cities, (city) => Number(text.includes(city)))),
    distractors: anyTools,
    memory: null,
    usage: newUsage(),
    folder: "",
    progress: () => taken++,
    pause: () => {
      if (taken >= (world.stopAt ?? Number.POSITIVE_INFINITY)) throw new Stopped();
    },
    signal,
  };
}

/** A new run in a temporary store, with step 1 open at level 40. */
export function openedRun(): { readonly writer: Writer } & Disposable {
  const temporary = temporaryStore();
  const writer = newWriter(temporary.store);
  openStep(writer, 1, { level: 40, policyVersion: 0 });
  return { writer, [Symbol.dispose]: () => temporary[Symbol.dispose]() };
}
