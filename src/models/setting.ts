// Environment variables of Playact's own, read in one way.

export type Environment = Readonly<Record<string, string | undefined>>;

/** Folder of the weights, the learner's interpreter, and the mark of a process that was started a second time. */
type SettingName = "PLAYACT_MODELS" | "PLAYACT_PYTHON" | "PLAYACT_RELAUNCHED";

/** The value of a variable; null if it is unset or, as `PLAYACT_PYTHON= playact setup` leaves it, empty. */
export function setting(name: SettingName, env: Environment = process.env): string | null {
  return env[name] || null;
}
