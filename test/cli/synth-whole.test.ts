// `playact synth` from its words to its report, with a scripted simulator on a server: no model is needed for a whole set.
import { join } from "node:path";
import { expect, test } from "vitest";
import { report } from "../../src/cli/exit.ts";
import { synthCommand } from "../../src/cli/synth.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { toolsetsOf } from "../../src/run/toolsets.ts";
import { findTaskSet, tasksOf } from "../../src/store/task-sets.ts";
import type { Json } from "../../src/types.ts";
import { temporaryStore } from "../store/temporary.ts";
import { chatServer } from "../support/chat-server.ts";
import { scriptedReply } from "../support/synth.ts";

async function synth(...words: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const print = (to: string[]) => (text: string) => void to.push(text);
  const command = synthCommand(print(out), print(err)).parseAsync(words, { from: "user" });
  const code = await command.then(
    () => 0,
    (error: unknown) => report(error, print(err)),
  );
  return { out: out.join(""), err: err.join(""), code };
}

test("a set is made, extended without doing anything twice, written and read back, and its tools are tools", async () => {
  using home = temporaryStore();
  let asked = 0;
  await using server = await chatServer({ reply: (request): Json => scriptedReply(request, asked++) });
  const words = ["lessons", "--home", home.home];
  const first = await synth(...words, "-n", "4", "--set", `models.simulator=${server.url}#big`, "--json");
  expect(first).toMatchObject({ code: 0 });
  expect(JSON.parse(first.out)).toMatchObject({ name: "lessons", personas: 4, kept: 4, dropped: 0, left: 0 });
  const set = findTaskSet(home.store, "lessons");
  const made = tasksOf(home.store, set);
  expect(new Set(made.map(({ task }) => task.id)).size).toBe(4);
  expect(made.every(({ task }) => task.table !== undefined && task.restriction !== undefined)).toBe(true);

  const before = asked;
  const again = await synth(...words);
  expect(again.out).toMatch(/^lessons: 4 tasks \(100 % kept\), 0 dropped; 0 s\n/);
  expect(asked).toBe(before);
  await synth(...words, "-n", "6");
  expect(tasksOf(home.store, set).slice(0, 4)).toEqual(made);
  const six = tasksOf(home.store, set);
  expect(six).toHaveLength(6);

  const file = join(home.home, "lessons.jsonl");
  await synth(...words, "--export", file);
  expect(await synth("again", "--home", home.home, "--import", file)).toMatchObject({ code: 0 });
  expect(tasksOf(home.store, findTaskSet(home.store, "again"))).toEqual(six);
  const { config } = resolveConfig({ preset: "laptop", set: ["tasks.tools=taskset:again"] });
  const { train } = toolsetsOf(config, home.store);
  const names = train.flatMap(({ tools }) => tools.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(6);
});

test("a simulator that fills in no form drops every persona, and the command says why and fails", async () => {
  using home = temporaryStore();
  await using server = await chatServer({ reply: () => ({ thing: "" }) });
  const ended = await synth("huts", "--home", home.home, "-n", "2", "--set", `models.simulator=${server.url}#big`);
  expect(ended.out).toMatch(/^huts: 0 tasks \(0 % kept\), 2 dropped; \d+ s\n[\s\S]*^toolset +wrong_form +2 /m);
  expect(ended).toMatchObject({ code: 1, err: expect.stringMatching(/None of the 2 personas of huts came to a task/) });
});
