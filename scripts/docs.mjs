// Writes the generated tables of docs/: the command line from the commands' help, the config from its schema and presets,
// the metrics from their list, what SynthAgent and ToolMaster set from their presets (synthagent-rows.mjs, toolmaster-rows.mjs). The text around the tables is written by hand.
//   node scripts/docs.mjs            writes
//   node scripts/docs.mjs --check    writes nothing; exit 1 if a page is out of date
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { root } from "./setup/step.mjs";
import { synthAgentRows } from "./synthagent-rows.mjs";
import { toolMasterRows } from "./toolmaster-rows.mjs";

/** @typedef {import("commander").Command} Command */

const write = "node scripts/docs.mjs";
/** Commands in the order of use; others come last. */
const order = ["setup", "plan", "train", "runs", "show", "sql", "eval", "tasks", "synth", "models", "doctor"];

/**
 * Builds the current sources (dist may be older) into a folder inside node_modules, so that packages are found.
 * @template T
 * @param {(load: (file: string) => Promise<any>, folder: string) => Promise<T>} work
 */
async function withBuilt(work) {
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "playact-docs-"));
  try {
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = ["-p", root, "--outDir", folder, "--noCheck", "--declaration", "false"];
    execFileSync(process.execPath, [tsc, ...options], { stdio: "inherit" });
    return await work((file) => import(pathToFileURL(join(folder, file)).href), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Every command that a module of cli/ makes (`…Command()`), except hidden ones (without a description).
 * @param {(file: string) => Promise<any>} load
 * @param {string} folder
 * @returns {Promise<Command[]>}
 */
async function commands(load, folder) {
  /** @type {Command[]} */
  const found = [];
  const files = readdirSync(join(folder, "cli")).filter((file) => file.endsWith(".js") && file !== "sql-child.js");
  for (const file of files) {
    for (const [name, make] of Object.entries(await load(`cli/${file}`))) if (name.endsWith("Command")) found.push(make());
  }
  const place = (/** @type {Command} */ command) => (order.indexOf(command.name()) + order.length + 1) % (order.length + 1);
  return found.filter((command) => command.description() !== "").sort((a, b) => place(a) - place(b));
}

/**
 * A command and its options as rows, followed by those of its subcommands.
 * @param {Command} command
 * @param {string} parent
 * @returns {string[]}
 */
function commandRows(command, parent) {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command).filter((below) => below.name() !== "help");
  const name = `${parent} ${command.name()}`;
  if (subcommands.length > 0) return subcommands.flatMap((below) => commandRows(below, name));
  const usage = command.registeredArguments.map((argument) => help.argumentTerm(argument));
  const shown = command.registeredArguments.map(({ required, variadic }, index) => {
    const term = `${usage[index]}${variadic ? "…" : ""}`;
    return required ? `<${term}>` : `[${term}]`;
  });
  const options = help.visibleOptions(command).filter((option) => option.long !== "--help");
  return [
    row(`**${code([name, ...shown].join(" "))}**`, command.description()),
    ...command.registeredArguments.map((argument, index) => row(code(shown[index] ?? ""), argument.description)),
    ...options.map((option) => {
      const value = option.defaultValue;
      const worthSaying = value !== undefined && !Array.isArray(value);
      return row(code(option.flags), `${option.description}${worthSaying ? ` (default: ${code(String(value))})` : ""}`);
    }),
  ];
}

/**
 * A table for each part of the config: key, default, what each preset sets instead, meaning.
 * @param {any} schema JSON Schema of the config
 * @param {Record<string, any>} presets
 */
function configTables(schema, presets) {
  const rows = configRows(schema, Object.values(presets));
  const differs = Object.keys(presets).map((_, index) => rows.some(({ instead }) => instead[index] !== ""));
  const shown = (/** @type {readonly string[]} */ cells) => cells.filter((_, index) => differs[index]);
  const parts = [...new Set(rows.map(({ part }) => part))];
  return parts.flatMap((part) => [
    ...[`### ${part}`, "", row("key", "default", ...shown(Object.keys(presets).map(code)), "meaning")],
    `|${"---|".repeat(3 + shown(Object.keys(presets)).length)}`,
    ...rows.filter((one) => one.part === part).map((one) => row(one.key, one.value, ...shown(one.instead), one.meaning)),
    "",
  ]);
}

/**
 * @param {any} schema
 * @param {readonly any[]} presets
 * @param {string} prefix
 * @returns {{ part: string, key: string, value: string, instead: string[], meaning: string }[]}
 */
function configRows(schema, presets, prefix = "") {
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    const key = prefix + name;
    const set = presets.map((preset) => preset?.[name]);
    if (property.properties) return configRows(property, set, `${key}.`);
    if (!property.description) throw new Error(`config key ${key} has no describe() text`);
    const choices = property.enum ? ` One of ${property.enum.map(code).join(", ")}.` : "";
    const own = JSON.stringify(property.default);
    const instead = set.map((value) => (value === undefined || JSON.stringify(value) === own ? "" : code(JSON.stringify(value))));
    const part = key.includes(".") ? key.slice(0, key.indexOf(".")) : "the run";
    return { part, key: code(key), value: code(own), instead, meaning: property.description + choices };
  });
}

