// The pages against the project: every query runs on a store that was filled by the store's own functions, every link leads
// somewhere, every file, command and option that is named exists. The generated tables are held by `node scripts/docs.mjs --check`.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { storeMark } from "../src/store/benchmark.ts";
import { runQuery } from "../src/store/console.ts";
import { recordEvaluation } from "../src/store/evaluations.ts";
import { recordFailure } from "../src/store/failures.ts";
import { setRunConfig } from "../src/store/runs.ts";
import { recordStart } from "../src/store/starts.ts";
import { closeStep, openStep } from "../src/store/steps.ts";
import type { Store } from "../src/store/store.ts";
import { addPersonas, findTaskSet, importTasks, keepStage } from "../src/store/task-sets.ts";
import { saveTask } from "../src/store/tasks.ts";
import { saveTrajectory } from "../src/store/trajectories.ts";
import type { Purpose, Task, Trajectory } from "../src/types.ts";
import {
  exampleDevices,
  exampleForm,
  exampleMessage,
  exampleTask,
  exampleTrajectory,
  newWriter,
  scoredGroup,
  type Temporary,
  temporaryStore,
} from "./store/temporary.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const inDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));
const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "models/README.md", "native/README.md"],
  ...inDocs.map((path) => `docs/${path.replaceAll("\\", "/")}`),
];

/** The code blocks of one language. */
function blocks(language: string, text: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, of, body]) => (of === language ? [body ?? ""] : []));
}

const call = { name: "forecast", arguments: { city: "Oslo" } };
const calling = exampleMessage({
  role: "assistant",
  text: "Hi.",
  ids: [4, 5],
  logprobs: [-0.5, -1.25],
  turnReward: 1,
  calls: [call],
});
const trials = { "trial/turns": 1, "trial/telling": 1, "trial/idle": 0, "trial/harm": 1, "trial/solved": 0 };

