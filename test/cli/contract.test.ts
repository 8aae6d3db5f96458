// What the command line promises, asked of the built program itself: exit codes, one sentence for each mistake, data on stdout
// and messages on stderr, output that a pipe may cut but Playact never does. A real run is in test/e2e.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { findModel } from "../../src/models/manifest.ts";
import { openStep } from "../../src/store/steps.ts";
import { openStore } from "../../src/store/store.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import { exampleMessage, exampleTask, exampleTrajectory, newWriter, type Temporary, temporaryStore } from "../store/temporary.ts";
import { type Built, buildPackage } from "../support/built.ts";
import { type Ended, startPlayact } from "../support/playact.ts";
import { storeSet, temptingTask } from "../support/task-set.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-contract-"));
const home = join(folder, "home");
const empty = join(folder, "empty");
/** Sets a terminal's title, clears it, colours, turns direction around, hides: what no program of ours may pass on. */
const hostile = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202ecilam\u200b\u00ad\u{e0041}\u007f";
let built: Built;
let filled: Temporary;

beforeAll(() => {
  built = buildPackage();
  mkdirSync(empty);
  filled = temporaryStore();
  const writer = newWriter(filled.store); // this process writes the run, and lives
  openStep(writer, 1, { level: 3, policyVersion: 0 });
  saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
  const messages = [exampleMessage({ text: hostile })];
  saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory({ messages }));
  storeSet(filled.store, "none", []);
  storeSet(filled.store, "bad", [{ ...temptingTask(0), tools: [] }]);
});
afterAll(() => {
  filled[Symbol.dispose]();
  built[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

type Environment = Readonly<Record<string, string>>;

/** No models and no cache are here, and Python is some program that exists: whatever needs them must say so. */
const bare: Environment = { PLAYACT_HOME: home, PLAYACT_MODELS: empty, HF_HUB_CACHE: empty, PLAYACT_PYTHON: process.execPath };

function playact(words: readonly string[], environment: Environment = {}): Promise<Ended> {
  return startPlayact(built.path("cli.js"), words, folder, { ...bare, ...environment }).ended;
}

/** A file of this test's folder. */
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A folder whose one model has the right size and wrong bytes. */
function spoiltModels(): string {
  const models = join(folder, "spoilt");
  const { file: name, bytes } = findModel("smollm2-135m-instruct");
  mkdirSync(models);
  writeFileSync(join(models, name), "GGUF");
  truncateSync(join(models, name), bytes); // a file of holes: no disk is taken
  return models;
}

const tool = (name: string, parameters: unknown) => ({ type: "function", function: { name, description: "", parameters } });
const tools = (name: string, ...list: readonly unknown[]) => file(name, JSON.stringify(list));
const crossed = { type: "object", properties: { hours: { type: "integer", minimum: 9, maximum: 1 } } };
const takesNothing = { type: "object", properties: {} };

interface Mistake {
  readonly words: readonly string[];
  readonly environment?: Environment;
  readonly code: number;
  /** What the sentence must say. */
  readonly says: RegExp;
}

const train = (...words: readonly string[]) => ["train", "--preset", "tiny", ...words];

const mistakes: Readonly<Record<string, Mistake>> = {
  "an unknown command": { words: ["trian"], code: 2, says: /unknown command 'trian'[\s\S]*train/ },
  "a command named like a property of every object": { words: ["constructor"], code: 2, says: /unknown command 'constructor'/ },
  "an unknown option": { words: ["train", "--stesp", "2"], code: 2, says: /unknown option '--stesp'[\s\S]*--steps/ },
  "an option without its value": { words: ["train", "--steps"], code: 2, says: /--steps <n>.*argument missing/ },
  "an option's value of the wrong kind": { words: ["train", "--steps", "many"], code: 2, says: /'many'.*whole number/ },
  "an argument too many": { words: ["runs", "all"], code: 2, says: /too many arguments for 'runs'/ },
  "an unknown preset": {
    words: ["train", "--preset", "huge"],
    code: 2,
    says: /Unknown preset "huge".*laptop, evening, gpu-24gb, gpu-80gb, tiny/,
  },
  "an unknown config key": {
    words: train("--set", "rollout.groupsize=3"),
    code: 3,
    says: /Unknown config key "rollout\.groupsize"; did you mean "rollout\.groupSize"\?/,
  },
  "a config value of the wrong kind": { words: train("--set", "seed=often"), code: 3, says: /"seed".*expected number/ },
  "a switch of old where there are three answers": {
    words: train("--set", "engine.gpu=true"),
    code: 3,
    says: /"engine\.gpu".*"auto"\|"on"\|"off"/,
  },
  "executed tools without a set of assembled ones": {
    words: train("--set", "simulator.tools=executed"),
    code: 3,
    says: /"simulator\.tools": .*set tasks\.source/,
  },
  "a config value out of range": { words: train("--set", "tasks.decline=2"), code: 3, says: /"tasks\.decline"/ },
  "--set without a value": { words: train("--set", "steps"), code: 2, says: /--set expects key=value, got "steps"/ },
  "a config file that is not there": { words: train(join(folder, "none.yaml")), code: 3, says: /none\.yaml cannot be read/ },
  "a config file that is no YAML": {
    words: train(file("bad.yaml", "a: [1")),
    code: 3,
    says: /bad\.yaml is neither YAML nor JSON/,
  },
  "a config file with a list": { words: train(file("list.yaml", "- steps")), code: 3, says: /list\.yaml must contain an object/ },
  "a config file with an unknown key": {
    words: train(file("key.yaml", "step: 3")),
    code: 3,
    says: /"step"; did you mean "steps"\?/,
  },
  "a tools file that is not there": { words: train("--tools", join(folder, "none.json")), code: 3, says: /none\.json/ },
  "a tools file that is no JSON": { words: train("--tools", file("bad.json", "{")), code: 3, says: /bad\.json.* JSON/ },
  "a tools file with a broken schema": {
    words: train("--tools", tools("schema.json", tool("send", { type: "object", properties: { to: { type: "txet" } } }))),
    code: 3,
    says: /schema\.json: .*"send"/,
  },
  "a tools file with one name twice": {
    words: train("--tools", tools("twice.json", tool("send", takesNothing), tool("send", takesNothing))),
    code: 3,
    says: /"send".*twice/,
  },
  "a tools file with a tool that cannot be played": {
    words: train("--tools", tools("bounds.json", tool("send", takesNothing), tool("wait", crossed))),
    code: 3,
    says: /"wait" cannot be played: 'hours' asks for .*--skip-bad-tools/,
  },
  "an unknown model": {
    words: train("--set", "models.policy=gpt"),
    code: 4,
    says: /No model is called "gpt"\. Known models: qwen/,
  },
  "a policy on a server": {
    words: train("--set", "models.policy=http://127.0.0.1:9/v1#big"),
    code: 3,
    says: /"models\.policy": a policy is trained in this process; only models\.simulator and models\.teacher may be on a server/,
  },
  "a server's address without a model": {
    words: train("--set", "models.simulator=http://127.0.0.1:9/v1"),
    code: 3,
    says: /"models\.simulator": expected http:\/\/HOST:PORT\/v1#MODEL, got no model after #/,
  },
  "a server's address with a key in it": {
    words: train("--set", "models.simulator=http://me:sk-0123@127.0.0.1:9/v1#big"),
    code: 3,
    says: /^(?!.*sk-0123).*a key belongs in the environment variable PLAYACT_API_KEY/,
  },
  "a simulator's server that is down": {
    words: train("--set", "models.simulator=http://127.0.0.1:9/v1#big"),
    code: 4,
    says: /no server answers at http:\/\/127\.0\.0\.1:9\/v1 \(.*\): start it, or name a model of this machine/,
  },
  "a key that no header can hold": {
    words: train("--set", "models.simulator=http://127.0.0.1:9/v1#big"),
    environment: { PLAYACT_API_KEY: "sk 0123" },
    code: 4,
    says: /^(?!.*0123).*PLAYACT_API_KEY has blanks/,
  },
  "a model that is not downloaded": {
    words: train(),
    code: 4,
    says: /is not downloaded yet.*playact models get smollm2-135m-instruct/,
  },
  "a model file with a wrong hash": {
    words: train(),
    environment: { PLAYACT_MODELS: spoiltModels() },
    code: 4,
    says: /is not smollm2-135m-instruct: expected \d+ bytes with SHA-256 [0-9a-f]{64}, the file has [0-9a-f]{64}.*models get/,
  },
  "a missing Python": {
    words: train(),
    environment: { PLAYACT_PYTHON: "/nonexistent" },
    code: 4,
    says: /PLAYACT_PYTHON names \/nonexistent.*npm run setup/,
  },
  "a Python that is a folder": {
    words: ["models", "get", "qwen3-4b"],
    environment: { PLAYACT_PYTHON: folder },
    code: 4,
    says: /Python could not be started.*PLAYACT_PYTHON/,
  },
  "a home below a file": {
    words: train("--home", join(file("file", ""), "home")),
    code: 5,
    says: /Cannot write to .*file\/home.*--home or PLAYACT_HOME/,
  },
  "a home that is a file": { words: train("--home", file("plain", "")), code: 5, says: /Cannot write to .*plain/ },
  "a home that cannot be created": {
    words: train("--home", "/proc/nope/home"),
    code: 5,
    says: /Cannot write to \/proc\/nope\/home/,
  },
  "a store that is something else": {
    words: train("--home", foreignHome()),
    code: 1,
    says: /playact\.db: this is not a SQLite file/,
  },
  "runs of a home without any": { words: ["runs", "--home", empty], code: 1, says: /There is no store at .*empty/ },
  "tasks of an unknown model": { words: ["tasks", "--set", "models.policy=gpt"], code: 4, says: /No model is called "gpt"/ },
  "a level beyond the last": { words: ["tasks", "--level", "101"], code: 2, says: /1 to 100/ },
};

function foreignHome(): string {
  const foreign = join(folder, "foreign");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "playact.db"), "somebody's notes, longer than the header of a database ".repeat(20));
  return foreign;
}

/** One sentence (commander adds a line with the nearest name), no stack, nothing where data belongs. */
function expectSentence(ended: Ended, { code, says }: Pick<Mistake, "code" | "says">): void {
  expect(ended.stderr).toMatch(says);
  expect(ended.stderr).not.toMatch(/^\s+at |internal error/m);
  expect(ended.stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(3);
  expect(ended.stdout).toBe("");
  expect(ended.code).toBe(code);
}

describe("a mistake is reported in one sentence, with its exit code:", () => {
  test.concurrent.each(Object.entries(mistakes))("%s", async (_, mistake) => {
    expectSentence(await playact(mistake.words, mistake.environment), mistake);
  });

  test.concurrent.each<[string, readonly string[], number, RegExp]>([
    ["an unknown run", ["train", "--resume", "nope"], 2, /no run named nope\. Known runs, latest first: tiny-1/],
    ["a run that another process writes", ["train", "--resume", "--steps", "9"], 1, /tiny-1 is being written by process \d+/],
    ["another config for a run that has one", ["train", "--resume", "--set", "seed=2"], 2, /keeps its name and config/],
    ["a preset for a run that has a config", ["train", "--resume", "--preset", "tiny"], 2, /--resume does not go with --preset/],
    ["a dry run of a run that has a config", ["train", "--resume", "--dry-run"], 2, /--resume does not go with --dry-run/],
    [
      "no room for a prompt",
      train("--set", "rollout.responseTokens=4096"),
      3,
      /leaves no room for a prompt in engine.policyContext/,
    ],
    ["tasks of a preset that draws them from a set", ["tasks", "--preset", "laptop-synth"], 2, /synth assembled --export/],
    [
      "an unknown task set",
      train("--set", "tasks.source=nope"),
      2,
      /no task set named nope\. Known task sets, latest first: bad, none/,
    ],
    ["a task set without a task", train("--set", "tasks.source=none"), 2, /task set none has no task yet.*playact synth none/],
    [
      "a task set that restricts a tool it does not offer",
      train("--set", "tasks.source=bad"),
      3,
      /bad cannot be trained on: .*book_seats/,
    ],
    ["an unknown trajectory", ["show", "77"], 2, /no trajectory 77\. Stored ids are 1 to 1/],
    ["an id that is no number", ["show", "first"], 2, /'first'.*whole number/],
    ["SQL that writes", ["sql", "DELETE FROM run"], 2, /Only one SELECT.*not DELETE/],
    ["SQL that hides what it writes", ["sql", "WITH x AS (SELECT 1) DELETE FROM run"], 2, /Only queries that read/],
    ["SQL of an unknown table", ["sql", "SELECT * FROM steps"], 2, /no such table: steps.*step_summary/],
  ])("%s", async (_, words, code, says) => {
    expectSentence(await playact([...words, "--home", filled.home, ...(words[0] === "sql" ? ["--timeout", "60"] : [])]), {
      code,
      says,
    });
  });
});

test("a train that cannot start leaves no run behind", async () => {
  expect((await playact(train(), { PLAYACT_PYTHON: "/nonexistent" })).code).toBe(4);
  using store = openStore(join(home, "playact.db"), { readonly: true });
  expect(store.database.prepare("SELECT count(*) FROM run").pluck().get()).toBe(0);
});

describe("--help", () => {
  test("of a command comes on stdout, with code 0", async () => {
    const ended = await playact(["synth", "--help"]);
    expect(ended).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("--personas") });
  });

  test("of playact lists the commands for users and hides the worker", async () => {
    const ended = await playact(["--help"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    for (const command of "setup train eval plan runs show sql tasks synth models doctor".split(" ")) {
      expect(ended.stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    }
    expect(ended.stdout).not.toContain("worker");
  });

  test("comes on stderr, with code 2, if no command was given", async () => {
    expect(await playact([])).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("Usage: playact") });
  });

  test("--version prints the package's", async () => {
    expect(await playact(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("--skip-bad-tools", () => {
  test("names the tools that cannot be simulated and continues with the others", async () => {
    const path = tools("some.json", tool("send", takesNothing), tool("wait", crossed));
    const ended = await playact([...train("--tools", path), "--skip-bad-tools", "--dry-run"]);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/^playact: left out: .*the tool "wait" cannot be played: 'hours' asks for .*$/m);
    expect(JSON.parse(ended.stdout).tasks).toMatchObject({ tools: path, skipBadTools: true });
  });
});

describe("--dry-run", () => {
  test("prints the config that would be used, flags over the file over the preset, and writes nothing", async () => {
    const config = file("run.yaml", "steps: 5\nseed: 9\nrollout:\n  groupSize: 4\n");
    const unused = join(folder, "unused");
    const words = ["train", config, "--preset", "tiny", "--steps", "7", "--set", "seed=11", "--dry-run", "--home", unused];
    const ended = await playact(words);
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining("memory plan") });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      steps: 7,
      seed: 11,
      models: { policy: "smollm2-135m-instruct" },
      rollout: { groupSize: 4, temperature: 1 },
    });
    expect(existsSync(unused)).toBe(false);
  });

  test("of the preset trustee prints the published run", async () => {
    const set = ["policy", "simulator"].map((seat) => `models.${seat}=smollm2-135m-instruct`); // an 8B may not fit here
    const words = ["train", "--preset", "trustee", "--ablation", "no-soft-curriculum", "--dry-run", "--json"];
    const ended = await playact([...words, ...set.flatMap((one) => ["--set", one])]);
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining("memory plan") });
    const { config } = resolveConfig({ preset: "trustee", ablation: ["no-soft-curriculum"], set });
    expect(JSON.parse(ended.stdout)).toEqual(config);
    expect(config.curriculum.epsilon).toBe(0);
    expectSentence(await playact(["train", "--ablation", "none"]), { code: 2, says: /Unknown ablation "none"/ });
  });

  test("finds the same mistakes", async () => {
    const says = /did you mean "steps"/;
    expectSentence(await playact(["train", "--dry-run", "--set", "stepz=3"]), { code: 3, says });
  });
});

