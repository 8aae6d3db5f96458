// Makes a machine look as if it had an NVIDIA driver: an nvidia-smi on the PATH that answers.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A PATH with an nvidia-smi in `folder` that names one card of 24 GB, all of it free, after doing `first` (sh). */
export function pathWithCard(folder: string, first = ""): string {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const program = join(bin, "nvidia-smi");
  const answer = 'case "$*" in *memory.free*) echo 23034 ;; *) echo "NVIDIA L4, 570.86.15" ;; esac';
  writeFileSync(program, `#!/bin/sh\n${first}\n${answer}\n`);
  chmodSync(program, 0o755);
  return [bin, process.env.PATH].join(delimiter);
}

/** A Python in `folder` whose torch says so of this machine's card; null: it finds no CUDA. Returns its path. */
export function pythonThatSees(folder: string, card: { readonly bfloat16: boolean } | null): string {
  const found = card === null ? { accelerator: null, bfloat16: null } : { accelerator: "Tesla T4, 15 GiB", ...card };
  const program = join(folder, "python");
  writeFileSync(program, `#!/bin/sh\necho '${JSON.stringify({ python: "3.12.3", packages: { torch: "2.13.0" }, ...found })}'\n`);
  chmodSync(program, 0o755);
  return program;
}

/** A Python environment with NVIDIA's wheels; returns the interpreter and the folders of libraries. */
export function pythonWithCuda(folder: string, libraries: readonly string[] = ["libcudart.so.13"]) {
  const packages = join(folder, "venv", "lib", "python3.12", "site-packages", "nvidia");
  const folders = ["cu13", "cudnn"].map((name) => join(packages, name, "lib"));
  for (const made of [...folders, join(packages, "no-libraries")]) mkdirSync(made, { recursive: true });
  for (const library of libraries) writeFileSync(join(folders[0] ?? "", library), "");
  return { python: join(folder, "venv", "bin", "python"), folders };
}
