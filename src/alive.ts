// Whether a process lives: by its number, what one that was killed has left beside a file can be told from what one writes now.

/** Whether a process of this machine has this number; one of another user is alive too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
