// A learner that survives the death of its process. If the child dies during a call, another one is started and brought to
// the same state (open, the last save or restore, the updates since, at rest if it was), and the call is repeated once. On the CPU this repeats
// the lost work bit for bit. A refusal by a running child is passed on. Once the run is stopped none is started, and no call goes on.
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import type { Kept } from "../types.ts";
import type { Learner, OpenReply, OpenRequest, UpdateRequest } from "./learner.ts";

/** A learner whose process can die; `failure` returns the reason, null while it runs. */
export interface MortalLearner extends Learner {
  failure(): PlayactError | null;
}

/**
 * Updates report `learner/restarts`, the restarts so far. Throws what `start` throws.
 * @param signal once it is aborted the learner is closed: pending calls reject, also in the middle of an update; at once, or when a
 *   process that is just starting has said hello
 */
export async function restartingLearner(start: () => Promise<MortalLearner>, signal: AbortSignal): Promise<Learner> {
  if (signal.aborted) throw stopped();
  let current = await start();
  let newest = current; // the one process that may be alive: while it is brought to the state of `current`, not yet that
  let reviving: Promise<void> | null = null; // several calls may fail because of one death
  let restarts = 0;
  let closed = false;
  let opened: { readonly request: OpenRequest; readonly reply: OpenReply } | null = null;
  let folder: string | null = null;
  let resting: Kept | null = null;
  let since: UpdateRequest[] = []; // at most those of one step: each step ends in a save

  async function revive(): Promise<void> {
    restarts += 1;
    await current.close();
    if (closed) throw stopped();
    const next = await start();
    newest = next;
    if (closed) await next.close(); // meanwhile: every call below is refused
    try {
      if (opened !== null) mustBeLike(opened.reply, await next.open(opened.request));
      if (folder !== null) await next.restore(whereItIs(folder));
      for (const request of since) await next.update(request);
      if (resting !== null) await next.rest(resting);
    } catch (reason) {
      await next.close();
      throw reason;
    }
    current = next;
  }

  /** `again`: undoes what the process that died in `work` left behind, before it is repeated. */
  async function call<T>(work: (learner: Learner) => Promise<T>, again?: () => Promise<void>): Promise<T> {
    const first = current;
    try {
      return await work(first);
    } catch (reason) {
      if (closed || first.failure() === null) throw reason;
      if (first === current) {
        reviving ??= revive().finally(() => {
          reviving = null;
        });
        await reviving;
      }
      await again?.();
      return await work(current);
    }
  }

  async function close(): Promise<void> {
    closed = true;
    await newest.close();
    await reviving?.catch(() => {});
  }

  if (signal.aborted) await close();
  else signal.addEventListener("abort", () => void close(), { once: true });

  return {
    async open(request) {
      const reply = await call((learner) => learner.open(request));
      opened = { request, reply };
      return reply;
    },
    logprobs: (samples, which, temperature) => call((learner) => learner.logprobs(samples, which, temperature)),
    async update(request) {
      const reply = await call((learner) => learner.update(request));
      since.push(request);
      return { ...reply, metrics: { ...reply.metrics, "learner/restarts": restarts } };
    },
    async save(path) {
      const given = await namesIn(path); // part of the save, as is an older one that makes the learner refuse
      const saved = await call(
        (learner) => learner.save(path),
        () => removeOthers(path, given),
      );
      [folder, since] = [saved.folder, []];
      return saved;
    },
    async restore(path) {
      await call((learner) => learner.restore(path));
      [folder, since] = [path, []];
    },
    async rest(keep) {
      const held = await call((learner) => learner.rest(keep));
      resting = keep;
      return held;
    },
    async wake() {
      await call((learner) => learner.wake());
      resting = null;
    },
    close,
  };
}

function stopped(): PlayactError {
  return new PlayactError("learner", "the learner was closed: the run is stopped");
}

/** Files and folders in `folder` and below, relative to it; none if there is no such folder. */
async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  return new Set(existsSync(folder) ? await readdir(folder, { recursive: true }) : []);
}

async function removeOthers(folder: string, given: ReadonlySet<string>): Promise<void> {
  for (const name of await namesIn(folder)) if (!given.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** The recorded device stays true: if the GPU is lost with the process, the run must not silently continue on the CPU. */
function mustBeLike(first: OpenReply, now: OpenReply): void {
  const [was, is] = [first, now].map(({ device, dtype, torch }) => `${device} in ${dtype} by torch ${torch}`);
  if (was === is) return;
  throw new PlayactError("learner", `the learner's process ended; it was on ${was} and would go on ${is}: resume the run`);
}

/** A save in NAME.tmp is renamed to NAME when the step is closed (checkpoint.ts). */
function whereItIs(folder: string): string {
  const renamed = folder.replace(/\.tmp$/, "");
  if (existsSync(folder)) return folder;
  if (existsSync(renamed)) return renamed;
  throw new PlayactError("learner", `the learner's process ended, and its last save in ${folder} is gone: resume the run`);
}
