// Episodes written with the model's own chat template, turn by turn by difference: what a rendering of the messages so far
// adds to the last one. The policy's ids are never encoded again; they replace its turn in the rendering. A template that
// writes an earlier turn differently (Qwen3 drops thinking, others move the tools to the last user message) makes a turn start
// a new sequence. Foreign text goes through as placeholders (placeholder.ts). A call is passed as the text that the policy
// wrote, never as `tool_calls`, which a template would format in its own way.
import type { Dialect } from "../../config/config.ts";
import { PlayactError } from "../../errors.ts";
import type { Json, ToolCall, ToolSpec } from "../../types.ts";
import type { ChatTemplate, Vocabulary } from "../llm.ts";
import { frameOf } from "./chat-format.ts";
import { spelledOut } from "./jinja.ts";
import { cutAtPlaceholders, encoderOf, type Meant, placeholder, slice, throughPlaceholders } from "./placeholder.ts";
import { type Renderer, rendererOf, type TemplateTurn } from "./render.ts";
import { callTokens, type EpisodeTemplate, type EpisodeText, type WrittenText } from "./template.ts";
import { asTrained, thinkingOf, thinksUnder } from "./thinking.ts";
import { parseToolCalls } from "./tool-call.ts";

/** What the template writes around the policy's turn. */
interface Habits {
  /** The marker after it. */
  readonly close: string;
  /** Thinking opened by the template itself, else empty. */
  readonly lead: string;
  /** The system message can be written before the first user message is known. */
  readonly systemFirst: boolean;
}

const thought = /^\s*<think>([\s\S]*?)<\/think>\s*/;

/**
 * The template as a writer of episodes, checked with a short conversation.
 * @param dialect the one that it asks for (choose-template.ts checks that)
 * @param thinking whether the policy thinks, if its template can be told; else the template decides
 * @throws PlayactError("template") with one sentence that says why it cannot be used
 */
export function openChatTemplate(vocabulary: Vocabulary, own: ChatTemplate, dialect: Dialect, thinking = false): EpisodeTemplate {
  if (!/\btools\b/.test(own.source)) throw new PlayactError("template", "The model's chat template does not support tools.");
  const render = rendererOf(own, thinking);
  const habits = habitsOf(render, vocabulary);
  const stop = new Set([vocabulary.marker(habits.close), ...frameOf(vocabulary).ends]);
  const begin = () => beginEpisode({ vocabulary, render, habits, stop, dialect });
  const appendOnly = !rewrites(begin, false) && !(/think/.test(own.source) && rewrites(begin, true));
  const model = thinkingOf(vocabulary, own);
  const thinks = thinksUnder(model, thinking);
  const jinja = spelling(own, dialect) + asTrained(own.source, model, thinking);
  return { dialect, jinja, stop, lead: habits.lead, thinks, appendOnly, begin };

  function rewrites(start: () => EpisodeText, thinking: boolean): boolean {
    const talk = start();
    const say = (text: string) => {
      const thought = `${habits.lead === "" ? "<think>\n" : ""}Hm.\n</think>\n\n`;
      if (thinking) talk.sampled([...vocabulary.encode(thought + text), vocabulary.marker(habits.close)]);
      else talk.given(text, false);
    };
    const turns = [talk.system("You help.", [probeTool]), talk.user("From Oslo?")];
    say('{"name": "find_train", "arguments": {}}');
    turns.push(talk.toolResults(["{}", "[]"]));
    say("One train.");
    turns.push(talk.user("And back?"));
    say("None.");
    turns.push(talk.user("Thanks."));
    return turns.some(({ newSample }) => newSample);
  }
}

const probeTool: ToolSpec = {
  name: "find_train",
  description: "Finds trains.",
  parameters: { type: "object", properties: { from: { type: "string", description: "A city." } }, required: ["from"] },
};

/** How a template formats calls. */
export interface CallFormat {
  /** A prompt with a tool whose texts are placeholders. */
  readonly prompt: string;
  /** What `tool_calls` add where other turns have text; null if the template writes none. */
  readonly written: string | null;
}

