// The README against the project: every query of its cookbook runs on a store that was filled by the store's own functions,
// every file, command, option and metric it names exists. The generated tables are held by `node scripts/docs.mjs --check`.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { doctorCommand } from "../src/cli/doctor.ts";
import { modelsCommand } from "../src/cli/models.ts";
import { runsCommand } from "../src/cli/runs.ts";
import { showCommand } from "../src/cli/show.ts";
import { sqlCommand } from "../src/cli/sql.ts";
import { tasksCommand } from "../src/cli/tasks.ts";
import { trainCommand } from "../src/cli/train.ts";
import { runQuery } from "../src/store/console.ts";
import { recordEvaluation } from "../src/store/evaluations.ts";
import { recordFailure } from "../src/store/failures.ts";
import { setRunConfig } from "../src/store/runs.ts";
import { recordStart } from "../src/store/starts.ts";
import { closeStep, openStep } from "../src/store/steps.ts";
import type { Store } from "../src/store/store.ts";
import { saveTask } from "../src/store/tasks.ts";
import { saveTrajectory } from "../src/store/trajectories.ts";
import { chains, userTools } from "../src/tools/toolset.ts";
import type { Purpose } from "../src/types.ts";
import { stopReasons, type Task, type Trajectory } from "../src/types.ts";
import {
  exampleDevices,
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
const readme = read("README.md");
const pages = [
  "README.md",
  "CHANGELOG.md",
  "models/README.md",
  "native/README.md",
  "docs/engine.md",
  "docs/learner.md",
  "docs/trustee.md",
  "docs/simulator-health.md",
];

/** The code blocks of one language. */
function blocks(language: string, text = readme): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, of, body]) => (of === language ? [body ?? ""] : []));
}

/** The text from a heading to the next one of its rank or above. */
function section(heading: string): string {
  const [, ...rest] = readme.split(`\n## ${heading}\n`);
  return rest.join("").split("\n## ")[0] ?? "";
}

const call = { name: "forecast", arguments: { city: "Oslo" } };

