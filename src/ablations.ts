// The ablations of TRUSTEE (arXiv 2604.17739) by name: partial configs over a preset, like presets.ts. Each says what it is
// in the paper, and where ours is cleaner than theirs. `--ablation` lays them over the preset, in order.
import { type Aspect, aspects, type ConfigInput } from "./config.ts";
import { PlayactError } from "./errors.ts";
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

const kebab = (aspect: Aspect) => aspect.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const byAspect = aspects.flatMap((aspect): [string, Ablation][] => [
  [
    `fixed-${kebab(aspect)}`,
    {
      paper: `One dimension out of the curriculum: ${aspect} is at its hardest from the first step, the others follow the level.`,
      config: { curriculum: { fixed: [aspect] } },
    },
  ],
  [
    `only-${kebab(aspect)}`,
    {
      paper: `One dimension alone in the curriculum: ${aspect} follows the level, the others are at their hardest.`,
      config: { curriculum: { fixed: aspects.filter((other) => other !== aspect) } },
    },
  ],
]);

/** All of them by name. */
export const ablations: Readonly<Record<string, Ablation>> = { ...single, ...Object.fromEntries(byAspect) };

/** @throws PlayactError("usage") for a name that there is not */
export function ablationOf(name: string): Ablation {
  const found = Object.hasOwn(ablations, name) ? ablations[name] : undefined;
  if (found !== undefined) return found;
  const meant = nearest(name, Object.keys(ablations));
  const hint = meant === null ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  throw new PlayactError(
    "usage",
    `Unknown ablation ${JSON.stringify(name)}: expected ${Object.keys(single).join(", ")}, fixed-ASPECT or only-ASPECT.${hint}`,
  );
}
