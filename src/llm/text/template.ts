// Writes an episode for the policy: the model's frame (chat-format.ts) with the words of a dialect (dialect.ts), for ChatML with
// hermes the text of Qwen2.5's own template, turn by turn and append-only (nothing is rewritten). Foreign text is encoded so that
// it can never become a marker (law 2). Where a model's tag tokens are untrained or missing ("pieces") the tags are written in
// ordinary tokens: same text, learnable rows.
import type { Dialect } from "../../config/config.ts";
import { spacedJson } from "../../rules/json.ts";
import type { ToolSpec } from "../../types.ts";
import type { Vocabulary } from "../llm.ts";
import { chatFormat, frameOf } from "./chat-format.ts";
import { type CallForm, dialectTable } from "./dialect.ts";
import { jinjaOf } from "./jinja.ts";
import { emptyThought, type Thinking, thinksUnder } from "./thinking.ts";

const tag = /(<\/?tool_(?:call|response)>)/;

/** A turn's content: text, tag, text … A tag is one of the model's own tokens; in a text nothing is. */
type Content = readonly string[];

/** How episodes are written for one model. */
export interface EpisodeTemplate {
  /** The dialect that it asks for: the policy's calls are read in it. */
  readonly dialect: Dialect;
  /** The same template for a server, in Jinja. */
  readonly jinja: string;
  /** A sentence for people where a server does not read that template as the policy did; absent: it does. */
  readonly caveat?: string;
  /** Ids that end the policy's turn. */
  readonly stop: ReadonlySet<number>;
  /** Text that the opening of the policy's turn has already written (`<think>`); mostly empty. */
  readonly lead: string;
  /** The policy thinks before its turns. */
  readonly thinks: boolean;
  /** False: some turns start a new sequence, and an episode may have several training samples. */
  readonly appendOnly: boolean;
  begin(): EpisodeText;
}

/** What one turn adds to the sequence. */
export interface WrittenText {
  readonly ids: readonly number[];
  /** True: the template writes earlier turns differently now. The ids are the whole sequence; a new training sample begins. */
  readonly newSample: boolean;
}

/** Writes one episode: each turn is passed once, in order. The concatenated additions are what the policy sees. */
export interface EpisodeText {
  system(prompt: string, tools: readonly ToolSpec[]): WrittenText;
  /** A user message and the opening of the policy's turn. */
  user(text: string): WrittenText;
  /** The results of one turn's calls in order, and the opening of the policy's turn. */
  toolResults(results: readonly string[]): WrittenText;
  /** Records a turn that the policy sampled, its stop id included. */
  sampled(ids: readonly number[]): void;
  /** A turn that is given instead of sampled, as TurnTable.assistant. */
  given(text: string, calls: boolean): readonly number[];
}

/** Playact's own template: what a turn adds depends only on that turn. */
export interface TurnTable extends EpisodeTemplate {
  system(prompt: string, tools: readonly ToolSpec[]): number[];
  /** A user message and the opening of the policy's turn; `first` has no turn of the policy before it. */
  user(text: string, first: boolean): number[];
  toolResults(results: readonly string[]): number[];
  /**
   * A turn that is given instead of sampled (demonstrations), its end marker included. `calls`: the text is calls as
   * formatToolCalls writes them; in any other turn a tag is foreign text.
   */
  assistant(text: string, calls: boolean): number[];
}