/** What the exported template begins with, so that a server can write back every turn that the policy was taught. */
function spelling(own: ChatTemplate, dialect: Dialect): string {
  const call: ToolCall = { name: probeTool.name, arguments: { from: "Oslo" } };
  const writes = (calls: readonly ToolCall[]) => {
    const { written } = callFormatOf(own, calls);
    const read = written === null ? null : parseToolCalls(written, dialect);
    return read !== null && read.errors.length === 0 && read.calls.length === calls.length;
  };
  const most = [0, 1].find((number) => !writes(Array.from({ length: number + 1 }, () => call)));
  return most === undefined ? "" : spelledOut(dialect, most);
}

/** @throws PlayactError("template") if the prompt cannot be rendered. */
export function callFormatOf(own: ChatTemplate, made: readonly ToolCall[]): CallFormat {
  const render = rendererOf(own, false);
  const tools = [throughPlaceholders(probeTool, () => placeholder(0))];
  const asked: readonly TemplateTurn[] = [
    { role: "system", content: "You help." },
    { role: "user", content: "From Oslo?" },
  ];
  const calls = made.map((call, at) => ({ type: "function", id: `call0000${at + 1}`, function: { ...call } }));
  const prompt = render(asked, tools, false);
  try {
    const words = render([...asked, { role: "assistant", content: placeholder(1) }], tools, false).split(placeholder(1));
    const calling = render([...asked, { role: "assistant", content: "", tool_calls: calls }], tools, false);
    const [before = "", behind = ""] = words;
    const from = sharedStart(before, calling);
    const written = calling.slice(from, calling.endsWith(behind) ? calling.length - behind.length : undefined);
    return { prompt, written: made.every(({ name }) => written.includes(name)) ? written : null };
  } catch {
    return { prompt, written: null }; // it needs messages of another shape
  }
}

/** Length of the common prefix, without cutting a tag. */
function sharedStart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at - (/<[^>]*$/.exec(one.slice(0, at))?.[0] ?? "").length;
}

/** @throws PlayactError("template") if the short conversation is not written as Playact needs it. */
function habitsOf(render: Renderer, vocabulary: Vocabulary): Habits {
  const [system, user, answer, result] = [0, 1, 2, 3].map(placeholder) as [string, string, string, string];
  let number = 4;
  const tools = [throughPlaceholders(probeTool, () => placeholder(number++))];
  const talk: readonly TemplateTurn[] = [
    { role: "system", content: system },
    { role: "user", content: user },
    { role: "assistant", content: answer },
    { role: "tool", content: result },
  ];
  const whole = (turns: readonly TemplateTurn[], shown: readonly Json[], open: boolean) => {
    const rendered = render(turns, shown, open);
    assertWhole(rendered, turns);
    return rendered;
  };
  whole(talk.slice(0, 2), [], true);
  const asked = whole(talk.slice(0, 2), tools, true);
  if (!cutAtPlaceholders(asked).some((part) => typeof part !== "string" && part.number === 4))
    throw new PlayactError("template", "The model's chat template does not show the tools.");
  whole(talk, tools, true);
  // rendered with nothing after it, so that the marker does not open another turn
  const answered = whole(talk.slice(0, 3), tools, false);
  const tail = answered.slice(answered.indexOf(answer) + answer.length).trimStart();
  const [close] = vocabulary.markers.filter((text) => tail.startsWith(text)).sort((one, other) => other.length - one.length);
  if (close === undefined)
    throw new PlayactError("template", "The model's chat template does not end the assistant's turn with a special token.");
  return { close, lead: /<think>\s*$/.exec(asked)?.[0] ?? "", systemFirst: asked.startsWith(alone()) };

  function alone(): string {
    try {
      return whole(talk.slice(0, 1), tools, false);
    } catch {
      return placeholder(number); // it needs a user message first: no rendering begins with this
    }
  }
}

interface Writing {
  readonly vocabulary: Vocabulary;
  readonly render: Renderer;
  readonly habits: Habits;
  readonly stop: ReadonlySet<number>;
  readonly dialect: Dialect;
}

