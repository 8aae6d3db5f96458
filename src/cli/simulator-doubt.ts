// Whether a simulator may be too small for what a config asks of it: said at the start of a run, and stored with it. A warning, not
// a refusal: small models in all seats are how the loop itself is tried.
import type { Config } from "../config/config.ts";
import type { Kind } from "../health/examine.ts";
import type { Model } from "../models/model.ts";

/** Written verdicts of smaller models are little better than chance (docs/simulator-health.md). */
const leastForVerdict = 4e9;

/** The kinds of the health check that a config needs; rules run executed tools, and a rubric is decided by rules or written. */
export function kindsAsked({ simulator, reward }: Pick<Config, "simulator" | "reward">): Kind[] {
  const verdict: Kind = reward.verdict === "rubric" ? `verdict/${reward.items}` : `verdict/${reward.verdict}`;
  const tools: Kind[] = simulator.tools === "executed" ? [] : [`tools/${simulator.tools}`];
  return [verdict, `user/${simulator.user}`, ...tools];
}

/**
 * One or two sentences; null: no doubt.
 * @param health what stored health checks found of this file (store/health-checks.ts)
 */
export function simulatorDoubt(
  config: Pick<Config, "simulator" | "reward">,
  { name, parameters }: Pick<Model, "name" | "parameters">,
  health: ReadonlyMap<string, boolean>,
): string | null {
  const doubts: string[] = [];
  const isWritten = kindsAsked(config).includes("verdict/written");
  if (isWritten && parameters < leastForVerdict && health.get("verdict/written") !== true) {
    const key = config.reward.verdict === "rubric" ? "reward.items" : "reward.verdict";
    doubts.push(
      `${name} has ${(parameters / 1e9).toFixed(1)}B parameters: under 4B a written verdict is little better than chance. Take a larger simulator, or set ${key}=rules.`,
    );
  }
  const failed = kindsAsked(config).filter((kind) => health.get(kind) === false);
  if (failed.length > 0)
    doubts.push(`The last health check of ${name} did not trust it with ${failed.join(", ")}, which this config asks of it.`);
  return doubts.length === 0 ? null : doubts.join(" ");
}
