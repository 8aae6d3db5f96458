// Cleans up a run's folder. Only folders named .tmp (an unfinished save, or an old checkpoint being removed) and old checkpoints
// are removed; any other folder without a row in the store is moved to lost/ next to runs/.
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe } from "../errors.ts";
import { strayFolders } from "../store/checkpoints.ts";
import { assertWriting } from "../store/lease.ts";
import { removeOldCheckpoints } from "./checkpoint.ts";
import type { Session } from "./session.ts";

/** Tidies the run's folder; reports in one line what was moved where. */
export async function tidy(session: Session): Promise<void> {
  const { writer, folder, progress } = session;
  await removeOldCheckpoints(session);
  assertWriting(writer);
  for (const stray of strayFolders(writer.store, writer.run, folder)) {
    if (stray.endsWith(".tmp")) await rm(stray, { recursive: true, force: true });
    else progress({ kind: "warning", text: await moved(stray, folder), step: 0 });
  }
}

/** Moves a folder to lost/RUN-NAME-N with the lowest free N; returns a sentence about it. */
async function moved(stray: string, run: string): Promise<string> {
  const lost = join(dirname(dirname(run)), "lost");
  let n = 1;
  const place = () => join(lost, `${basename(run)}-${basename(stray)}-${n}`);
  while (existsSync(place())) n++;
  try {
    await mkdir(lost, { recursive: true });
    await rename(stray, place());
    return `${stray} belongs to no step of this run; it was moved to ${place()}, remove it if you do not need it`;
  } catch (error) {
    return `${stray} belongs to no step of this run and could not be moved to ${lost} (${describe(error)}); it stays where it is`;
  }
}