/** Two runs, the first with everything that a query may ask for: warm-up, a step, evaluations, an abort, a checkpoint. */
function fill(store: Store): void {
  const writer = newWriter(store, "laptop-1");
  const ids = new Map<string, number>();
  const save = (at: [number, Purpose, number], task: Task, samples: readonly Partial<Trajectory>[], phase = "") => {
    const [step, purpose, index] = at;
    if (phase !== "step 1") saveTask(writer, { step, purpose, index }, task);
    for (const [sample, change] of samples.entries()) {
      const messages = [exampleMessage(), calling];
      const trajectory = exampleTrajectory({ task, sample, messages, ...change });
      ids.set(`${task.id}/${sample}`, saveTrajectory(writer, { step, purpose, phase, task: index }, trajectory));
    }
  };
  const judged = (reward: number, rules: number, judge: number | null = null): Partial<Trajectory> => ({
    verdict: { reward, rules, judge, reason: "because" },
  });
  const asking = exampleTask({ id: "ask", heldBack: [{ call: 0, argument: "city", sentence: "It is Oslo." }] });
  const declining = exampleTask({ id: "decline", kind: "decline", expected: [] });
  const closing = { nextLevel: 4, nextPolicyVersion: 1, metrics: {}, checkpoint: null };

  const tried: Partial<Trajectory> = { messages: [exampleMessage(), { ...calling, phase: "trial" }], counts: trials };
  const items = [
    { section: "forbidden", text: "Never ask the sea.", met: false, by: "rule" },
    { section: "questions", text: "the city is asked for before it is used", met: false, by: "rule" },
  ] as const;
  const missed: Partial<Trajectory> = { verdict: { reward: -0.2, rules: 0.3, judge: null, reason: "because", items } };

  save([0, "evaluation", 0], asking, [judged(-1, 0)], "base");
  openStep(writer, 0, { level: 4, policyVersion: 0 });
  save([0, "demonstration", 0], exampleTask({ id: "demo" }), [judged(1, 1)]);
  closeStep(writer, 0, closing);
  openStep(writer, 1, { level: 4, policyVersion: 1 });
  const failure = { boundary: "tool", code: "deadline", text: "no reply" } as const;
  const aborted = {
    status: "aborted",
    stopReason: "simulator_failed",
    verdict: null,
    failure,
    counts: { "tokens_in/tool": 9 },
  } as const;
  const [system, asked] = [{ role: "system", content: "You are a tool." } as const, { role: "user", content: "Oslo" } as const];
  const exchange = { role: "tool", messages: [system, asked], tokensIn: 40, tokensOut: 6, seconds: 0.5, seed: 7 } as const;
  const exchanges: Trajectory["exchanges"] = [
    { ...exchange, attempt: 1, reply: "{", problem: "not JSON" },
    { ...exchange, attempt: 2, reply: '{"celsius":-2}', problem: null },
  ];
  save([1, "train", 0], asking, [{ ...judged(0.9, 1, 0.8), exchanges, ...tried }, missed, aborted]);
  const guide = exampleTrajectory({ task: asking, author: "blueprint", sample: 6, ...judged(1, 1) });
  saveTrajectory(writer, { step: 1, purpose: "train", task: 0, conditional: true }, guide);
  save([1, "train", 1], declining, [judged(1, 1), judged(1, 1)]);
  recordFailure(writer, 1, { boundary: "task", code: "invalid_reply", text: "not JSON" });
  closeStep(writer, 1, {
    ...closing,
    nextPolicyVersion: 2,
    metrics: {
      "time/rollout": 2,
      step_time: 5,
      "sampling/sampling_logp_difference/mean": 0.01,
      "sampling/sampling_logp_difference/max": 0.2,
      "sampling/ratio_out_of_band": 0.03,
    },
    checkpoint: { folder: "runs/laptop-1/checkpoint-1", adapterHash: "0f", files: {} },
    groups: [scoredGroup(ids.get("ask/0") ?? 0, 0.7)],
  });
  save([0, "evaluation", 0], asking, [judged(1, 1)], "step 1");
  for (const [index, task] of [exampleTask(), declining, asking].entries()) {
    saveTask(writer, { step: 0, purpose: "selection", index }, task);
    const turn = exampleTrajectory({ task, ...judged(1, 1), stopReason: "first_turn" });
    saveTrajectory(writer, { step: 0, purpose: "selection", phase: "step 1", task: index }, turn);
  }
  // two cells behind the tasks that report
  const drift = { kind: "decoy", tool: "weather_1", was: "forecast", decoy: "weather_2", result: { sent: true } } as const;
  for (const [cell, task] of [exampleTask({ id: "true" }), exampleTask({ id: "decoy", drift })].entries()) {
    const index = writer.run.config.evaluation.tasks + cell;
    saveTask(writer, { step: 0, purpose: "evaluation", index }, task);
    const episode = exampleTrajectory({ task, ...judged(1, 1), counts: trials });
    saveTrajectory(writer, { step: 0, purpose: "evaluation", phase: "step 1", task: index }, episode);
  }
  recordEvaluation(writer, "step 1", { "simulator/tokens_in/user": 70 });
  recordStart(writer, { ...exampleDevices, versions: { playact: "0.1.0" } }, exampleForm);
  const served = { ...exampleDevices, simulator: { server: "http://host:8000/v1#qwen3-32b" } };
  recordStart(writer, { ...served, versions: { playact: "0.1.0" } }, exampleForm);

  const persona = { name: "p0", text: "a piano teacher" };
  importTasks(store, "lessons", writer.run.config, [{ persona, task: asking }]);
  const set = findTaskSet(store, "lessons");
  addPersonas(store, set, { first: 1, personas: [persona] });
  const dropped = { stage: "check", body: null, dropped: "distractor_serves", reason: "find_lesson can do it too" };
  keepStage(store, { set, position: 1 }, dropped, { seconds: 2, tokensIn: 30, tokensOut: 4 });

  const series = { suite: "bfcl", version: "1", model: "m", dialect: "hermes", template: "t" };
  const mark = { category: "multiple", position: 0, name: "multiple_0", reply: "Hi.", ended: "stop", calls: "[]", detail: null };
  storeMark(store, { ...series, adapter: null }, null, { ...mark, correct: false, error: "no_call" });
  storeMark(store, { ...series, adapter: "0f" }, { run: writer.run.id, step: 1 }, { ...mark, correct: true, error: null });

  const config = { ...writer.run.config, evaluation: { ...writer.run.config.evaluation, perCell: 1 } };
  setRunConfig(writer, config);
  setRunConfig(newWriter(store, "laptop-2"), { ...config, seed: 2 });
}

