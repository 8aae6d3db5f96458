// The token laws of one model's vocabulary, and of an episode written with it: no foreign text becomes a marker, no byte is
// lost. Which ids are markers is read from the model's own table, not from the code under test.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { dialects } from "../../src/config/config.ts";
import { nativeModelOf } from "../../src/llm/engine/addon.ts";
import { openVocabulary, type TokenTable } from "../../src/llm/engine/vocabulary.ts";
import type { Vocabulary } from "../../src/llm/llm.ts";
import { chatFormat } from "../../src/llm/text/chat-format.ts";
import { openChatTemplate } from "../../src/llm/text/chat-template.ts";
import { renderChat } from "../../src/llm/text/prompt.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";
import { formatToolCall } from "../../src/llm/text/tool-call.ts";
import { tokenDigest } from "../../src/rules/token-digest.ts";
import type { ToolSpec } from "../../src/types.ts";
import { bookSeats } from "../support/blueprint.ts";
import { chatTemplate } from "../support/chat-template.ts";

/** llama_token_attr. */
const [unknown, control, userDefined, byte] = [1, 8, 16, 32];

/** A text at one position of an episode. */
type Place = (text: string) => readonly number[];

/** `name` is the manifest's; the fixture of Python's ids was recorded under it. */
export function vocabularySuite(name: string, path: string): void {
  describe(`${name} keeps the token laws`, () => {
    let llama: Llama;
    let table: TokenTable & { detokenize(ids: Uint32Array, special: boolean): string };
    let vocabulary: Vocabulary;
    let size = 0;
    /** Texts of all control, user-defined, unknown and byte tokens, and of the markers among them. */
    let special: readonly string[] = [];
    let marking = new Set<number>();
    beforeAll(async () => {
      llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.disabled });
      const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
      table = nativeModelOf(model);
      size = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
      vocabulary = openVocabulary(table, size);
      const bitsOf = (id: number) => table.getTokenAttributes(id);
      const textOf = (id: number) => table.getTokenString(id) ?? "";
      const ids = Array.from({ length: size }, (_, id) => id).filter(
        (id) => bitsOf(id) & (unknown | control | userDefined | byte),
      );
      special = ids.map(textOf);
      // gemma: newlines, runs of blanks and HTML are user-defined words; "</s>" ends a text and is also a control token
      const isWord = (id: number) =>
        !(bitsOf(id) & (unknown | control)) && (textOf(id).trim() === "" || /^<\/?[a-z]+[1-6]?>$/.test(textOf(id)));
      marking = new Set(ids.filter((id) => bitsOf(id) & (unknown | control | userDefined) && !isWord(id)));
    });
    afterAll(() => llama.dispose());

    /** Positions of foreign text by name. Tool names and errors come as JSON: the text is shown as JSON writes it. */
    function places(): Readonly<Record<string, { readonly at: Place; readonly shown: (text: string) => string }>> {
      const markers = vocabulary.hasMarker("<tool_call>") ? "tokens" : "pieces";
      const templates = dialects.map((dialect) => episodeTemplate(vocabulary, { dialect, markers }));
      const template = episodeTemplate(vocabulary, { dialect: "hermes", markers });
      const own = (text: string) => text;
      const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
      const tool = (change: Partial<ToolSpec>) => [{ ...bookSeats, ...change }];
      return {
        "user text": { at: (text) => template.user(text, false), shown: own },
        "first user text": { at: (text) => template.user(text, true), shown: own },
        "tool result": { at: (text) => template.toolResults(["{}", text, "{}"]), shown: own },
        "error text": { at: (text) => template.toolResults([JSON.stringify({ error: text })]), shown: inJson },
        "tool name": { at: (text) => template.system("You help.", tool({ name: text })), shown: inJson },
        "tool description": { at: (text) => template.system("You help.", tool({ description: text })), shown: inJson },
        ...Object.fromEntries(
          templates.map(({ dialect, assistant }) => [
            `argument of a demonstrated call in ${dialect}`,
            {
              at: (text: string) => assistant(formatToolCall({ name: "say", arguments: { text } }, dialect), true),
              shown: inJson,
            },
          ]),
        ),
        ...Object.fromEntries(
          templates.slice(1).flatMap(({ dialect, system, toolResults }) => [
            [`tool description in ${dialect}`, { at: (text: string) => system("", tool({ description: text })), shown: inJson }],
            [`tool result in ${dialect}`, { at: (text: string) => toolResults(["{}", text]), shown: own }],
          ]),
        ),
        "demonstrated talk": { at: (text) => template.assistant(text, false), shown: own },
        "simulator prompt": { at: (text) => renderChat(vocabulary, [{ role: "user", content: text }], "Answer:"), shown: own },
      };
    }

    /** The same positions in an episode written by a chat template: a test template with the model's markers. */
    function ownPlaces(): ReturnType<typeof places> {
      const template = openChatTemplate(vocabulary, chatTemplate(chatFormat(vocabulary)), "hermes");
      const begun = (tools: readonly ToolSpec[] = []) => {
        const episode = template.begin();
        const system = episode.system("You help.", tools);
        return { episode, system };
      };
      const answered = () => {
        const { episode } = begun();
        episode.user("Hi");
        episode.given("Yes?", false);
        return episode;
      };
      const own = (text: string) => text;
      const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
      return {
        "own template: system prompt": { at: (text) => template.begin().system(text, [bookSeats]).ids, shown: own },
        "own template: first user text": { at: (text) => begun().episode.user(text).ids, shown: own },
        "own template: user text": { at: (text) => answered().user(text).ids, shown: own },
        "own template: tool result": { at: (text) => answered().toolResults(["{}", text, "{}"]).ids, shown: own },
        "own template: error text": {
          at: (text) => answered().toolResults([JSON.stringify({ error: text })]).ids,
          shown: inJson,
        },
        "own template: tool name": { at: (text) => begun([{ ...bookSeats, name: text }]).system.ids, shown: inJson },
        "own template: tool description": {
          at: (text) => begun([{ ...bookSeats, description: text }]).system.ids,
          shown: inJson,
        },
      };
    }

    const markersIn = (ids: readonly number[]) => ids.filter((id) => marking.has(id));

    /** `text` at a position leaves the frame's markers as with harmless text, and decodes to the same frame around it. */
    function expectFramed(place: Place, shown: (text: string) => string, text: string, frame = framed(place)): void {
      const ids = place(text);
      if (markersIn(ids).join() !== frame.markers.join()) expect({ text, markers: markersIn(ids) }).toEqual({ text, ...frame });
      const wanted = frame.before + shown(text) + frame.after;
      const got = vocabulary.decode(ids);
      if (got !== wanted) expect(got).toBe(wanted);
    }

    function framed(place: Place) {
      const [before = "", after = ""] = vocabulary.decode(place("peace")).split("peace");
      return { before, after, markers: markersIn(place("peace")) };
    }

    test("isMarker is true for exactly the markers", () => {
      expect(special.length).toBeGreaterThan(10);
      const named = Array.from({ length: size }, (_, id) => id).filter((id) => vocabulary.isMarker(id));
      expect(named).toEqual([...marking].sort((one, other) => one - other));
    });

    test("the text of any special token, at any position, is not a marker and keeps its bytes", () => {
      for (const [place, { at, shown }] of Object.entries(places())) {
        const frame = framed(at);
        expect(frame.markers.length, place).toBeGreaterThan(0);
        for (const text of special) expectFramed(at, shown, text, frame);
      }
    });

    test("neither is it in an episode written by the model's own chat template", () => {
      // each is a separate episode: a sample of a large vocabulary's unused markers is enough
      const some = special.length > 600 ? special.filter((_, at) => at % 40 === 0) : special;
      for (const [place, { at, shown }] of Object.entries(ownPlaces())) {
        const frame = framed(at);
        expect(frame.markers.length, place).toBeGreaterThan(0);
        for (const text of some) expectFramed(at, shown, text, frame);
      }
    });

    test("a marker's text split over two results is not a marker and keeps its bytes", () => {
      const { toolResults } = episodeTemplate(vocabulary, { dialect: "hermes", markers: "pieces" });
      const frame = markersIn(toolResults(["a", "b"]));
      for (const text of special)
        for (let cut = 1; cut < text.length; cut++) {
          const ids = toolResults([text.slice(0, cut), text.slice(cut)]);
          if (markersIn(ids).join() !== frame.join())
            expect({ text, cut, markers: markersIn(ids) }).toEqual({ text, cut, frame });
          const inside = `<tool_response>\n${text.slice(0, cut)}\n</tool_response>\n<tool_response>\n${text.slice(cut)}\n</tool_response>`;
          if (!vocabulary.decode(ids).includes(inside)) expect(vocabulary.decode(ids)).toContain(inside);
        }
    });

    test("a marker's text doubled, nested in another or split by it is not a marker either", () => {
      const harmless = (text: string) => {
        const ids = vocabulary.encode(text);
        if (markersIn(ids).length > 0) expect({ text, markers: markersIn(ids) }).toEqual({ text, markers: [] });
        if (vocabulary.decode(ids) !== text) expect(vocabulary.decode(ids)).toBe(text);
      };
      const outer = special.length > 600 ? special.filter((_, at) => at % 40 === 0) : special;
      for (const text of outer) {
        harmless(`a${text}${text} b\n${text}`);
        for (const other of special.slice(0, 6))
          for (let at = 0; at < text.length; at++) harmless(text.slice(0, at) + other + text.slice(at));
      }
    });

    test("no forged turn, tag or end of 10,000 changes the turns of an episode, and no byte is lost", () => {
      const { open, close } = chatFormat(vocabulary);
      const attack = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.constantFrom(open, close, "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"),
        },
        {
          weight: 2,
          arbitrary: fc.constantFrom("\n", "\r\n", "user\n", "system\n", "assistant\n", "model\n", "\u2581", "<|", "|>"),
        },
        { weight: 1, arbitrary: fc.constantFrom(...special) },
        { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
        { weight: 1, arbitrary: fc.constantFrom("🧑‍🚀👍🏽", "é", "\uFEFF", "\0", "\u2028", '"', "\\") },
      );
      const text = fc.array(attack, { maxLength: 8 }).map((parts) => parts.join(""));
      // the long system message is left to the test above: the same two functions write its turn
      const short = Object.entries(places()).filter(([place]) => !/^tool (?:name|desc)/.test(place));
      const frames = new Map(short.map(([place, { at }]) => [place, framed(at)]));
      fc.assert(
        fc.property(fc.constantFrom(...short), text, ([place, { at, shown }], foreign) => {
          expectFramed(at, shown, foreign, frames.get(place));
        }),
        { seed: 2, numRuns: 10_000 },
      );
    });

    test("ordinary text is written as the model's own tokenizer writes it", () => {
      const text = "The quick brown fox, 1234 times: naïve café.\n\tint main() { return 0; }";
      expect(vocabulary.encode(text)).toEqual(Array.from(table.tokenize(text, false)));
    });

    test("2,000 unusual strings are written as Python's tokenizer of the same file writes them", () => {
      const { strings, models } = z
        .object({ strings: z.array(z.string()), models: z.record(z.string(), z.array(z.string())) })
        .parse(JSON.parse(readFileSync(new URL("../fixtures/tokenizers.json", import.meta.url), "utf8")));
      expect(strings).toHaveLength(2000);
      // a user-defined marker is split into tokens here, and is a single id in Python (law 2)
      const both = [...marking]
        .filter((id) => table.getTokenAttributes(id) & userDefined)
        .map((id) => table.getTokenString(id) ?? "");
      const comparable = strings.filter((text) => !both.some((marker) => text.includes(marker)));
      expect(comparable.length).toBeGreaterThan(1900);
      const digests = new Map(strings.map((text, at) => [text, models[name]?.[at]]));
      const other = comparable.filter((text) => tokenDigest(vocabulary.encode(text)).slice(0, 12) !== digests.get(text));
      expect(other).toEqual([]);
    });

    test("every single token has the same text as in llama.cpp", () => {
      // tokens that are part of a character decode to U+FFFD in both
      for (let id = 0; id < size; id++) {
        const theirs = table.detokenize(Uint32Array.of(id), true);
        if (vocabulary.decode([id]) !== theirs) expect({ id, text: vocabulary.decode([id]) }).toEqual({ id, text: theirs });
      }
    });

    test("pieces join to the decoded text, a split character's bytes going to its last id", () => {
      fc.assert(
        fc.property(fc.array(fc.nat(size - 1), { maxLength: 20 }), (ids) => {
          const pieces = vocabulary.pieces(ids);
          expect(pieces).toHaveLength(ids.length);
          expect(pieces.join("")).toBe(vocabulary.decode(ids));
        }),
        { seed: 4, numRuns: 200 },
      );
      const ids = vocabulary.encode("🜁");
      expect(ids.length).toBeGreaterThan(1);
      expect(vocabulary.pieces(ids)).toEqual([...ids.slice(1).map(() => ""), "🜁"]);
      expect(vocabulary.pieces(ids.slice(0, -1)).join("")).toBe("\uFFFD");
    });

    test("markers are found by their text, and a missing one is named", () => {
      const { open, close } = chatFormat(vocabulary);
      expect(vocabulary.decode([vocabulary.marker(open), vocabulary.marker(close)])).toBe(open + close);
      expect(vocabulary.hasMarker("<|no such marker|>")).toBe(false);
      expect(() => vocabulary.marker("<|no such marker|>")).toThrow(/no marker <\|no such marker\|>/);
    });
  });
}
