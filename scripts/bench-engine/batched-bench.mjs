// Peer of bench-engine.mjs: llama.cpp's own llama-batched-bench, built once from the sources that the installed
// node-llama-cpp carries (a git bundle; no network). Needs git, cmake and a C++ compiler. Prints one JSON line.
//   node scripts/bench-engine/batched-bench.mjs MODEL THREADS SEQUENCES,…
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { shape } from "./work.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const [path = "", threads = "2", list = "8"] = process.argv.slice(2);
const source = join(root, ".bench", "llama.cpp");
const program = join(source, "build", "bin", "llama-batched-bench");
const run = (/** @type {string} */ file, /** @type {readonly string[]} */ args) =>
  execFileSync(file, args, { stdio: ["ignore", "ignore", "inherit"] });

if (!existsSync(program)) {
  process.stderr.write("bench: building llama-batched-bench from node-llama-cpp's llama.cpp sources; some minutes, once\n");
  const bundle = join(root, "node_modules", "node-llama-cpp", "llama", "gitRelease.bundle");
  if (!existsSync(source)) run("git", ["-c", "advice.detachedHead=false", "clone", "-q", bundle, source]);
  const off = ["LLAMA_CURL", "LLAMA_BUILD_SERVER", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_OPENSSL"];
  const options = ["-DCMAKE_BUILD_TYPE=Release", "-DLLAMA_BUILD_TOOLS=ON", ...off.map((name) => `-D${name}=OFF`)];
  run("cmake", ["-S", source, "-B", join(source, "build"), ...options]);
  run("cmake", ["--build", join(source, "build"), "--target", "llama-batched-bench", "-j", String(availableParallelism())]);
}
const most = Math.max(...list.split(",").map(Number));
const output = execFileSync(
  program,
  [
    ...["-m", path, "-t", threads, "-b", "512", "-c", String(most * (shape.prompt + shape.new))],
    ...["-npp", String(shape.prompt), "-ntg", String(shape.new), "-npl", list, "--output-format", "jsonl"],
  ],
  { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
);
const rows = output.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
const column = (/** @type {string} */ name) => Object.fromEntries(rows.map((row) => [String(row.pl), row[name]]));
// it does not sample: an upper bound for decoding with any sampler
process.stdout.write(`${JSON.stringify({ prefill_tok_s: column("speed_pp"), decode_tok_s: column("speed_tg") })}\n`);
