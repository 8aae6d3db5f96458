// The maker of tasks that a config names (synth.tools).
import type { Config } from "../config/config.ts";
import { synthesiseAssembled } from "./assembled.ts";
import { synthesiseCatalogue } from "./catalogue.ts";
import type { Parts } from "./parts.ts";
import type { Synthesise } from "./stage.ts";
import { synthesiseWritten } from "./written/written.ts";

type Maker = (config: Config, parts: Parts) => Synthesise;

const makers: Readonly<Record<Config["synth"]["tools"], Maker>> = {
  assembled: synthesiseAssembled,
  catalogue: synthesiseCatalogue,
  written: synthesiseWritten,
};

export function synthesiserOf(config: Config, parts: Parts): Synthesise {
  return makers[config.synth.tools](config, parts);
}
