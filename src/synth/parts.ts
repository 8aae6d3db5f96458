// What the makers of tasks have at hand, opened by cli/open-synthesis.ts.
import type { Teacher } from "../rollout/teacher.ts";
import type { GrammarParser } from "../rules/schema/grammar.ts";
import type { Simulator } from "../simulator/simulator.ts";
import type { Toolset } from "../types.ts";

export interface Parts {
  /** Counts what it is asked for one persona. */
  readonly simulator: Simulator;
  /** llama.cpp's: a tool that it cannot parse cannot be played. */
  readonly parser: GrammarParser;
  /** Those of the config's tools, where tasks are drawn from them (synth.tools=catalogue); empty otherwise. */
  readonly toolsets: readonly Toolset[];
  /** Solves the written tasks; null where rules know the solution. */
  readonly teacher: Teacher | null;
}
