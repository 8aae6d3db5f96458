// Errors for the user's eyes: one base, flat kinds named for the boundary that was crossed.
// Exit codes live in the command line (src/cli/exit.ts); nothing below it ends the process.

/** The boundary an error crossed. Each has one exit code (see src/cli/exit.ts). */
export const boundaries = [
  "usage",
  "config",
  "tools",
  "model",
  "template",
  "engine",
  "simulator",
  "learner",
  "store",
  "environment",
  "memory",
  "disk",
] as const;
export type Boundary = (typeof boundaries)[number];

/** An expected failure: its message says what was expected, what came, and what to do. Printed without a stack. */
export class PlayactError extends Error {
  readonly boundary: Boundary;
  constructor(boundary: Boundary, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "PlayactError";
    this.boundary = boundary;
  }
}

/** One line for logs, failure rows and messages, whatever was thrown. */
export function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The run was asked to stop: no failure. What was finished is stored; thrown by `session.pause()`, caught where a run begins. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}
