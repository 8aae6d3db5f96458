// Preset + ablations + file + --set -> one checked Config. Precedence, highest first: flags, file, ablations, preset, defaults.
// A list replaces the lower one; lists of several ablations are merged.
// Every mistake is one sentence: what was expected, what was found, which key was probably meant.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { z } from "zod";
import { describe, PlayactError } from "../errors.ts";
import { ablationOf } from "./ablations.ts";
import { type Config, configSchema } from "./config.ts";
import { configFault } from "./faults.ts";
import { nearest } from "./nearest.ts";
import { isPreset, type Preset, presets } from "./presets.ts";

type Tree = { [key: string]: unknown };

export interface ConfigRequest {
  readonly preset: string;
  /** Names of ablations (ablations.ts), combined and applied over the preset. */
  readonly ablation?: readonly string[] | undefined;
  /** YAML or JSON file. */
  readonly file?: string | undefined;
  /** "key.path=value"; the value is read as YAML (numbers, booleans, lists, text). */
  readonly set: readonly string[];
  readonly steps?: number | undefined;
}

/** @throws PlayactError("usage") for an unknown preset or ablation, PlayactError("config") for invalid keys and values */
export function resolveConfig(request: ConfigRequest): { readonly preset: Preset; readonly config: Config } {
  const { preset } = request;
  if (!isPreset(preset)) {
    throw new PlayactError(
      "usage",
      `Unknown preset ${JSON.stringify(preset)}: expected one of ${Object.keys(presets).join(", ")}.`,
    );
  }
  let tree = structuredClone(presets[preset]) as Tree; // presets are plain objects
  const ablated = (request.ablation ?? []).map((name) => structuredClone(ablationOf(name).config) as Tree); // as above
  tree = merge(
    tree,
    ablated.reduce((all, one) => merge(all, one, united), {}),
  );
  if (request.file !== undefined) tree = merge(tree, readTree(request.file));
  for (const assignment of request.set) tree = merge(tree, assigned(assignment));
  if (request.steps !== undefined) tree = merge(tree, { steps: request.steps });
  return { preset, config: checkConfig(tree) };
}

/** Validates a config and fills in defaults. @throws PlayactError("config") listing every mistake */
export function checkConfig(tree: unknown): Config {
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) throw new PlayactError("config", parsed.error.issues.map(sentence).join("\n"));
  const fault = configFault(parsed.data);
  if (fault !== null) throw new PlayactError("config", fault);
  return parsed.data;
}

function sentence(issue: z.core.$ZodIssue): string {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys
      .map((key) => {
        const full = path === "" ? key : `${path}.${key}`;
        const meant = nearest(full, configKeys());
        return `Unknown config key ${JSON.stringify(full)}${meant === null ? "" : `; did you mean ${JSON.stringify(meant)}?`}`;
      })
      .join("\n");
  }
  return `Config key ${JSON.stringify(path)}: ${issue.message}.`;
}

/** All keys as dotted paths, in schema order. */
export function configKeys(): string[] {
  const walk = (value: unknown, prefix: string): string[] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, item]) => walk(item, prefix === "" ? key : `${prefix}.${key}`))
      : [prefix];
  return walk(configSchema.parse({}), "");
}

function readTree(file: string): Tree {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new PlayactError(
      "config",
      `The config file ${file} cannot be read (${describe(error)}). Give the path of a YAML or JSON file.`,
    );
  }
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (error) {
    throw new PlayactError("config", `The config file ${file} is neither YAML nor JSON: ${describe(error).split("\n")[0]}`);
  }
  if (!isTree(tree))
    throw new PlayactError(
      "config",
      `The config file ${file} must contain an object of keys, got ${tree === null ? "nothing" : Array.isArray(tree) ? "a list" : typeof tree}.`,
    );
  // docs/config.md has the keys with dots, as --set takes them
  return Object.entries(tree).reduce<Tree>((all, [key, value]) => merge(all, nested(key, value)), {});
}

function assigned(assignment: string): Tree {
  const at = assignment.indexOf("=");
  if (at < 1) throw new PlayactError("usage", `--set expects key=value, got ${JSON.stringify(assignment)}.`);
  let value: unknown;
  try {
    value = parse(assignment.slice(at + 1));
  } catch (error) {
    throw new PlayactError("usage", `--set ${assignment}: the value is not YAML: ${describe(error).split("\n")[0]}`);
  }
  return nested(assignment.slice(0, at), value);
}

/** The value in its place: of "engine.gpu" {engine: {gpu: value}}. */
function nested(path: string, value: unknown): Tree {
  return path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree; // a path has a key
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Lists = (below: readonly unknown[], above: readonly unknown[]) => readonly unknown[];
const replaced: Lists = (_, above) => above;
const united: Lists = (below, above) => [...new Set([...below, ...above])];

/** Own keys only, including `__proto__`: the schema then rejects it as unknown. */
function merge(base: Tree, over: Tree, lists = replaced): Tree {
  const laid = Object.entries(over).map(([key, value]) => {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    if (isTree(value) && isTree(below)) return [key, merge(below, value, lists)] as const;
    return [key, Array.isArray(value) && Array.isArray(below) ? lists(below, value) : value] as const;
  });
  return Object.fromEntries([...Object.entries(base), ...laid]);
}