/** Two runs, the first with everything that a query may ask for: warm-up, a step, evaluations, an abort, a checkpoint. */
function fill(store: Store): void {
  const writer = newWriter(store, "laptop-1");
  const ids = new Map<string, number>();
  const save = (at: [number, Purpose, number], task: Task, samples: readonly Partial<Trajectory>[], phase = "") => {
    const [step, purpose, index] = at;
    if (phase !== "step 1") saveTask(writer, { step, purpose, index }, task);
    for (const [sample, change] of samples.entries()) {
      const answer = {
        role: "assistant",
        text: "Hi.",
        ids: [4, 5],
        logprobs: [-0.5, -1.25],
        turnReward: 1,
        calls: [call],
      } as const;
      const messages = [exampleMessage(), exampleMessage(answer)];
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
  save([1, "train", 0], asking, [judged(0.9, 1, 0.8), judged(-0.2, 0.3), aborted]);
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
  recordEvaluation(writer, "step 1", { "simulator/tokens_in/user": 70 });
  recordStart(writer, { ...exampleDevices, versions: { playact: "0.1.0" } });

  const other = newWriter(store, "laptop-2");
  setRunConfig(other, { ...other.run.config, seed: 2 });
}

describe("the cookbook", () => {
  let temporary: Temporary;
  beforeAll(() => {
    temporary = temporaryStore();
    fill(temporary.store);
  });
  afterAll(() => temporary[Symbol.dispose]());
  const answer = (sql: string) => runQuery({ path: temporary.path, sql, rows: 1000, bytes: 1e6 });
  const queries = [...section("SQL cookbook").matchAll(/\*\*(.+?)\*\*[^\n]*\n\n```sql\n([\s\S]*?)```/g)].map(
    ([, title = "", sql = ""]) => ({ title, sql }),
  );

  test("has a title for every query", () => {
    expect(queries.length).toBeGreaterThanOrEqual(12);
    expect(queries).toHaveLength(blocks("sql").length);
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

  test("the queries in the other blocks of the page run too", () => {
    const quoted = [...readme.matchAll(/playact sql "(select [^"]+)"/g)].map(([, sql = ""]) => sql);
    expect(quoted.length).toBeGreaterThan(0);
    for (const sql of quoted) expect(answer(sql).rows.length, sql).toBeGreaterThan(0);
  });
});

describe("files", () => {
  test.each(pages)("every relative link of %s leads to a file or a heading", (page) => {
    const text = read(page);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => `#${title.toLowerCase().replace(/[^\w -]/g, "")}`);
    const anchors = new Set(headings.map((heading) => heading.replaceAll(" ", "-")));
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    const leads = (target: string) =>
      target.startsWith("#") ? anchors.has(target) : existsSync(join(root, dirname(page), target.split("#")[0] ?? ""));
    expect(links.filter((target) => !/^https?:/.test(target) && !leads(target))).toEqual([]);
  });
});

describe("commands", () => {
  const noPieces = { piecesOf: () => Promise.reject(new Error("no model here")) };
  const commands = [
    trainCommand(),
    runsCommand(),
    showCommand(noPieces),
    sqlCommand(),
    tasksCommand(),
    modelsCommand(),
    doctorCommand(),
  ];
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read("package.json")));
  const shell = pages.flatMap((page) => [
    ...blocks("sh", read(page)).flatMap((block) => block.split("\n")),
    ...[...read(page).matchAll(/`((?:npx|npm|playact) [^`\n]+)`/g)].map(([, line = ""]) => line),
  ]);

  test("every `npm run …` named is a script", () => {
    const named = shell.flatMap((line) => /^npm run (\S+)/.exec(line)?.[1] ?? []);
    expect(named).toContain("setup");
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test"]));
  });

  test("every command named exists with its options, and every command is named", () => {
    const lines = shell.map((line) => line.replace(/^npm start --/, "playact train").replace(/^npx /, ""));
    const named = lines.filter((line) => line.startsWith("playact "));
    expect(named.length).toBeGreaterThan(15);
    expect(named.flatMap((line) => unknownIn(line, commands))).toEqual([]);
    const words = new Set(named.map((line) => line.split(" ")[1]));
    expect(commands.map((command) => command.name()).filter((name) => !words.has(name))).toEqual([]);
  });
});

describe("what the page tells", () => {
  test("the example of one's own tools is accepted, and its two calls depend on each other", () => {
    using temporary = temporaryStore();
    const file = join(temporary.home, "my-tools.json");
    writeFileSync(file, blocks("json", readme.split("<!-- tools-example -->")[1])[0] ?? "");
    const found = userTools(file).flatMap(chains);
    expect(found.map(({ first, second, argument }) => `${first.name} ${argument} ${second.name}`)).toEqual([
      "book_table booking_id cancel_booking",
    ]);
  });

  test("every metric that is recorded is explained, and every stop reason named", () => {
    const explained = section("Metrics");
    const sources = ["metrics", "learn", "evaluate", "swap", "probe", "warmup", "session", "draw-tasks", "train"].map((name) =>
      read(["evaluate", "warmup", "train"].includes(name) ? `src/${name}.ts` : `src/run/${name}.ts`),
    );
    const areas = "adapter|completions|curriculum|learner|probe|rollout|sampling|simulator|tasks|time|warmup|clip_ratio|stop";
    const literal = new RegExp(`["\`]((?:${areas})/[\\w/]+?)["\`/]?(?:\\$\\{|["\`])`, "g");
    const ofLearner = /minibatch\("(\w+)"|metrics\["([\w/]+)"\] =|"([\w/]+)": float\(|"(sampling\/\w+)":/g;
    const all = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map((match) => match.slice(1).find(Boolean) ?? "");
    const recorded = [
      ...["reward", "reward_std", "frac_reward_zero_std", "step_time"],
      ...sources.flatMap((text) => all(literal, text)),
      ...["update", "tally", "correction"].flatMap((name) => all(ofLearner, read(`native/trainer/${name}.py`))),
    ];
    expect(recorded.length).toBeGreaterThan(40);
    expect(recorded.filter((name) => !explained.includes(`\`${name}`))).toEqual([]);
    expect(stopReasons.filter((reason) => !explained.includes(`\`${reason}\``))).toEqual([]);
  });

  test("the marker for the results of a run is there once, for the script that fills it", () => {
    expect(readme.match(/<!-- results -->[\s\S]*?<!-- \/results -->/g)).toHaveLength(1);
  });
});

/** What a command line names that no command has. */
function unknownIn(line: string, commands: readonly Command[]): string[] {
  const words = (line.split(/\s#\s/)[0] ?? "")
    .replace(/"[^"]*"/g, "x")
    .split(/\s+/)
    .slice(1);
  const top = commands.find((command) => command.name() === words[0]);
  if (!top) return [`no command: ${line}`];
  const below = top.commands.find((command) => command.name() === words[1]);
  if (top.commands.length > 0 && !below) return [`no subcommand: ${line}`];
  const known = new Set((below ?? top).options.flatMap(({ long, short }) => [long, short]));
  return words.filter((word) => word.startsWith("-") && !known.has(word)).map((word) => `no option ${word}: ${line}`);
}
