// Errors that the user reads: one class, with the boundary at which it arose. Exit codes are defined in src/cli/exit.ts;
// nothing below the command line ends the process.

/** The boundary at which an error arose. Each has one exit code (src/cli/exit.ts). */
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

/** An expected failure: its message says what was expected, what was found, and what to do. Printed without a stack. */
export class PlayactError extends Error {
  readonly boundary: Boundary;
  constructor(boundary: Boundary, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "PlayactError";
    this.boundary = boundary;
  }
}

/** Any thrown value as one line for logs, failure rows and messages. */
export function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The run was asked to stop; not a failure. Finished work is stored. Thrown by `session.pause()`, caught where a command ends. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}
