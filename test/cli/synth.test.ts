// `playact synth` up to where a model is needed: it lists, writes and reads sets, and says what is wrong before anything is stored.
import { execFileSync, spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import { report } from "../../src/cli/exit.ts";
import { synthCommand } from "../../src/cli/synth.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { addPersonas, createTaskSet, findTaskSet, importTasks, tasksOf } from "../../src/store/task-sets.ts";
import { taskLines } from "../../src/synth/task-file.ts";
import { exampleTask, type Temporary, temporaryStore } from "../store/temporary.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-synth-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const { config } = resolveConfig({ preset: "laptop-synth", set: [] });
const persona = { name: "p0", text: "a vet" };
const task = exampleTask();

/** A home with the set `lessons` of one task, and `bare`, whose persona has not been made. */
function filled(): Temporary {
  const temporary = temporaryStore();
  const { store } = temporary;
  importTasks(store, "lessons", config, [{ persona, task }]);
  addPersonas(store, createTaskSet(store, "bare", config), { first: 0, personas: [persona] });
  return temporary;
}

/** What it printed, and its exit code. */
async function synth({ home }: Temporary, ...words: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const print = (to: string[]) => (text: string) => void to.push(text);
  const command = synthCommand(print(out), print(err)).parseAsync([...words, "--home", home], { from: "user" });
  const code = await command.then(
    () => 0,
    (error: unknown) => report(error, print(err)),
  );
  return { out: out.join(""), err: err.join(""), code };
}

test("the sets are listed with how far they are", async () => {
  using home = filled();
  const lines = (await synth(home, "--list")).out.split("\n");
  expect(lines[1]).toMatch(/^bare +\S+ \S+ +1 +0 +0 +1$/);
  expect(lines[2]).toMatch(/^lessons +\S+ \S+ +1 +1 +0 +0$/);
  expect(JSON.parse((await synth(home, "--list", "--json")).out)).toMatchObject([{ name: "bare" }, { name: "lessons", kept: 1 }]);
});

test("what is written to a file is read back as another set", async () => {
  using home = filled();
  const path = join(folder, "lessons.jsonl");
  expect(await synth(home, "lessons", "--export", path)).toMatchObject({
    code: 0,
    err: `1 tasks of lessons written to ${path}\n`,
  });
  expect(readFileSync(path, "utf8")).toBe(taskLines([{ persona, task }]));
  expect(await synth(home, "again", "--import", path)).toMatchObject({ code: 0 });
  const [one, other] = ["lessons", "again"].map((name) => tasksOf(home.store, findTaskSet(home.store, name)));
  expect(other).toEqual(one);
  expect(await synth(home, "again", "--import", path)).toMatchObject({ code: 2, err: expect.stringMatching(/already exists/) });
});

test("a link is kept and the file that it leads to is replaced; a pipe is written to", async () => {
  using home = filled();
  const lines = taskLines([{ persona, task }]);
  const [link, pipe] = [join(folder, "link.jsonl"), join(folder, "pipe")];
  const target = file("target.jsonl", "old");
  symlinkSync(target, link);
  expect(await synth(home, "lessons", "--export", link)).toMatchObject({ code: 0 });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, "utf8")).toBe(lines);
  execFileSync("mkfifo", [pipe]);
  const reader = spawn("cat", [pipe]);
  try {
    expect(await synth(home, "lessons", "--export", pipe)).toMatchObject({ code: 0 });
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(await text(reader.stdout)).toBe(lines);
  } finally {
    reader.kill();
  }
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

const crossed = { ...task, tools: [{ name: "forecast", description: "", parameters: hours(9, 1) }] };

function hours(minimum: number, maximum: number) {
  return { type: "object", properties: { hours: { type: "integer", minimum, maximum } } };
}

describe("a mistake is a sentence with its exit code, and stores nothing:", () => {
  test.each<[string, readonly string[], number, RegExp]>([
    ["no name", [], 2, /Name the task set to make: npx playact synth NAME/],
    ["a name that is none", ["My set"], 2, /lower-case letters.*got "My set"/],
    ["two things at once", ["lessons", "--list", "--export", "x"], 2, /--list and --export cannot be combined/],
    ["a list of one set", ["lessons", "--list"], 2, /--list lists every set and takes no name\. Leave out "lessons"/],
    [
      "a list of what is to be made",
      ["--list", "--preset", "nope", "-n", "5"],
      2,
      /--list does not use --number and --preset, only/,
    ],
    [
      "a number and personas for what a file has",
      ["new", "--import", file("one.jsonl", taskLines([{ persona, task }])), "-n", "5", "--personas", "/nope"],
      2,
      /--import does not use --number and --personas, only --preset, --ablation, --set, --home\. Leave out/,
    ],
    ["an unknown set", ["huts", "--export", "x"], 2, /no task set named huts\. Known task sets, latest first: bare, lessons/],
    ["a set without a task", ["bare", "--export", "x"], 2, /bare has no tasks yet/],
    ["a file that cannot be written", ["lessons", "--export", folder], 5, /cannot be written .*Choose another file/],
    ["a file that is not there", ["new", "--import", join(folder, "none")], 3, /none cannot be read/],
    ["an empty file", ["new", "--import", file("empty", "")], 3, /the file is empty/],
    [
      "a tool that cannot be played",
      ["new", "--import", file("crossed", taskLines([{ persona, task: crossed }]))],
      3,
      /crossed, line 1: the tool "forecast" cannot be played: 'hours' asks for/,
    ],
    ["no persona", ["new", "--personas", file("nobody.jsonl", "\n")], 2, /nobody\.jsonl has no personas/],
    [
      "a line without a persona",
      ["new", "--personas", file("line.jsonl", '{"name": "x"}')],
      2,
      /line\.jsonl, line 1: .*"persona"/,
    ],
    ["an unknown model", ["new", "--set", "models.simulator=gpt"], 4, /No model is called "gpt"/],
    [
      "a server that is down",
      ["new", "--set", "models.simulator=http://127.0.0.1:9/v1#big"],
      4,
      /no server answers at http:\/\/127\.0\.0\.1:9/,
    ],
    [
      "one solution of a written task",
      ["new", "--set", "synth.tools=written", "--set", "synth.solutions=1"],
      3,
      /"synth\.solutions": .*at least 2, got 1/,
    ],
    [
      "tools of one's own for a set whose tools are made for it",
      ["new", "--set", "tasks.tools=/nope.json"],
      3,
      /"tasks\.tools": .*\/nope\.json would not be used\. Also set synth\.tools=catalogue/,
    ],
    [
      "tools of one's own that are not there",
      ["new", "--ablation", "catalogue-tools", "--set", "tasks.tools=/nope.json"],
      3,
      /\/nope\.json: the file needs a readable JSON file/,
    ],
    ["other personas for a set", ["bare", "-n", "2"], 2, /bare was begun with other personas: number 1 is .*--personas/],
    ["another config for a set", ["bare", "--set", "seed=2"], 2, /bare keeps the config .* differs in seed \(is 1\)/],
  ])("%s", async (_, words, code, says) => {
    using home = filled();
    const ended = await synth(home, ...words);
    expect(ended.err).toMatch(says);
    expect(ended).toMatchObject({ code, out: "" });
    const sets = home.store.database.prepare("SELECT name FROM task_set ORDER BY name").pluck().all();
    expect(sets).toEqual(["bare", "lessons"]);
  });
});
