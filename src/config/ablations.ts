// The ablations of TRUSTEE (arXiv 2604.17739) by name: partial configs over a preset, like presets.ts. Each says what it is
// in the paper, and where ours is cleaner than theirs. Several add up (resolve-config.ts). The paper ablates five dimensions
// of difficulty, each a set of aspects; single aspects by name are our own.

import { PlayactError } from "../errors.ts";
import { type Aspect, aspects, type ConfigInput } from "./config.ts";
import { nearest } from "./nearest.ts";

export interface Ablation {
  /** What it is in the paper, in a sentence. */
  readonly paper: string;
  readonly config: ConfigInput;
}

const single: Readonly<Record<string, Ablation>> = {
  "no-curriculum": {
    paper: "No curriculum: all tasks at the hardest level. Their script starts at 100 with the rule alive; here the level stays.",
    config: { curriculum: { start: 100, step: 0 } },
  },
  "no-soft-curriculum": {
    paper: "Strict curriculum: no task's aspects are drawn at random, all follow the level.",
    config: { curriculum: { epsilon: 0 } },
  },
  "withhold-intent": {
    paper: "User, tools and verifier are not told what the user truly wants; they see the first message alone.",
    config: { simulator: { withhold: ["intent"] } },
  },
  "withhold-persona": {
    paper: "User and verifier are not told who the user is.",
    config: { simulator: { withhold: ["persona"] } },
  },
  "withhold-expected-calls": {
    paper: "The verifier is not told which calls were expected.",
    config: { simulator: { withhold: ["expected-calls"] } },
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
    paper: `The dimension ${dimension} out of the curriculum: ${fixed.join(", ")} at their hardest from the first step on.`,
    config: { curriculum: { fixed: [...fixed] } },
  },
]);

const kebab = (aspect: Aspect) => aspect.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const byAspect = aspects.map((aspect): [string, Ablation] => [
  `fixed-${kebab(aspect)}`,
  {
    paper: `Not in the paper: ${aspect} alone is at its hardest from the first step on.`,
    config: { curriculum: { fixed: [aspect] } },
  },
]);

/** All of them by name. The system prompt is a dimension of one aspect: its name is the paper's. */
export const ablations: Readonly<Record<string, Ablation>> = {
  ...single,
  ...Object.fromEntries([...byAspect, ...byDimension]),
};

/** @throws PlayactError("usage") for a name that there is not */
export function ablationOf(name: string): Ablation {
  const found = Object.hasOwn(ablations, name) ? ablations[name] : undefined;
  if (found !== undefined) return found;
  const meant = nearest(name, Object.keys(ablations));
  const hint = meant === null ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  const known = [...Object.keys(single), ...byDimension.map(([dimension]) => dimension)].join(", ");
  throw new PlayactError("usage", `Unknown ablation ${JSON.stringify(name)}: expected ${known} or fixed-ASPECT.${hint}`);
}