describe("untrusted text never reaches a terminal unescaped:", () => {
  const obeyed = /[^\P{Cc}\t\n]|[\u202e\u200b\u00ad]|\u{e0041}/u;
  const query = `SELECT '${hostile}' AS "${hostile}", 1 AS "__proto__"`;

  test.concurrent.each<[string, readonly string[], number]>([
    ["a tool's name, in the error that refuses it", train("--tools", tools("hostile.json", tool(hostile, { type: 7 }))), 3],
    ["a broken file's text", train("--tools", file("hostile.txt", `{"${hostile}`)), 3],
    ["a path", train("--tools", join(folder, hostile)), 3],
    ["a config key", train("--set", `${hostile}=1`), 3],
    ["a run's name", ["train", "--resume", hostile], 2],
    ["a model's name", ["models", "get", hostile], 4],
    ["an option", ["runs", `--${hostile}`], 2],
    ["a command", [hostile], 2],
    ["a query's error", ["sql", `SELECT "${hostile}" FROM nowhere`], 2],
    ["a query's answer", ["sql", query, "--timeout", "60"], 0],
    ["a query's answer as JSON", ["sql", query, "--timeout", "60", "--json"], 0],
    ["a conversation", ["show", "1"], 0],
    ["a conversation as JSON", ["show", "1", "--json"], 0],
  ])("%s", async (_, words, code) => {
    const ended = await playact(words, { PLAYACT_HOME: filled.home });
    expect(ended.code).toBe(code);
    expect(ended.stdout).not.toMatch(obeyed);
    expect(ended.stderr).not.toMatch(obeyed);
    expect(ended.stdout + ended.stderr).not.toContain("internal error");
    if (words.includes("--json"))
      expect(JSON.stringify(JSON.parse(ended.stdout))).toContain(JSON.stringify(hostile).slice(1, -1));
  });

  test("JSON keeps it, and a column called __proto__", async () => {
    const { stdout } = await playact(["sql", query, "--timeout", "60", "--json", "--home", filled.home]);
    expect(Object.entries(JSON.parse(stdout)[0])).toEqual([
      [hostile, hostile],
      ["__proto__", 1],
    ]);
  });
});

