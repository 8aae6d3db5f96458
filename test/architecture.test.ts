// The shape of the sources, as a test: who may import whom, and the few habits that a reader relies on. Read from the import
// statements; nothing is executed.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  readonly from: string;
  /** "llm/llm.ts" for a file of ours, the specifier as written for a package. */
  readonly to: string;
  readonly typesOnly: boolean;
  /** `await import(…)`: only where it is reached. */
  readonly late: boolean;
}

interface Source {
  /** Relative to src, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

// `import type {…} from "x"`, `import {…} from "x"`, `export … from "x"`, `import "x"`
const statement = /^(?:import|export)\s+(?<what>[^"';]*?)\s*(?:from\s+)?"(?<target>[^"]+)"/gm;
const lateImport = /\bimport\(\s*"(?<target>[^"]+)"\s*\)/g;

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const late = new Set(text.matchAll(lateImport));
  for (const match of [...text.matchAll(statement), ...late]) {
    const target = match.groups?.target ?? "";
    const what = match.groups?.what ?? "";
    const to = target.startsWith(".") ? normalize(join(dirname(path), target)) : target;
    const names = /\{([^}]*)\}/
      .exec(what)?.[1]
      ?.split(",")
      .filter((name) => name.trim() !== "");
    const typesOnly = what.startsWith("type ") || (names?.every((name) => name.trim().startsWith("type ")) ?? false);
    found.push({ from: path, to, typesOnly, late: late.has(match) });
  }
  return found;
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

const sources: readonly Source[] = filesBelow(join(root, "src"), ".ts").map((path) => {
  const text = readFileSync(join(root, "src", path), "utf8");
  return { path, text, imports: importsOf(path, text) };
});
const imports = sources.flatMap((source) => source.imports);

/** The rooms of src/ by floor: what stands on one sees the floors below it. A file of the root is a room of its own. */
const floors: readonly (readonly string[])[] = [
  ["types"],
  ["types.ts", "errors.ts"],
  ["rng.ts", "pairs.ts", "concurrent.ts", "alive.ts"],
  ["config", "statistics"],
  ["models", "rules", "plan"],
  ["embed", "llm"],
  ["tools", "simulator", "learner"],
  ["tasks", "reward"],
  ["rollout", "store"],
  ["run", "health", "benchmark", "synth"],
  ["evaluate.ts", "warmup.ts", "synthesize.ts"],
  ["train.ts"],
  ["index.ts", "cli"],
  ["cli.ts"],
];
/** Rooms that wait for nothing and touch no file: values in, values out. */
const pure = (path: string) =>
  ["rules", "statistics", "plan"].includes(roomOf(path)) || (roomOf(path) === "reward" && path !== "reward/judge.ts");

function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}
const isOurs = (target: string) => target.endsWith(".ts");
const shown = ({ from, to }: Import) => `${from} imports ${to}`;

/** Importers of a package outside the files that may. */
function strangersTo(packageName: RegExp, allowed: RegExp): string[] {
  return imports.filter((one) => packageName.test(one.to) && !allowed.test(one.from)).map(shown);
}

