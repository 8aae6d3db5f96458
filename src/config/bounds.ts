// Bounds of a config that belong together, and whether they are in order. Pure.
import type { Config } from "./config.ts";

/** What is wrong, as a sentence that says what to do; null: nothing. */
export function boundsFault({
  curriculum,
  rollout,
  steps,
  tasks,
}: Pick<Config, "curriculum" | "rollout" | "steps" | "tasks">): string | null {
  const { floor, cap, start, lowerAt, raiseAt } = curriculum;
  const { lowest, highest } = rollout.temperatureControl;
  if (floor > cap)
    return `Config key "curriculum.floor": the lowest level (${floor}) is above the highest, curriculum.cap (${cap}). Lower the one or raise the other.`;
  // with a task set the level stays where it starts
  if (tasks.source === null && steps > 1 && (start < floor || start > cap))
    return `Config key "curriculum.start": the first step is at level ${start}, and the levels go from ${floor} to ${cap}: the second would jump there. Set curriculum.start within them, or curriculum.${start < floor ? "floor" : "cap"}=${start}.`;
  if (lowerAt > raiseAt)
    return `Config key "curriculum.lowerAt": the level would fall at a mean reward of ${lowerAt}, which is above the one at which it rises, curriculum.raiseAt (${raiseAt}). Lower the one or raise the other.`;
  if (lowest > highest)
    return `Config key "rollout.temperatureControl.lowest": the lowest temperature (${lowest}) is above the highest, rollout.temperatureControl.highest (${highest}). Lower the one or raise the other.`;
  return null;
}
