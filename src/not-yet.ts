// What the config can ask for and this version cannot do yet. Told before a run begins, in one sentence a key, so that no
// key of the published method is silently something else. Shrinks to nothing as the roles arrive, and is then removed.
import type { Config } from "./config.ts";
import { PlayactError } from "./errors.ts";

/** One clause for each key whose value this version cannot do. */
export function notYet({ simulator, reward }: Config): string[] {
  const clauses: (string | false)[] = [
    simulator.user !== "chosen" && `simulator.user=${simulator.user} (use chosen)`,
    simulator.tools !== "blueprint" && `simulator.tools=${simulator.tools} (use blueprint)`,
    !isBuilt(reward.verdict) && `reward.verdict=${reward.verdict} (use mixed or rules)`,
    ...simulator.withhold
      // rules judge by the expected calls, and who chooses sentences is not told the persona
      .filter((part) => part !== "intent")
      .map((part) => `simulator.withhold of ${part} (it needs written roles)`),
  ];
  return clauses.filter((clause) => clause !== false);
}

/** All of them in one sentence, or null where there is none. */
export function notYetSentence(config: Config): string | null {
  const clauses = notYet(config);
  if (clauses.length === 0) return null;
  return `This version cannot do yet: ${clauses.join(", ")}. The config is printed with --dry-run; set these keys with --set to run.`;
}

/** @throws PlayactError("config") that names every such key */
export function refuseNotYet(config: Config): void {
  const sentence = notYetSentence(config);
  if (sentence !== null) throw new PlayactError("config", sentence);
}

/** The verdicts that there are. */
export function isBuilt(verdict: Config["reward"]["verdict"]): verdict is "mixed" | "rules" {
  return verdict === "mixed" || verdict === "rules";
}