describe("a run that this version cannot resume", () => {
  test("is one line of `runs`, can be shown and asked, and gives one sentence when its config is needed", async () => {
    using temporary = temporaryStore();
    const { steps } = configSchema.parse({}); // of newWriter's runs
    const old = newWriter(temporary.store, "old");
    openStep(old, 1, { level: 3, policyVersion: 0 });
    saveTask(old, { step: 1, purpose: "train", index: 0 }, exampleTask());
    saveTrajectory(old, { step: 1, purpose: "train", task: 0 }, exampleTrajectory());
    newWriter(temporary.store, "new");
    temporary.store.database.exec("UPDATE run SET config = json_set(config, '$.gone', 1) WHERE name = 'old'");
    const asked = (...words: readonly string[]) => playact([...words, "--home", temporary.home]);

    const listed = (await asked("runs")).stdout.trimEnd().split("\n").slice(1);
    expect(listed).toHaveLength(2);
    expect(listed[0]).toMatch(new RegExp(`^new +tiny +running +0/${steps} `));
    expect(listed[1]).toMatch(new RegExp(`^old +tiny +running +0/${steps} +3 .*cannot be resumed: its config sets gone to 1`));
    expect(JSON.parse((await asked("runs", "--json")).stdout)[1]).toMatchObject({ run: "old", of: steps, adapter: null });
    expect(await asked("show", "1")).toMatchObject({ code: 0, stdout: expect.stringContaining("of run old") });
    expect(await asked("sql", "SELECT name FROM run", "--timeout", "60")).toMatchObject({ code: 0 });
    const says = /Run old cannot be resumed: its config sets gone to 1, .* version of Playact that started it \(0\.1\.0\)/;
    expectSentence(await asked("train", "--resume", "old"), { code: 1, says });
  });
});

