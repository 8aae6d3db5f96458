// The shape of the sources, as a test: who may import whom, and the few habits that a reader relies on. Read from the import
// statements; nothing is executed.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  readonly from: string;
  /** "llm/llm.ts" for a file of ours, the specifier as written for a package. */
  readonly to: string;
  readonly typesOnly: boolean;
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
  for (const match of [...text.matchAll(statement), ...text.matchAll(lateImport)]) {
    const target = match.groups?.target ?? "";
    const what = match.groups?.what ?? "";
    const to = target.startsWith(".") ? normalize(join(dirname(path), target)) : target;
    const names = /\{([^}]*)\}/
      .exec(what)?.[1]
      ?.split(",")
      .filter((name) => name.trim() !== "");
    const typesOnly = what.startsWith("type ") || (names?.every((name) => name.trim().startsWith("type ")) ?? false);
    found.push({ from: path, to, typesOnly });
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
const isOurs = (target: string) => target.endsWith(".ts");
const shown = ({ from, to }: Import) => `${from} imports ${to}`;

/** Imports out of files that match `from`, to ours that match none of `allowed`. */
function forbidden(from: RegExp, allowed: readonly RegExp[]): string[] {
  return imports
    .filter((one) => from.test(one.from) && isOurs(one.to) && !allowed.some((pattern) => pattern.test(one.to)))
    .map(shown);
}

/** Importers of a package outside the files that may. */
function strangersTo(packageName: RegExp, allowed: RegExp): string[] {
  return imports.filter((one) => packageName.test(one.to) && !allowed.test(one.from)).map(shown);
}

