// A learner that survives the death of its process. If the child dies during a call, another one is started and brought to
// the same state (open, the last save or restore, the updates since, at rest if it was), and the call is repeated once. On the CPU this repeats
// the lost work bit for bit. A refusal by a running child is passed on.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import type { Kept } from "../types.ts";
import type { Learner, OpenReply, OpenRequest, UpdateRequest } from "./learner.ts";

/** A learner whose process can die; `failure` returns the reason, null while it runs. */
export interface MortalLearner extends Learner {
  failure(): PlayactError | null;
}

/** Updates report `learner/restarts`, the restarts so far. Throws what `start` throws. */
export async function restartingLearner(start: () => Promise<MortalLearner>): Promise<Learner> {
  let current = await start();
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
    const next = await start();
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

  async function call<T>(work: (learner: Learner) => Promise<T>): Promise<T> {
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
      return await work(current);
    }
  }

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
      const fresh = !existsSync(join(path, "state.json"));
      const saved = await call(async (learner) => {
        if (fresh) await rm(path, { recursive: true, force: true }); // left by a process that died in this call
        return learner.save(path);
      });
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
    async close() {
      closed = true;
      await reviving?.catch(() => {});
      await current.close();
    },
  };
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
