// The maker of tasks that a config names (synth.tools).
import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import type { Parts } from "./parts.ts";
import type { Synthesise } from "./stage.ts";

type Maker = (config: Config, parts: Parts) => Synthesise;

const makers: Readonly<Partial<Record<Config["synth"]["tools"], Maker>>> = {};

export function synthesiserOf(config: Config, parts: Parts): Synthesise {
  const maker = makers[config.synth.tools];
  if (maker === undefined) throw new PlayactError("config", `Config key "synth.tools": ${config.synth.tools} is not there yet.`);
  return maker(config, parts);
}
