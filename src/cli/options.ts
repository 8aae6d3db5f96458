// Options that several commands share.
import { type Command, InvalidArgumentError } from "commander";
import { presets } from "../config/presets.ts";
import { PlayactError } from "../errors.ts";

/** Help text of every --preset option. */
export const presetHelp = `one of ${Object.keys(presets).join(", ")}`;

/** Help text of every --tools option. */
export const toolsHelp = "your own tools, a file or folder or taskset:NAME (playact synth), instead of the embedded catalogue";

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** --tools and --skip-bad-tools as settings of the config. */
export function toolSettings(options: { readonly tools?: string; readonly skipBadTools?: boolean }): string[] {
  return [
    ...(options.tools === undefined ? [] : [`tasks.tools=${JSON.stringify(options.tools)}`]),
    ...(options.skipBadTools === undefined ? [] : [`tasks.skipBadTools=${options.skipBadTools}`]),
  ];
}

/** Of a command that does one of several things: refuses what was given and this one does not use. @throws PlayactError("usage") */
export function refuseUnused(command: Command, doing: string, used: readonly string[]): void {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === "cli");
  const unused = given.map(({ long }) => long ?? "").filter((name) => name !== doing && !used.includes(name));
  if (unused.length === 0) return;
  const those = unused.join(" and ");
  throw new PlayactError("usage", `${doing} does not use ${those}, only ${used.join(", ")}. Leave out ${those}.`);
}

/** A whole number of at least 1, and at most `most`, for an option's value. */
export function atLeastOne(most = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? "of at least 1" : `from 1 to ${most}`;
  return (given: string): number => {
    const value = Number(given);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`expected a whole number ${range}.`);
    return value;
  };
}