/** @param {readonly { name: string, unit: string, sentence: string }[]} metrics */
function metricTable(metrics) {
  return [row("name", "unit", "meaning"), "|---|---|---|", ...metrics.map((one) => row(code(one.name), one.unit, one.sentence))];
}

/**
 * A table for each part of the page of a paper: what it says (and its code, where there is one to read), ours as the preset resolves
 * to it, why.
 * @param {Readonly<Record<string, readonly { key: string, paper: string, code?: string, why: string }[]>>} parts
 * @param {any} config of the preset
 */
function paperTables(parts, config) {
  return Object.entries(parts).flatMap(([part, rows]) => {
    const hasCode = rows.some((one) => one.code !== undefined);
    const titles = ["paper", ...(hasCode ? ["their code"] : []), "ours", "why"];
    return [
      ...[`### ${part}`, "", row(...titles), `|${"---|".repeat(titles.length)}`],
      ...rows.map(({ key, paper, code: theirs, why }) => {
        const value = key.split(".").reduce((branch, name) => branch[name], config);
        if (value === undefined) throw new Error(`there is no config key ${key}`);
        const ours = `${code(key)} ${typeof value === "string" ? value : JSON.stringify(value)}`;
        return row(paper, ...(theirs === undefined ? [] : [theirs]), ours, why);
      }),
      "",
    ];
  });
}

/** @param {string} text */
function code(text) {
  return `\`${text}\``;
}

/** @param {readonly string[]} cells */
function row(...cells) {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/**
 * The text with its generated block replaced.
 * @param {string} text
 * @param {string} name
 * @param {readonly string[]} lines
 */
function replaced(text, name, lines) {
  const [open, close] = [`<!-- generated: ${name} (${write}) -->`, `<!-- /generated: ${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start === -1 || end < start) throw new Error(`docs/${name}.md lacks the markers ${open} … ${close}`);
  return `${text.slice(0, start + open.length)}\n\n${lines.join("\n").trimEnd()}\n\n${text.slice(end)}`;
}

/** @type {Record<string, string[]>} name of the page and of its block -> lines */
const generated = await withBuilt(async (load, folder) => {
  const { configSchema } = await load("config/config.js");
  const { presets } = await load("config/presets.js");
  const { resolveConfig } = await load("config/resolve.js");
  const { metricList } = await load("run/metric-list.js");
  const rows = (await commands(load, folder)).flatMap((command) => commandRows(command, "playact"));
  return {
    cli: [row("command, argument or option", "meaning"), "|---|---|", ...rows],
    config: configTables(z.toJSONSchema(configSchema, { io: "input" }), presets),
    metrics: metricTable(metricList),
    synthagent: paperTables(synthAgentRows, resolveConfig({ preset: "synthagent", set: [] }).config),
    toolmaster: paperTables(toolMasterRows, resolveConfig({ preset: "toolmaster", set: [] }).config),
  };
});

for (const [name, lines] of Object.entries(generated)) {
  const page = join(root, "docs", `${name}.md`);
  const before = readFileSync(page, "utf8");
  const after = replaced(before, name, lines);
  if (after === before) {
    process.stdout.write(`docs/${name}.md is up to date.\n`);
  } else if (process.argv.includes("--check")) {
    process.stderr.write(`docs/${name}.md is out of date. Update it with: ${write}\n`);
    const old = new Set(before.split("\n"));
    for (const line of after.split("\n")) if (!old.has(line)) process.stderr.write(`  + ${line}\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(page, after);
    process.stdout.write(`docs/${name}.md was updated.\n`);
  }
}
