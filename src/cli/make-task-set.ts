// Makes a task set, or goes on with one, and prints what came of it.
import { dirname } from "node:path";
import { inertInSet } from "../config/ablations.ts";
import type { Config } from "../config/config.ts";
import { configKeys, resolveConfig } from "../config/resolve.ts";
import { PlayactError } from "../errors.ts";
import { withCheckedAddresses } from "../run/seats.ts";
import { simulatorOf } from "../run/session.ts";
import { endingWhenAway } from "../simulator/server-away.ts";
import { commandFor } from "../store/home.ts";
import type { Store } from "../store/store.ts";
import {
  addPersonas,
  checkSetName,
  createTaskSet,
  knownTaskSet,
  openPlaces,
  type Persona,
  personasIn,
  type TaskSet,
  taskSetConfig,
} from "../store/task-sets.ts";
import { synthesiserOf } from "../synth/choose.ts";
import { personasOf } from "../synth/persona.ts";
import { synthesize } from "../synthesize.ts";
import type { SynthesisModels } from "./open-synthesis.ts";
import { eraseLine, type Print } from "./output.ts";
import { checkOwnTools } from "./own-tools.ts";
import { openProgress } from "./progress.ts";
import { stoppable } from "./stoppable.ts";
import { printTaskSet } from "./task-set-report.ts";

/** Personas of a new set, if nobody says how many. */
const defaultPersonas = 60;

/** What was said of the config. */
export interface ConfigWords {
  readonly preset?: string;
  readonly ablation: readonly string[];
  readonly set: readonly string[];
}

export interface MakeWords extends ConfigWords {
  readonly number?: number;
  readonly personas?: string;
  readonly json?: boolean;
}

interface Prints {
  readonly print: Print;
  readonly progress: Print;
}

/** @throws PlayactError("simulator") if no task is kept */
export async function makeTaskSet(store: Store, name: string, words: MakeWords, prints: Prints): Promise<void> {
  const known = knownTaskSet(store, name);
  if (known === null) checkSetName(name);
  const config = known === null ? newSetConfig(words) : keptConfig(store, known, words);
  const personas = personasOf(words.personas ?? null);
  const before = known === null ? [] : personasIn(store, known);
  const count = words.number ?? (before.length || defaultPersonas);
  if (count > before.length) checkSamePersonas(name, before, personas);
  const { findSynthesisModels } = await import("./open-synthesis.ts"); // late: the engine is slow to load for --help
  // wrong tools and models are reported before anything is stored
  if (known === null) await checkOwnTools(config, dirname(store.path));
  const models = await findSynthesisModels(config);
  /** Stored when everything is open: a set keeps its config, and its name is gone for another one. */
  const begin = (): TaskSet => {
    const set = known ?? createTaskSet(store, name, config);
    // after the last persona the first is next
    addPersonas(store, set, { first: before.length, personas: taken(personas, before.length, count) });
    return set;
  };
  const began = performance.now();
  const isDone = known !== null && count <= before.length && openPlaces(store, known, count).length === 0;
  if (!isDone) await work({ store, name, begin, config, models, count }, prints);
  const set = knownTaskSet(store, name);
  if (set === null) return; // stopped before anything was stored
  printTaskSet(store, set, { seconds: (performance.now() - began) / 1000, json: words.json ?? false }, prints.print);
}

/** The config of a new set. */
export function newSetConfig({ preset, ablation, set }: ConfigWords): Config {
  const inert = inertInSet(ablation);
  if (inert !== null) throw new PlayactError("config", inert);
  const config = withCheckedAddresses(resolveConfig({ preset: preset ?? "laptop-synth", ablation, set }).config);
  const { tools } = config.tasks;
  if (tools !== null && config.synth.tools !== "catalogue")
    throw new PlayactError(
      "config",
      `Config key "tasks.tools": the tools of this set are made for it (synth.tools is ${config.synth.tools}), so ${tools} would not be used. Also set synth.tools=catalogue, or leave tasks.tools out.`,
    );
  return config;
}

/** A set keeps its config. @throws PlayactError("usage") if another one is asked for, naming the keys */
function keptConfig(store: Store, set: TaskSet, words: ConfigWords): Config {
  const kept = taskSetConfig(store, set);
  if (words.preset === undefined && words.ablation.length + words.set.length === 0) return kept;
  const asked = newSetConfig(words);
  const other = configKeys().filter((key) => JSON.stringify(valueAt(kept, key)) !== JSON.stringify(valueAt(asked, key)));
  if (other.length === 0) return kept;
  const shown = other.slice(0, 4).map((key) => `${key} (is ${JSON.stringify(valueAt(kept, key))})`);
  throw new PlayactError(
    "usage",
    `The task set ${set.name} keeps the config that it was begun with, which differs in ${shown.join(", ")}${other.length > 4 ? " …" : ""}. Leave out --preset, --ablation and --set, or choose another name.`,
  );
}

function valueAt(config: Config, key: string): unknown {
  return key.split(".").reduce<unknown>((tree, part) => (tree as Readonly<Record<string, unknown>>)[part], config); // a key of configKeys()
}

/** The personas of the places from `first` on, below `end`. */
function taken(personas: readonly Persona[], first: number, end: number): readonly Persona[] {
  const places = Array.from({ length: Math.max(0, end - first) }, (_, index) => (first + index) % personas.length);
  return places.flatMap((at) => personas.slice(at, at + 1));
}

/** A set gets more of the personas that it was begun with. @throws PlayactError("usage") for others, naming the first that differs */
function checkSamePersonas(name: string, before: readonly Persona[], personas: readonly Persona[]): void {
  const expected = taken(personas, 0, before.length);
  const at = before.findIndex(({ text }, place) => text !== expected[place]?.text);
  if (at < 0) return;
  throw new PlayactError(
    "usage",
    `The task set ${name} was begun with other personas: number ${at + 1} is ${JSON.stringify(before[at]?.text)}, and would be ${JSON.stringify(expected[at]?.text)}. Give the file that it was begun with (--personas; without one, they are our 40), or choose another name.`,
  );
}

interface Work {
  readonly store: Store;
  readonly name: string;
  readonly begin: () => TaskSet;
  readonly config: Config;
  readonly models: SynthesisModels;
  readonly count: number;
}

async function work({ store, name, begin, config, models, count }: Work, { print, progress }: Prints): Promise<void> {
  const { openSynthesis } = await import("./open-synthesis.ts"); // late, as above
  const stopped = () =>
    knownTaskSet(store, name) === null
      ? "Nothing was stored yet."
      : `What is finished is stored; go on with: ${commandFor(store, `synth ${name}`)}`;
  await stoppable(
    async (pause) => {
      await using opened = await openSynthesis(config, models, store);
      pause(); // asked to stop while all was opened: the name stays free
      const { engine, counters } = opened;
      const output = { out: print, err: progress, erase: eraseLine, terminal: process.stderr.isTTY, json: false };
      const shown = openProgress({ ...output, counters });
      await synthesize(
        {
          ...{ store, set: begin(), seed: config.seed, width: opened.sequences, pause, progress: shown.show },
          signal: new AbortController().signal, // a second Ctrl-C ends the process
          synthesiser: (usage) =>
            synthesiserOf(config, { ...opened, simulator: endingWhenAway(simulatorOf({ config, engine, usage })) }),
        },
        count,
      ).finally(shown.end);
    },
    { pieces: "personas", stopped },
    progress,
  );
}
