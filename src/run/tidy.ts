// Cleans up a run's folder. Only folders named .tmp (an unfinished save, or an old checkpoint being removed) and old checkpoints
// are removed; any other folder without a row in the store is moved to lost/ next to runs/, or in the run's own folder where that is
// on another disk.
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe } from "../errors.ts";
import { strayFolders } from "../store/checkpoints.ts";
import { assertWriting } from "../store/lease.ts";
import { removeOldCheckpoints } from "./checkpoint.ts";
import type { Session } from "./session.ts";

/** The parts of a session that moving its folders needs. */
type Moving = Pick<Session, "writer" | "folder" | "progress">;

const lostName = "lost";

/** Tidies the run's folder; reports in one line what was moved where. */
export async function tidy(session: Session): Promise<void> {
  const { writer, folder } = session;
  await removeOldCheckpoints(session);
  assertWriting(writer);
  for (const left of strayFolders(writer.store, writer.run, folder))
    if (left.endsWith(".tmp")) await rm(left, { recursive: true, force: true });
  await setAside(session, lostFolders(session));
}

/** Folders of the run that no step has, and that are not removed: somebody may want what is in them. */
export function lostFolders({ writer, folder }: Moving): readonly string[] {
  return strayFolders(writer.store, writer.run, folder).filter((path) => !path.endsWith(".tmp") && basename(path) !== lostName);
}

/** Moves folders out of the run and reports each in one line, with the reason; returns those that could not be moved. */
export async function setAside(
  { writer, folder, progress }: Moving,
  folders: readonly string[],
  reason = "belongs to no step of this run",
): Promise<readonly string[]> {
  const stayed: string[] = [];
  for (const path of folders) {
    assertWriting(writer);
    const { place, faults } = await moved(path, folder);
    if (place === null) stayed.push(path);
    const text =
      place === null
        ? `could not be moved (${faults.join("; ")}); it stays where it is`
        : `was moved to ${place}, remove it if you do not need it`;
    progress({ kind: "warning", text: `${path} ${reason}; it ${text}` });
  }
  return stayed;
}

/** Moves a folder to RUN-NAME-N, with the lowest free N, in lost/ or in the run's own; null: it could be moved to neither. */
async function moved(path: string, run: string): Promise<{ readonly place: string | null; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  for (const parent of [dirname(dirname(run)), run]) {
    const lost = join(parent, lostName);
    let n = 1;
    const place = () => join(lost, `${basename(run)}-${basename(path)}-${n}`);
    while (existsSync(place())) n++;
    try {
      await mkdir(lost, { recursive: true });
      await rename(path, place());
      return { place: place(), faults };
    } catch (error) {
      faults.push(describe(error));
    }
  }
  return { place: null, faults };
}
