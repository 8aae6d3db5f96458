// Memory of the host that can be had without swapping. Node asks libuv, which counts free pages alone on macOS, where most of what can
// be had holds files: a Mac in use would seem to have no room for any model.
import { execFileSync } from "node:child_process";

/** In bytes. */
export function availableHost(): number {
  return (process.platform === "darwin" ? availableIn(vmStat()) : null) ?? process.availableMemory();
}

/** In bytes, from what vm_stat(1) prints: free, speculative and inactive pages, as psutil counts them; null if it prints something else. */
export function availableIn(printed: string): number | null {
  const pageBytes = Number(/page size of (\d+) bytes/.exec(printed)?.[1]);
  const pages = ["free", "speculative", "inactive"].map((kind) =>
    Number(new RegExp(`^Pages ${kind}:\\s+(\\d+)`, "m").exec(printed)?.[1]),
  );
  const bytes = pages.reduce((sum, count) => sum + count, 0) * pageBytes;
  return Number.isFinite(bytes) ? bytes : null;
}

function vmStat(): string {
  try {
    return execFileSync("vm_stat", { encoding: "utf8", timeout: 5_000 });
  } catch {
    return "";
  }
}
