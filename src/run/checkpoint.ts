// Writes a checkpoint completely or not at all: into a temporary folder, made durable by the learner, then renamed. closeStep
// commits its row; a folder without a row does not count. The folder's name contains the writer's token, so that a process
// that lost the run and wakes up late never overwrites its successor's checkpoint. Next to the adapter is what a server needs: the
// template in Jinja, the dialect's name, the system prompt, and what the server cannot do as the policy did.
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { SavedAdapter } from "../learner/learner.ts";
import { instructionsIn, systemPromptUnder } from "../llm/text/system-prompt.ts";
import { systemPrompts } from "../simulator/prompts/task.ts";
import { awaitedSteps, checkpointFolder, forgetCheckpoint, listCheckpoints } from "../store/checkpoints.ts";
import { assertWriting } from "../store/lease.ts";
import { bestCheckpoint } from "../store/selection.ts";
import { difficulty, withFixed } from "../tasks/difficulty.ts";
import { commit } from "./commit.ts";
import type { Session } from "./session.ts";

export interface SavedCheckpoint {
  /** Final path of the GGUF adapter, and its content hash. */
  readonly gguf: string;
  readonly hash: string;
  /** What closeStep commits. */
  readonly row: { readonly folder: string; readonly adapterHash: string; readonly files: SavedAdapter["files"] };
}

/** The parts of a session that saving needs. */
export type Saving = Pick<Session, "config" | "writer" | "learner" | "template" | "folder" | "progress" | "signal">;

/** Saves the learner's state after a step, durably; waits if the disk is full. Throws if the run has another writer. */
export async function saveCheckpoint(session: Saving, step: number): Promise<SavedCheckpoint> {
  const { writer, learner } = session;
  const folder = join(session.folder, `checkpoint-${step}.${writer.token.slice(0, 8)}`);
  const temporary = `${folder}.tmp`;
  const saved = await commit(session, async () => {
    await rm(temporary, { recursive: true, force: true }); // left by a save that failed on a full disk
    await writeServing(join(temporary, "peft"), session);
    return learner.save(temporary); // the files that are there become part of it: hashed and durable
  });
  assertWriting(writer);
  await rename(temporary, folder);
  await syncFolder(session.folder);
  return {
    gguf: join(folder, relative(temporary, saved.gguf)),
    hash: saved.hash,
    // relative to the store's folder, so that the home folder can be moved
    row: { folder: relative(dirname(writer.store.path), folder), adapterHash: saved.hash, files: saved.files },
  };
}

async function writeServing(folder: string, { template, config }: Pick<Saving, "template" | "config">): Promise<void> {
  const { jinja, dialect, caveat } = template;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "chat_template.jinja"), jinja);
  // the prompt of the held-out tasks, which is that of training at the level where it began
  const { systemPrompt } = withFixed(
    difficulty(config.curriculum.start, config.difficulty),
    config.curriculum.fixed,
    config.difficulty,
  );
  const own = systemPrompts[systemPrompt] ?? systemPrompts[0];
  const system_prompt = systemPromptUnder(own, instructionsIn(config));
  const read = { dialect, chat_template: "chat_template.jinja", system_prompt, caveat }; // without a caveat JSON leaves the key out
  await writeFile(join(folder, "playact.json"), `${JSON.stringify(read, null, 2)}\n`);
}

/**
 * Removes checkpoints: those of step 0, the best step and the last step stay, those that another run is to go on from (parent.ts),
 * and the newest config.keepCheckpoints others. A step is scored before the next one closes, so that a new best one is never among
 * those removed.
 */
export async function removeOldCheckpoints(session: Session): Promise<void> {
  const { writer, config } = session;
  const all = listCheckpoints(writer.store, writer.run);
  const best = bestCheckpoint(writer.store, writer.run);
  const kept = [0, all[0]?.step, best?.step, ...awaitedSteps(writer.store, writer.run)];
  const others = all.filter(({ step }) => !kept.includes(step));
  for (const old of others.slice(config.keepCheckpoints)) {
    const folder = checkpointFolder(writer.store, old);
    const doomed = `${folder}.tmp`; // if killed from here on, the next start removes it
    assertWriting(writer);
    await rename(folder, doomed).catch(() => undefined); // already removed, before a kill or by the user
    await commit(session, () => forgetCheckpoint(writer, old.step));
    await rm(doomed, { recursive: true, force: true });
  }
}

/** A rename is durable once its parent folder is synced: otherwise a power cut may leave a row without its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
