// Files of llama.cpp's own repository, from the git bundle that node-llama-cpp ships: vocabularies without weights and chat
// templates of other makers, as they publish them. So none of them needs a copy here.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { packageRoot } from "../../src/models/installation.ts";

const bundle = join(packageRoot, "node_modules/node-llama-cpp/llama/gitRelease.bundle");

export interface LlamaCppFiles extends Disposable {
  /** The text of models/templates/NAME.jinja. */
  template(name: string): string;
  /** A path to models/ggml-vocab-NAME.gguf. */
  vocabulary(name: string): string;
}

/** Unpacks the repository into a temporary folder; takes a second. */
export function openLlamaCppFiles(): LlamaCppFiles {
  const folder = mkdtempSync(join(tmpdir(), "playact-llama-cpp-"));
  execFileSync("git", ["clone", "--quiet", "--bare", bundle, join(folder, "git")], { stdio: "ignore" });
  const show = (path: string) =>
    execFileSync("git", ["show", `HEAD:${path}`], { cwd: join(folder, "git"), maxBuffer: 1 << 26, stdio: "pipe" });
  return {
    template: (name) => show(`models/templates/${name}.jinja`).toString(),
    vocabulary(name) {
      const path = `models/ggml-vocab-${name}.gguf`;
      const file = join(folder, basename(path));
      writeFileSync(file, show(path));
      return file;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