describe("the cookbook", () => {
  let temporary: Temporary;
  beforeAll(() => {
    temporary = temporaryStore();
    fill(temporary.store);
  });
  afterAll(() => temporary[Symbol.dispose]());
  const answer = (sql: string) => runQuery({ path: temporary.path, sql, rows: 1000, bytes: 1e6 });
  const cookbook = read("docs/sql.md");
  const queries = [...cookbook.matchAll(/\*\*(.+?)\*\*[^\n]*\n\n```sql\n([\s\S]*?)```/g)].map(([, title = "", sql = ""]) => ({
    title,
    sql,
  }));

  test("has a title for every query", () => {
    expect(queries.length).toBeGreaterThanOrEqual(12);
    expect(queries).toHaveLength(blocks("sql", cookbook).length);
  });

  test.each(queries)("answers: $title", ({ sql }) => {
    const { columns, rows } = answer(sql);
    expect(rows.length).toBeGreaterThan(0);
    // a column that is NULL in every row asks for something that no run stores
    const empty = columns.filter((_, index) => rows.every((row) => row[index] === null));
    expect(empty).toEqual([]);
  });

  test("counts tokens a second from what was sampled, and finds what changed", () => {
    const of = (title: string) => queries.find((query) => query.title.startsWith(title))?.sql ?? "";
    // 5 episodes of 2 sampled tokens in 2 seconds
    expect(answer(of("Tokens per second")).rows).toEqual([[1, 10, 5]]);
    expect(answer(of("Which held-out tasks changed")).rows[0]?.slice(0, 4)).toEqual(["ask", "ask", -1, 1]);
    expect(answer(of("How two runs differ")).rows).toEqual([["$.seed", 1, 2]]);
    expect(answer(of("Dead groups")).rows).toEqual([[1, "decline", 2, 1]]);
  });

  test("the queries in commands on any page run too", () => {
    const quoted = pages.flatMap((page) => [...read(page).matchAll(/playact sql "(select [^"]+)"/g)].map(([, sql = ""]) => sql));
    expect(quoted.length).toBeGreaterThan(2);
    for (const sql of quoted) expect(answer(sql).rows.length, sql).toBeGreaterThan(0);
  });
});

describe("files", () => {
  /** The anchors that a page's headings make. */
  function anchors(page: string): Set<string> {
    const titles = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replace(/[^\w -]/g, ""));
    return new Set(titles.map((title) => title.replaceAll(" ", "-")));
  }

  test.each(pages)("every relative link of %s points to an existing file, and heading if it has one", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    const leads = (target: string) => {
      const [path = "", heading] = target.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      return existsSync(join(root, file)) && (heading === undefined || anchors(file).has(heading));
    };
    expect(links.filter((target) => !/^https?:/.test(target) && !leads(target))).toEqual([]);
  });

  test.each(pages)("every project file named in %s exists", (page) => {
    const named = [...read(page).matchAll(/(?<![\w./-])(?:src|native|test|scripts|docs)\/[\w./-]*\w(?![\w*])/g)].map(
      ([path]) => path,
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

test("the table of docs/architecture.md lists every room of src and nothing else", () => {
  const rows = [...read("docs/architecture.md").matchAll(/^\| \d+ \| (`.+?`) \|/gm)];
  const named = rows.flatMap(([, cell = ""]) => cell.match(/[\w.-]+/g) ?? []);
  expect(named.toSorted()).toEqual(readdirSync(join(root, "src")).toSorted());
});

describe("commands", () => {
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read("package.json")));
  const shell = pages.flatMap((page) => [
    ...blocks("sh", read(page)).flatMap((block) => block.split("\n")),
    ...[...read(page).matchAll(/`((?:npx|npm|playact) [^`\n]+)`/g)].map(([, line = ""]) => line),
  ]);

  test("every `npm run …` named is a script", () => {
    const named = shell.flatMap((line) => /^npm run (?:-s )?(\S+)/.exec(line)?.[1] ?? []);
    expect(named).toContain("setup");
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test"]));
  });

  test("every command named exists with its options", () => {
    const commands = commandsOf(read("docs/cli.md"));
    const lines = shell.map((line) => line.replace(/^npm start --/, "playact train").replace(/^npx /, ""));
    const named = lines.filter((line) => line.startsWith("playact "));
    expect(named.length).toBeGreaterThan(15);
    expect(named.flatMap((line) => unknownIn(line, commands))).toEqual([]);
  });
});

/** Commands ("models ls") and their options, as the generated table lists them. */
function commandsOf(table: string): Map<string, Set<string>> {
  const commands = new Map<string, Set<string>>();
  let options = new Set<string>();
  for (const [, command, flags] of table.matchAll(/^\| (?:\*\*`playact ((?:[a-z]+ ?)+)[^`]*`\*\*|`(-[^`]+)`) \|/gm)) {
    if (command !== undefined) {
      options = new Set();
      commands.set(command.trim(), options);
    }
    for (const flag of flags?.match(/(?<!\S)--?[a-z-]+/g) ?? []) options.add(flag);
  }
  return commands;
}

/** What a command line names that no command has. */
function unknownIn(line: string, commands: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const words = (line.split(/\s#\s/)[0] ?? "")
    .replace(/"[^"]*"/g, "x")
    .split(/\s+/)
    .slice(1);
  if (words[0]?.startsWith("-")) return words.filter((word) => word !== "--help" && word !== "--version");
  const known = commands.get(words.slice(0, 2).join(" ")) ?? commands.get(words[0] ?? "");
  if (!known) return [`no command: ${line}`];
  return words.filter((word) => word.startsWith("-") && !known.has(word)).map((word) => `no option ${word}: ${line}`);
}
