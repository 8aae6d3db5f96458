// The judge of a run, for its episodes and for its demonstrations.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { parametersOf } from "../models/model.ts";
import { type Judge, openJudge } from "../reward/judge.ts";
import { criteriaCap } from "../simulator/criteria.ts";
import type { Session } from "./session.ts";

/** The parts of a session that episodes and their verdicts need; without a memory each episode is answered anew. */
export type PlayingSession = Pick<Session, "config" | "template" | "usage" | "signal"> &
  Partial<Pick<Session, "memory">> & { readonly engine: Pick<Session["engine"], "policy" | "vocabulary" | "simulator"> };

export function judgeOf({ config, template }: PlayingSession, verdict: Config["reward"]["verdict"]): Judge {
  const { withhold, maxCriteria } = config.simulator;
  const cap = maxCriteria ?? (verdict === "written" ? criteriaCap(sizeOf(config.models.simulator)) : 0);
  return openJudge({ verdict, dialect: template.dialect, withhold, maxCriteria: cap, rubric: config.reward });
}

/** Numbers in the model's weights; null for a model on a server, which does not say. */
function sizeOf(simulator: string): number | null {
  return serverOf(simulator) === null ? parametersOf(simulator) : null;
}
