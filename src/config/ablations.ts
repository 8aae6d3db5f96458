// The ablations of TRUSTEE (arXiv 2604.17739), SynthAgent (arXiv 2601.22511) and ToolMaster (arXiv 2601.12762) by name: partial configs applied over a preset.
// Each says what it is in its paper, and where this one is stricter. Several can be combined (resolve.ts). TRUSTEE ablates five
// dimensions of difficulty, each a set of aspects; ablations of a single aspect are not in the paper.

import { PlayactError } from "../errors.ts";
import { type Aspect, aspects, type Config, type ConfigInput } from "./config.ts";
import { nearest } from "./nearest.ts";

export interface Ablation {
  /** What it is in the paper, in a sentence. */
  readonly paper: string;
  readonly config: ConfigInput;
  /** Without this in a run's config nothing reads what it changes; absent: something always does. */
  readonly needs?: keyof typeof readers;
}

/** What only some runs have: whether a config has it, and how it gets it. */
const readers = {
  set: { in: ({ tasks }: Config) => tasks.source !== null, get: "a task set (tasks.source=NAME)" },
  trials: { in: ({ trial }: Config) => trial.turns > 0, get: "trials (trial.turns above 0)" },
  synth: { in: () => false, get: "the making of a task set (the command synth)" },
} as const;

const single: Readonly<Record<string, Ablation>> = {
  "no-curriculum": {
    paper: "No curriculum: all tasks at the hardest level. Their script starts at 100 with the rule on; here the level stays.",
    config: { curriculum: { start: 100, step: 0 } },
  },
  "no-soft-curriculum": {
    paper: "Strict curriculum: no task's aspects are drawn at random, all follow the level.",
    config: { curriculum: { epsilon: 0 } },
  },
  "withhold-intent": {
    paper: "User, tools and verifier do not know the user's intent; they see only the first message.",
    config: { simulator: { withhold: ["intent"] } },
  },
  "withhold-persona": {
    paper: "User and verifier do not know the user's persona.",
    config: { simulator: { withhold: ["persona"] } },
  },
  "withhold-expected-calls": {
    paper: "The verifier does not know the expected calls.",
    config: { simulator: { withhold: ["expected-calls"] } },
  },
};

/** Of SynthAgent: all but the last leave the task set as it is. */
export const setAblations: Readonly<Record<string, Ablation>> = {
  "no-information-gap": {
    paper: "The request says everything at once: the user holds nothing back.",
    config: { tasks: { gap: false } },
    needs: "set",
  },
  "no-memory": { paper: "The tools of a task remember nothing of its other episodes.", config: { simulator: { memory: false } } },
  "no-restriction": { paper: "Nothing is forbidden.", config: { tasks: { restricted: false } }, needs: "set" },
  "catalogue-tools": {
    paper: "Task sets are made with the tools of the catalogue instead of tools of their own (playact synth).",
    config: { synth: { tools: "catalogue" } },
    needs: "synth",
  },
};

/** Of ToolMaster. */
export const trialAblations: Readonly<Record<string, Ablation>> = {
  "no-trial": {
    paper: "No trial phase: tools are called as their pages say, and corrected after an error. The turns are as many in all.",
    config: { trial: { phase: false } },
    needs: "trials",
  },
  "no-notes": {
    paper: "Demonstrations go on after a trial without a note of what it told.",
    config: { trial: { notes: false } },
    needs: "trials",
  },
};

/** The paper's dimensions of difficulty. */
export const dimensions = {
  tool: ["numTools", "expectedToolCalls"],
  turn: ["expectedTurns", "maxUserTurns", "maxAssistantTurns", "maxToolTurns"],
  user: ["userPersona", "queryAmbiguity"],
  "system-prompt": ["systemPrompt"],
  criteria: ["numCriteria"],
} as const satisfies Readonly<Record<string, readonly Aspect[]>>;

const byDimension = Object.entries(dimensions).map(([dimension, fixed]): [string, Ablation] => [
  `fixed-${dimension}`,
  {
    paper: `The dimension ${dimension} is not in the curriculum: ${fixed.join(", ")} at their hardest from the first step.`,
    config: { curriculum: { fixed: [...fixed] } },
  },
]);

const kebab = (aspect: Aspect) => aspect.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const byAspect = aspects.map((aspect): [string, Ablation] => [
  `fixed-${kebab(aspect)}`,
  {
    paper: `Not in the paper: only ${aspect} is at its hardest from the first step.`,
    config: { curriculum: { fixed: [aspect] } },
  },
]);

/** All ablations by name. `fixed-system-prompt` is both an aspect and a dimension; the paper's sentence wins. */
export const ablations: Readonly<Record<string, Ablation>> = {
  ...single,
  ...setAblations,
  ...trialAblations,
  ...Object.fromEntries([...byAspect, ...byDimension]),
};

/** Why the first of these ablations that changes nothing in a task set does not; null: each changes something. */
export function inertInSet(names: readonly string[]): string | null {
  const inert = names.find((name) => ["set", "trials"].includes(ablationOf(name).needs ?? ""));
  if (inert === undefined) return null;
  return `--ablation ${inert} changes nothing in the making of a task set: it is about a run. Leave it out here, and give it to the run that trains on the set.`;
}

/** Why the first of these ablations that changes nothing in a run does not; null: each changes something. */
export function inertAblation(names: readonly string[], config: Config): string | null {
  for (const name of names) {
    const { needs } = ablationOf(name);
    if (needs !== undefined && !readers[needs].in(config))
      return `--ablation ${name} changes nothing in this run: it is about ${readers[needs].get}. Leave it out, or train a run that has that.`;
  }
  return null;
}

/** @throws PlayactError("usage") for an unknown name */
export function ablationOf(name: string): Ablation {
  const found = Object.hasOwn(ablations, name) ? ablations[name] : undefined;
  if (found !== undefined) return found;
  const meant = nearest(name, Object.keys(ablations));
  const hint = meant === null ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  const known = [
    ...Object.keys(single),
    ...Object.keys(setAblations),
    ...Object.keys(trialAblations),
    ...byDimension.map(([dimension]) => dimension),
  ].join(", ");
  throw new PlayactError("usage", `Unknown ablation ${JSON.stringify(name)}: expected ${known} or fixed-ASPECT.${hint}`);
}