test("a damaged page of the store is reported in one sentence", async () => {
  using temporary = temporaryStore();
  const { database } = temporary.store;
  newWriter(temporary.store);
  const page = Number(database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'run'").pluck().get());
  const size = Number(database.pragma("page_size", { simple: true }));
  database.pragma("wal_checkpoint(TRUNCATE)");
  const disk = openSync(temporary.path, "r+");
  writeSync(disk, Buffer.alloc(size), 0, size, (page - 1) * size);
  closeSync(disk);
  const says = /the store cannot be read \(database disk image is malformed\)\. Restore a copy/;
  expectSentence(await playact(["runs", "--home", temporary.home]), { code: 1, says });
});

describe("what goes to stdout", () => {
  test.concurrent.each<[string, readonly string[], number]>([
    ["runs", ["runs", "--json"], 0],
    ["show", ["show", "1", "--json"], 0],
    ["sql", ["sql", "SELECT * FROM trajectory_summary", "--json", "--timeout", "60"], 0],
    ["models ls", ["models", "ls", "--json"], 0],
    ["doctor, of a machine that is not ready", ["doctor", "--json"], 4],
  ])("is one JSON document with --json: %s", async (_, words, code) => {
    const ended = await playact(words, { PLAYACT_HOME: filled.home });
    expect(ended.code).toBe(code);
    expect(JSON.parse(ended.stdout)).toBeTypeOf("object");
  });

  const rows = 10_000;
  const large = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT i, printf('%.500d', i) AS text FROM n`;
  const sql = () => ["sql", large, "--json", "--timeout", "60", "--home", filled.home];

  test("is never cut: five megabytes arrive whole at a slow reader", async () => {
    const child = spawn(process.execPath, [built.path("cli.js"), ...sql()], { stdio: ["ignore", "pipe", "inherit"] });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) {
      chunks.push(chunk);
      await wait(2);
    }
    const output = Buffer.concat(chunks).toString();
    expect(output.length).toBeGreaterThan(5_000_000);
    expect(JSON.parse(output)).toHaveLength(rows);
  });

  test("may lose its reader: the command ends silently", async () => {
    const codes = join(folder, "codes");
    // output to the pipe; messages and exit code to a file
    const { output } = await shell(`{ ${quoted(sql())} 2>&1 >&3; echo "code $?"; } 3>&1 >'${codes}' | head -c 2`);
    expect(output).toBe("[\n");
    expect(readFileSync(codes, "utf8")).toBe("code 0\n");
  });

  test.runIf(existsSync("/dev/full"))("is reported on stderr, with code 5, if the disk is full", async () => {
    const { code, talk } = await shell(`${quoted(["runs", "--home", filled.home])} >/dev/full`);
    expect(talk).toMatch(/^playact: The output could not be written \(ENOSPC.*\n$/);
    expect(code).toBe(5);
  });
});

/** A command line of playact for sh. */
function quoted(words: readonly string[]): string {
  return [process.execPath, built.path("cli.js"), ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** Runs a line in sh, to the end of all its processes. */
async function shell(line: string) {
  const child = spawn("sh", ["-c", line], { stdio: ["ignore", "pipe", "pipe"] });
  let [output, talk] = ["", ""];
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    talk += chunk;
  });
  const [code] = await once(child, "close");
  return { code: code as number | null, output, talk };
}
