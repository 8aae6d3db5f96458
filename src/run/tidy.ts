// Order in a run's folder. Removed is only what is named .tmp (half of a save, or an old checkpoint on its way out) and the
// checkpoints that are too old; a folder that no row names is not ours to judge and is moved to lost/ beside the runs.
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe } from "../errors.ts";
import { strayFolders } from "../store/checkpoints.ts";
import { assertWriting } from "../store/lease.ts";
import { removeOldCheckpoints } from "./checkpoint.ts";
import type { Session } from "./session.ts";

/** Tidies the folder of the run that this process writes; says in a line what was moved where. */
export async function tidy(session: Session): Promise<void> {
  const { writer, folder, progress } = session;
  await removeOldCheckpoints(session);
  assertWriting(writer);
  for (const stray of strayFolders(writer.store, writer.run, folder)) {
    if (stray.endsWith(".tmp")) await rm(stray, { recursive: true, force: true });
    else progress({ kind: "warning", text: await moved(stray, folder), step: 0 });
  }
}

/** Moves a folder to lost/RUN-NAME-N with the lowest N that is free, and says so. */
async function moved(stray: string, run: string): Promise<string> {
  const lost = join(dirname(dirname(run)), "lost");
  let n = 1;
  const place = () => join(lost, `${basename(run)}-${basename(stray)}-${n}`);
  while (existsSync(place())) n++;
  try {
    await mkdir(lost, { recursive: true });
    await rename(stray, place());
    return `${stray} belongs to no step of this run; it is now ${place()}, remove it if you do not need it`;
  } catch (error) {
    return `${stray} belongs to no step of this run and could not be moved to ${lost} (${describe(error)}); it stays`;
  }
}
