// What a run is evaluated on and never trains on, where the config leaves it open: some of the catalogue's toolsets, or of a task
// set's personas. Of the user's own tools none: whoever brings tools wants a policy that is good at all of them.
import type { Config } from "./config.ts";

const usual = 0.25;

/** Share of the toolsets of each domain, or of the personas, 0..1. */
export function heldOutShare({ evaluation, tasks }: Config): number {
  return evaluation.heldOut ?? (tasks.tools === null ? usual : 0);
}
