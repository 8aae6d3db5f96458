// Whether the notes of a demonstration are true: read word by word and held against the tools as they are and the results that the
// trials showed, not against how notes are written.
import { asItIs } from "../../src/rules/as-it-is.ts";
import { mayChange } from "../../src/rules/drift.ts";
import type { Drift, Json, Task, ToolSpec, Trajectory } from "../../src/types.ts";

/** Words of notes that are no name of anything. */
const plainWords = new Set(
  "it takes gives returns changes something nothing That is what was asked for else It fits does not fit the request".split(" "),
);

export function notesIn({ messages }: Trajectory): readonly string[] {
  const acting = messages.find(
    ({ role, phase, text }) => role === "assistant" && phase === "execution" && text.startsWith("Notes:"),
  );
  const [, listed = ""] = /^Notes:\n((?:- .*\n)*)/.exec(acting?.text ?? "") ?? [];
  return listed.split("\n").flatMap((line) => (line === "" ? [] : [line.slice(2)]));
}

/** What is not true in a note; nothing if all is. */
export function falsehoods(note: string, { task, messages }: Trajectory): readonly string[] {
  const tools = asItIs(task).tools;
  const tool = tools.find(({ name }) => note.startsWith(name) && !/\w/.test(note.charAt(name.length)));
  if (tool === undefined) return [`names no tool first: ${note}`];
  const tried = messages.flatMap((message, at) => {
    const isTrial = message.phase === "trial" && message.calls.some(({ name }) => name === tool.name);
    return isTrial ? [messages[at + 1]?.text ?? ""] : [];
  });
  const wanted = task.expected.find(({ name }) => name === (isDecoy(task.drift, tool) ? neededOf(task.drift) : tool.name));
  const given = Object.keys(wanted?.arguments ?? {});
  const shown = tried.flatMap((text) => (text.startsWith('{"error"') ? [] : Object.keys(Object(JSON.parse(text)))));
  const rest = note.slice(tool.name.length).replace(` (${forWhat(tool)})`, "");
  const quoted = [...rest.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
  const words = rest.replace(/"[^"]*"/g, " ").match(/[A-Za-z0-9_.]*[A-Za-z0-9_]/g) ?? [];
  const names = words.filter((word) => !plainWords.has(word));
  const untrue = pageWord(task, tool);
  const says = (text: string) => rest.includes(text);
  return [
    ...(tried.length === 0 ? ["was not tried"] : []),
    ...names.filter((name) => !given.includes(name) && !shown.includes(name)).map((name) => `names ${name}, which was not seen`),
    ...given.filter((name) => name !== untrue && !names.includes(name)).map((name) => `leaves out ${name}`),
    ...(untrue !== null && (names.includes(untrue) || quoted.includes(untrue)) ? [`names the page's ${untrue}`] : []),
    ...quoted.filter((value) => !Object.values(wanted?.arguments ?? {}).includes(value)).map((value) => `has a code ${value}`),
    ...(says("changes something") && !mayChange(task.drift, tool.name) ? ["says that it changes something"] : []),
    ...(says("changes nothing") && mayChange(task.drift, tool.name) ? ["says that it changes nothing"] : []),
    ...(/asked for|It fits/.test(rest) !== (isPaired(task.drift, tool) && !isDecoy(task.drift, tool))
      ? ["says what it is for"]
      : []),
    ...(isPaired(task.drift, tool) && !note.includes(`(${forWhat(tool)})`) ? ["does not say what the tool does"] : []),
    ...(/something else|not fit/.test(rest) !== isDecoy(task.drift, tool) ? ["says that it is for something else"] : []),
    ...(/gives|returns/.test(rest) && shown.length === 0 ? ["says what was not given"] : []),
  ];
}

/** What a tool is for, up to the first comma, in the words of its description as it is. */
function forWhat({ description }: ToolSpec): string {
  const [clause = ""] = description.replace(/\.( [A-Z].*)?$/s, "").split(/[,;:] /);
  return clause.charAt(0).toLowerCase() + clause.slice(1);
}

function isDecoy(drift: Drift | undefined, { name }: ToolSpec): boolean {
  return drift?.kind === "decoy" && drift.decoy === name;
}

function isPaired(drift: Drift | undefined, { name }: ToolSpec): boolean {
  return drift?.kind === "decoy" && (drift.decoy === name || drift.tool === name);
}

function neededOf(drift: Drift | undefined): string | undefined {
  return drift?.tool;
}

/** What the page has in the place of a name or value of the tool's call; null: nothing else. */
export function pageWord({ drift, expected }: Task, { name }: Pick<ToolSpec, "name">): string | null {
  if (drift === undefined || drift.tool !== name) return null;
  if (drift.kind === "renamed") return drift.page;
  if (drift.kind === "decoy") return null;
  const code: Json | undefined = expected.find((call) => call.name === name)?.arguments[drift.argument];
  return Object.entries(drift.codes).find(([, one]) => one === code)?.[0] ?? null;
}