describe("who may import whom", () => {
  test("the reader of imports sees every kind of import statement", () => {
    const text =
      'import "./a.ts";\nimport type { B } from "./b.ts";\nimport {\n  c,\n  type D,\n} from "../c.ts";\nexport { e } from "./e.ts";\nawait import("./f.ts");';
    const seen = importsOf("x/y.ts", text).map(({ to, typesOnly }) => `${to} ${typesOnly}`);
    expect(seen).toEqual(["x/a.ts false", "x/b.ts true", "c.ts false", "x/e.ts false", "x/f.ts false"]);
    expect(imports.length).toBeGreaterThan(100);
  });

  test("the contracts, and the one leaf beside them, import nothing of ours", () => {
    expect(forbidden(/^(types|errors|rng|side-by-side)\.ts$/, [])).toEqual([]);
  });

  test("tasks, reward, rollout and simulator see the contracts, each other and the port to models, never an engine or the store", () => {
    const allowed = [
      /^(types|errors|rng|config|side-by-side|json-text|thinking)\.ts$/,
      /^llm\/(llm|template)\.ts$/,
      /^schema\//,
      /^embed\/cosine\.ts$/, // numbers only; the vectors are handed in
      /^(tasks|reward|rollout|simulator)\//,
    ];
    expect(forbidden(/^(tasks|reward|rollout|simulator)\//, allowed)).toEqual([]);
  });

  test("the leaves take the config's types, not the config", () => {
    const real = imports.filter(
      (one) => /^(tasks|reward|rollout|simulator)\//.test(one.from) && one.to === "config.ts" && !one.typesOnly,
    );
    expect(real.map(shown)).toEqual([]);
  });

  test("the engine, the embedder and the learner know nothing of the loop, the store or the command line", () => {
    expect(forbidden(/^llm\//, [/^(types|errors|rng|config|json-text|thinking)\.ts$/, /^(llm|schema)\//])).toEqual([]);
    expect(forbidden(/^schema\//, [/^(types|errors|rng|json-text)\.ts$/, /^schema\//])).toEqual([]);
    expect(forbidden(/^embed\//, [/^errors\.ts$/, /^embed\//])).toEqual([]);
    expect(forbidden(/^learner\//, [/^(types|errors|rng|config|token-digest)\.ts$/, /^learner\//])).toEqual([]);
  });

  test("nothing imports the command line but itself", () => {
    expect(imports.filter((one) => /^cli(\/|\.ts$)/.test(one.to) && !/^cli(\/|\.ts$)/.test(one.from)).map(shown)).toEqual([]);
  });

  test("each heavy dependency is known in one place", () => {
    expect(strangersTo(/^node-llama-cpp/, /^llm\/(addon|llama[\w-]*)\.ts$/)).toEqual([]);
    expect(strangersTo(/^@huggingface\/jinja/, /^llm\/own-template\.ts$/)).toEqual([]);
    expect(strangersTo(/^better-sqlite3/, /^store\//)).toEqual([]);
    expect(strangersTo(/^onnxruntime/, /^embed\/embedder\.ts$/)).toEqual([]);
    expect(strangersTo(/^@huggingface\/tokenizers/, /^embed\/word-pieces\.ts$/)).toEqual([]);
    expect(strangersTo(/^commander/, /^cli(\/|\.ts$)/)).toEqual([]);
    expect(
      strangersTo(
        /^(node:)?child_process$/,
        /^(learner\/torch|llm\/nvidia|cli\/relaunch|cli\/supervise|cli\/sql[\w-]*|models\/[\w-]+)\.ts$/,
      ),
    ).toEqual([]);
  });

  test("no module needs itself, over whatever way", () => {
    expect(cycles()).toEqual([]);
  });
});

describe("pure parts", () => {
  const pure = sources.filter(({ path }) =>
    /^(reward|schema)\/|^tasks\/(difficulty|curriculum|distractors|draw-task|novelty|rejection|playable|tool-arguments)\.ts$|^learner\/batch\.ts$|^embed\/cosine\.ts$/.test(
      path,
    ),
  );

  test("reward, the rules and draws of tasks, and batch wait for nothing and touch no file", () => {
    expect(pure.length).toBeGreaterThanOrEqual(4);
    const impure = pure.filter(
      ({ text, imports: own }) =>
        /\basync\b|\bawait\b|\bPromise\b|\bprocess\./.test(withoutComments(text)) || own.some(({ to }) => to.startsWith("node:")),
    );
    expect(impure.map(({ path }) => path)).toEqual([]);
  });
});

describe("habits", () => {
  test("every draw has a named seed: nobody calls Math.random", () => {
    expect(withText(/Math\.random/)).toEqual([]);
  });

  test("no cast switches the types off", () => {
    expect(withText(/\bas any\b|\bas unknown as\b|<any>|@ts-ignore|@ts-nocheck/)).toEqual([]);
  });

  test("each file opens with what it is", () => {
    const silent = sources.filter(({ text }) => !/^(#![^\n]*\n)?(\/\/|\/\*)/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("no file is longer than 300 lines", () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  test("no file has a name that could hold anything", () => {
    const named = tracked().filter((path) =>
      /(^|[/_.-])(utils?|helpers?|common|managers?|handlers?)[._-]/i.test(path.split("/").at(-1) ?? ""),
    );
    expect(named).toEqual([]);
  });

  test("only the models' own sources are named, never the host of a package registry", () => {
    const hosts = [
      ["npmjs", "org"],
      ["npmjs", "com"],
      ["npmmirror", "com"],
      ["yarnpkg", "com"],
      ["pypi", "org"],
      ["pythonhosted", "org"],
    ];
    const pattern = new RegExp(hosts.map((host) => host.join("\\.")).join("|"));
    expect(tracked().filter((path) => pattern.test(readFileSync(join(root, path), "utf8")))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function withText(pattern: RegExp): string[] {
  return sources.filter(({ text }) => pattern.test(withoutComments(text))).map(({ path }) => path);
}

/** Everything that git carries. */
function tracked(): string[] {
  const listed = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" });
  return listed.split("\n").filter((path) => path !== "" && existsSync(join(root, path)));
}

/** Rings of modules that import each other when they run; imports of types vanish and do not count. */
function cycles(): string[] {
  const next = new Map(
    sources.map(({ path, imports: own }) => [
      path,
      own.filter(({ to, typesOnly }) => isOurs(to) && !typesOnly).map(({ to }) => to),
    ]),
  );
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
