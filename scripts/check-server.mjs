// Plays one step of the preset `tiny` with its simulator on a server, and prints what the store then has of it: the server, the
// tokens by role, the episodes and the failures. For servers that no test can bring along: llama-server, vLLM, transformers serve.
//   node scripts/check-server.mjs --url http://127.0.0.1:8080/v1#MODEL [--set key=value …] [--home FOLDER]
//     PLAYACT_API_KEY   the server's key, if it asks for one
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./setup/step.mjs";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
    home: { type: "string" },
  },
});
const { url, set } = values;
if (url === undefined) {
  process.stderr.write("check-server expects --url http://HOST:PORT/v1#MODEL.\n");
  process.exit(2);
}
const home = values.home ?? mkdtempSync(join(tmpdir(), "playact-server-"));
const run = (/** @type {readonly string[]} */ ...words) =>
  spawnSync(process.execPath, [join(root, "dist", "cli.js"), ...words, "--home", home], { stdio: "inherit" }).status ?? 1;

const settings = [`models.simulator=${url}`, ...set].flatMap((one) => ["--set", one]);
const trained = run("train", "--preset", "tiny", "--steps", "1", "--name", "server", ...settings);
if (trained !== 0) process.exit(trained);

const queries = [
  "select simulator_server, torch, engine from start_summary",
  "select step, name, value from metric where name like 'simulator/%' and value > 0 order by step, name",
  "select step, purpose, status, stop_reason, count(*) as episodes from episode group by step, purpose, status, stop_reason",
  "select step, boundary, code, substr(text, 1, 120) as text, count(*) as times from failure group by step, boundary, code, text",
];
for (const query of queries) process.exitCode ||= run("sql", query);
process.stdout.write(`The store is ${join(home, "playact.db")}.\n`);