/** `thinking`: what the policy does before its turns; absent: it never thinks. */
export function episodeTemplate(
  vocabulary: Vocabulary,
  { dialect, markers }: CallForm,
  thinking: { readonly model: Thinking; readonly asked: boolean } = { model: "never", asked: false },
): TurnTable {
  const format = chatFormat(vocabulary);
  const { before, after, tags } = dialectTable[dialect];
  const { begin, open, close, between, ends } = frameOf(vocabulary, format);
  const quiet = thinking.model === "asked" && !thinking.asked;
  /** The opening of the policy's turn. An empty thought stays in the sequence: nothing is rewritten. */
  const opening = [...open("assistant"), ...(quiet ? emptyThought(vocabulary) : [])];
  /** Trusted text: its tags become the model's own tag tokens if it has trained ones (Qwen2.5 has none for results). */
  const inPieces = tags === null || markers === "pieces";
  const trusted = (text: string): Content => (inPieces ? [text] : cutAtTags(vocabulary, text, tag));
  const opened = (role: "system" | "user", content: Content) => idsOf(vocabulary, content, (text) => open(role, text));
  const turn = (role: "system" | "user", content: Content) => [...opened(role, content), close, ...between];
  const withTools = (prompt: string, tools: readonly ToolSpec[]) =>
    joined([[`${prompt}${before}${tools.map(signature).join("\n")}\n`], trusted(after)]);

  const table = {
    system(prompt: string, tools: readonly ToolSpec[]) {
      const content = tools.length === 0 ? [prompt] : withTools(prompt, tools);
      if (format.systemTurn) return [...begin, ...turn("system", content)];
      // the first user message continues this turn; behind the empty line no supported tokenizer would have merged the two
      return [...begin, ...opened("user", joined([content, ["\n\n"]]))];
    },
    user(text: string, first: boolean) {
      if (!first) return [...between, ...turn("user", [text]), ...opening];
      return [...(format.systemTurn ? turn("user", [text]) : [...vocabulary.encode(text), close, ...between]), ...opening];
    },
    toolResults(results: readonly string[]) {
      const parts = results.flatMap((result, index) => [
        trusted(`${index === 0 ? "" : "\n"}<tool_response>\n`),
        [result],
        trusted("\n</tool_response>"),
      ]);
      return [...between, ...turn("user", joined(parts)), ...opening];
    },
    assistant: (text: string, calls: boolean) => [
      ...(calls && markers === "tokens" ? callTokens(vocabulary, text, dialect) : vocabulary.encode(text)),
      close,
    ],
  };
  const begun = () => beginEpisode(table);
  const jinja = jinjaOf(format, dialect, quiet);
  const thinks = thinksUnder(thinking.model, thinking.asked);
  const caveat = inPieces ? misreadTags(vocabulary, jinja) : {};
  return { ...table, dialect, jinja, ...caveat, stop: ends, lead: "", thinks, appendOnly: true, begin: begun };
}

/** What is text to Playact in a template is text to a server only if the vocabulary has no such token. */
function misreadTags({ hasMarker }: Vocabulary, jinja: string): Pick<EpisodeTemplate, "caveat"> {
  const tags = new Set(jinja.split(tag).filter((part, at) => at % 2 === 1 && hasMarker(part)));
  if (tags.size === 0) return {};
  const caveat = `A server reads ${[...tags].join(", ")} in the exported template as tokens of the model, where the policy is trained with ordinary ones: expect worse calls there, or train with another policy.dialect.`;
  return { caveat };
}

function beginEpisode(table: Pick<TurnTable, "system" | "user" | "toolResults" | "assistant">): EpisodeText {
  let first = true;
  const added = (ids: readonly number[]): WrittenText => ({ ids, newSample: false });
  return {
    system: (prompt, tools) => added(table.system(prompt, tools)),
    user(text) {
      const ids = table.user(text, first);
      first = false;
      return added(ids);
    },
    toolResults: (results) => added(table.toolResults(results)),
    sampled: () => undefined,
    given: (text, calls) => table.assistant(text, calls),
  };
}

/** Trusted text cut at its tags; a tag without a token of its own stays text. */
function cutAtTags(vocabulary: Vocabulary, text: string, tags: RegExp): Content {
  const parts = [""];
  for (const [at, part] of text.split(tags).entries()) {
    if (at % 2 === 1 && vocabulary.hasMarker(part)) parts.push(part, "");
    else parts.push((parts.pop() ?? "") + part);
  }
  return parts;
}

/** Contents one after the other: where two meet is no boundary, as there is none for a server, which tokenizes the whole text. */
function joined(contents: readonly Content[]): Content {
  return contents.reduce<string[]>(
    (all, [first = "", ...rest]) => [...all.slice(0, -1), (all.at(-1) ?? "") + first, ...rest],
    [],
  );
}

/** Ids of a content; `head` encodes its first text, with what stands before it. */
function idsOf(vocabulary: Vocabulary, [first = "", ...rest]: Content, head: (text: string) => readonly number[]): number[] {
  return [...head(first), ...rest.flatMap((part, at) => (at % 2 === 0 ? [vocabulary.marker(part)] : vocabulary.encode(part)))];
}

/** A turn of calls as formatToolCalls writes them: only the tags it wrote become tokens. */
export function callTokens(vocabulary: Vocabulary, text: string, dialect: Dialect): number[] {
  const { tags } = dialectTable[dialect];
  return tags === null ? vocabulary.encode(text) : idsOf(vocabulary, cutAtTags(vocabulary, text, tags), vocabulary.encode);
}

/** One tool as the policy sees it; `returns` stays hidden. */
function signature({ name, description, parameters }: ToolSpec): string {
  return spacedJson({ type: "function", function: { name, description, parameters } });
}