function beginEpisode({ vocabulary, render, habits, stop, dialect }: Writing): EpisodeText {
  const { close, lead, systemFirst } = habits;
  const encode = encoderOf(vocabulary);
  const meant: Meant[] = [];
  const turns: TemplateTurn[] = [];
  let tools: readonly Json[] = [];
  /** The last rendering, and the placeholders of the policy's turn after it. */
  let shown = "";
  let said: readonly string[] = [];

  const stand = (meaning: Meant) => placeholder(meant.push(meaning) - 1);
  const write = (open: boolean): WrittenText => {
    const rendered = render(turns, tools, open);
    assertWhole(rendered, turns);
    const rest = continued(rendered, shown, said, close);
    [shown, said] = [rendered, []];
    return { ids: encode(rest ?? rendered, meant), newSample: rest === null };
  };
  const sampled = (ids: readonly number[]) => {
    const body = stop.has(ids.at(-1) ?? -1) ? ids.slice(0, -1) : ids;
    const text = lead + vocabulary.decode(body);
    const part = (from: number, to: number) =>
      stand({ ids: slice(vocabulary, body, Math.max(0, from - lead.length), to - lead.length) });
    const [all = "", inner = ""] = thought.exec(text) ?? [];
    const from = text.indexOf(inner.trim(), all.indexOf("<think>") + "<think>".length);
    const thinking = inner.trim() === "" ? "" : part(from, from + inner.trim().length);
    const rest = part(all.length, text.length);
    said = [thinking, rest].filter((mark) => mark !== "");
    // thinking is a separate placeholder, so that the template can recognise and drop it
    turns.push({ role: "assistant", content: all === "" ? rest : `<think>\n${thinking}\n</think>\n\n${rest}` });
  };

  return {
    system(prompt, shownTools) {
      turns.push({ role: "system", content: stand({ text: prompt }) });
      tools = shownTools.map((tool) => throughPlaceholders(tool, (text) => stand({ text })));
      return systemFirst ? write(false) : { ids: [], newSample: false };
    },
    user(text) {
      turns.push({ role: "user", content: stand({ text }) });
      return write(true);
    },
    toolResults(results) {
      turns.push(...results.map((text) => ({ role: "tool", content: stand({ text }) }) as const));
      return write(true);
    },
    sampled,
    given(text, calls) {
      const closed = lead === "" ? [] : encode("\n</think>\n\n", []);
      const body = calls ? callTokens(vocabulary, text, dialect) : vocabulary.encode(text);
      const ids = [...closed, ...body, vocabulary.marker(close)];
      sampled(ids);
      return ids;
    },
  };
}

/** What `rendered` adds after the policy's turn; null if it does not continue the earlier rendering. */
function continued(rendered: string, shown: string, said: readonly string[], close: string): string | null {
  if (!rendered.startsWith(shown)) return null;
  const rest = rendered.slice(shown.length);
  const last = said.at(-1);
  if (last === undefined) return rest;
  if (!said.every((mark) => rest.includes(mark))) return null;
  const tail = rest.slice(rest.indexOf(last) + last.length).trimStart();
  return tail.startsWith(close) ? tail.slice(close.length) : null; // the sampled stop id replaces it
}

/** @throws PlayactError("template") if a message does not occur exactly once (thinking may be dropped). */
export function assertWhole(rendered: string, turns: readonly TemplateTurn[]): void {
  const count = new Map<number, number>();
  for (const part of cutAtPlaceholders(rendered))
    if (typeof part !== "string") count.set(part.number, (count.get(part.number) ?? 0) + 1);
  for (const { role, content } of turns) {
    const numbers = cutAtPlaceholders(content).flatMap((part) => (typeof part === "string" ? [] : [part.number]));
    const times = count.get(numbers.at(-1) ?? -1) ?? 0;
    if (times === 1 && numbers.every((number) => (count.get(number) ?? 0) <= 1)) continue;
    throw new PlayactError("template", `The model's chat template writes a message of the role "${role}" ${times} times.`);
  }
}