describe("imports", () => {
  test("of every kind are found by this test's parser", () => {
    const text =
      'import "./a.ts";\nimport type { B } from "./b.ts";\nimport {\n  c,\n  type D,\n} from "../c.ts";\nexport { e } from "./e.ts";\nawait import("./f.ts");';
    const seen = importsOf("x/y.ts", text).map(({ to, typesOnly }) => `${to} ${typesOnly}`);
    expect(seen).toEqual(["x/a.ts false", "x/b.ts true", "c.ts false", "x/e.ts false", "x/f.ts false"]);
    expect(imports.length).toBeGreaterThan(100);
  });

  test("never go up or sideways, not even for types, and every room has a floor", () => {
    const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)));
    expect(sources.map(({ path }) => roomOf(path)).filter((room) => !floorOf.has(room))).toEqual([]);
    const lower = ({ from, to }: Import) => Number(floorOf.get(roomOf(to))) < Number(floorOf.get(roomOf(from)));
    expect(imports.filter((one) => isOurs(one.to) && roomOf(one.from) !== roomOf(one.to) && !lower(one)).map(shown)).toEqual([]);
  });

  test("of each heavy dependency are in one place", () => {
    expect(strangersTo(/^node-llama-cpp/, /^llm\/engine\/(addon|llama[\w-]*)\.ts$/)).toEqual([]);
    expect(strangersTo(/^@huggingface\/jinja/, /^llm\/text\/render\.ts$/)).toEqual([]);
    expect(strangersTo(/^better-sqlite3/, /^store\//)).toEqual([]);
    expect(strangersTo(/^onnxruntime/, /^embed\/embedder\.ts$/)).toEqual([]);
    expect(strangersTo(/^@huggingface\/tokenizers/, /^embed\/word-pieces\.ts$/)).toEqual([]);
    expect(strangersTo(/^commander/, /^cli(\/|\.ts$)/)).toEqual([]);
    expect(
      strangersTo(
        /^(node:)?child_process$/,
        /^(benchmark\/checker|learner\/torch|llm\/engine\/(nvidia|available)|cli\/relaunch|cli\/supervise|cli\/sql[\w-]*|models\/[\w-]+)\.ts$/,
      ),
    ).toEqual([]);
  });

  test("of the engine are late in train: the process that watches a run never loads it", () => {
    const loaded = new Set(["cli/train.ts"]);
    for (const path of loaded)
      for (const { from, to, typesOnly, late } of imports) if (from === path && isOurs(to) && !typesOnly && !late) loaded.add(to);
    expect(loaded.size).toBeGreaterThan(100);
    expect([...loaded].filter((path) => /^llm\/engine\/(addon|llama)/.test(path))).toEqual([]);
  });

  test("have no cycle", () => {
    expect(cycles()).toEqual([]);
  });
});

describe("names", () => {
  test("no exported name means two things", () => {
    const exported = /^export (?:async )?(?:function|const|interface|type|class) (\w+)/gm;
    const names = sources.flatMap(({ text }) => [...text.matchAll(exported)].map(([, name = ""]) => name));
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

test("scripts load from the built sources only what these export", () => {
  const loaded = /const \{([^{}=]+)\} = await load\("([\w/-]+)\.js"\)/g;
  const names = filesBelow(join(root, "scripts"), ".mjs").flatMap((path) =>
    [...readFileSync(join(root, "scripts", path), "utf8").matchAll(loaded)].flatMap(([, list = "", file = ""]) =>
      list.split(",").map((name) => ({ path, file: `${file}.ts`, name: name.trim().split(":")[0] ?? "" })),
    ),
  );
  expect(names.length).toBeGreaterThan(20);
  const exports = ({ file, name }: { readonly file: string; readonly name: string }) =>
    new RegExp(`^export (async )?(function|const|class) ${name}\\b|^export \\{[^}]*\\b${name}\\b`, "m").test(
      sources.find(({ path }) => path === file)?.text ?? "",
    );
  expect(names.filter((one) => !exports(one))).toEqual([]);
});

describe("pure parts", () => {
  const ruled = sources.filter(({ path }) => pure(path));

  test("rules/ is synchronous and reads no file", () => {
    expect(ruled.length).toBeGreaterThan(20);
    const impure = ruled.filter(
      ({ text, imports: own }) =>
        /\basync\b|\bawait\b|\bPromise\b|\bprocess\./.test(withoutComments(text)) ||
        own.some(({ to }) => to.startsWith("node:") && to !== "node:crypto"),
    );
    expect(impure.map(({ path }) => path)).toEqual([]);
  });
});

describe("habits", () => {
  test("every draw has a named seed: Math.random is never called", () => {
    expect(withText(/Math\.random/)).toEqual([]);
  });

  test("no cast disables type checking", () => {
    expect(withText(/\bas any\b|\bas unknown as\b|<any>|@ts-ignore|@ts-nocheck/)).toEqual([]);
  });

  test("each file starts with a comment on what it is", () => {
    const silent = sources.filter(({ text }) => !/^(#![^\n]*\n)?(\/\/|\/\*)/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("no file is longer than 300 lines", () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function withText(pattern: RegExp): string[] {
  return sources.filter(({ text }) => pattern.test(withoutComments(text))).map(({ path }) => path);
}

/** Rings of modules that import each other, be it for a type alone. */
function cycles(): string[] {
  const next = new Map(sources.map(({ path, imports: own }) => [path, own.filter(({ to }) => isOurs(to)).map(({ to }) => to)]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].join(" -> "));
    if (start !== -1 || done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return found;
}
