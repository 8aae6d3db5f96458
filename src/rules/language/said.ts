// Does a text say a value, as a person would write it? Texts are looked for as words, numbers as numbers, dates and times by
// what they mean. By rule, without a model: what cannot be told (03/05/2026 for a day in May) counts as not said.
import type { Json } from "../../types.ts";
import { leaves } from "../values.ts";
import { asMoment, type Clock, type Day, momentsIn } from "./moments.ts";
import { decimalOf, type Numeral, numbersAt } from "./numerals.ts";
import { blankless, foldedText, readAll, tokenize, wordsOf } from "./tokens.ts";

/** What stands in a text; read once, however many values are looked for. */
interface Reading {
  readonly text: string;
  readonly words: string;
  readonly numbers: readonly Numeral[];
  readonly days: readonly Day[];
  readonly clocks: readonly Clock[];
}

function readingOf(text: string): Reading {
  const folded = foldedText(text);
  const tokens = tokenize(folded);
  const moments = momentsIn(tokens);
  return {
    text: folded,
    words: wordsOf(folded),
    numbers: readAll(tokens, numbersAt).flat(),
    days: moments.flatMap(({ day }) => day ?? []),
    clocks: moments.flatMap(({ clock }) => clock ?? []),
  };
}

/** Does a text say every value in `value`? Truth values are said in too many ways to check. */
export function carries(text: string, value: Json): boolean {
  const reading = readingOf(text);
  return leaves(value).every((leaf) => !isSayable(leaf) || says(reading, leaf));
}

/** Share of a result's leaf values that the text says, 0..1; 1 for a result without values that can be looked for. */
export function carriedShare(text: string, value: Json): number {
  const all = leaves(value).filter(isSayable);
  const reading = readingOf(text);
  return all.length === 0 ? 1 : all.filter((leaf) => says(reading, leaf)).length / all.length;
}

const dateFormat = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" });
const timeFormat = new Intl.DateTimeFormat("en-US", { timeStyle: "short", timeZone: "UTC" });

/** A scalar as it stands and, where it is a date or a time, in words: "2026-03-05 March 5, 2026". */
export function writtenOut(leaf: Json): string {
  const { day, clock } = typeof leaf === "string" ? (asMoment(leaf) ?? {}) : {};
  return [
    String(leaf),
    typeof leaf === "number" ? leaf.toFixed(2) : "",
    day ? dateFormat.format(Date.UTC(day.year ?? 2000, day.month - 1, day.day)) : "",
    clock ? timeFormat.format(clock.seconds * 1000) : "",
  ].join(" ");
}

/** A comparison, an operation: a value without letters that schemas list. */
const sign = /^[<>=+*/%&|^~!-]+$/;

function signsIn(text: string): string[] {
  return text.match(/(?<![<>=+*/%&|^~!-])[<>=+*/%&|^~!-]+/g) ?? [];
}

function isSayable(leaf: Json): leaf is string | number {
  return typeof leaf === "number" || (typeof leaf === "string" && (wordsOf(foldedText(leaf)) !== "" || sign.test(leaf.trim())));
}

function says(reading: Reading, leaf: string | number): boolean {
  if (typeof leaf === "number") {
    const [exact, rounded] = [decimalOf(leaf), decimalOf(Number(leaf.toFixed(2)))];
    return reading.numbers.some(({ decimal, places }) => decimal === exact || (places === 2 && decimal === rounded));
  }
  const moment = asMoment(leaf);
  if (moment === null && sign.test(leaf.trim())) return signsIn(reading.text).includes(leaf.trim());
  if (moment === null) return hasWords(reading.words, wordsOf(foldedText(leaf)));
  const { day, clock } = moment;
  return (
    (!day || reading.days.some((said) => isSameDay(day, said))) &&
    (!clock || reading.clocks.some((said) => isSameTime(clock, said)))
  );
}

/** The year may be left unsaid, on either side. */
function isSameDay(one: Day, other: Day): boolean {
  return one.month === other.month && one.day === other.day && (one.year ?? other.year) === (other.year ?? one.year);
}

/** By what clocks show, or where both say their offset, at the same moment of a day. */
function isSameTime(one: Clock, other: Clock): boolean {
  const away = one.offset === null || other.offset === null ? 0 : (one.offset - other.offset) * 60;
  return (one.seconds - other.seconds - away) % 86_400 === 0;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
const unbrokenEnd = new RegExp(`[${blankless}]\\p{M}*$`, "u");
const unbroken = new RegExp(`[${blankless}]`, "u");
const unbrokenStart = new RegExp(`^[${blankless}]`, "u");

/** Do the words stand among the others as words of their own? One letter alone is looked for in its own case: A is no article. */
function hasWords(all: string, wanted: string): boolean {
  const [text, words] = wanted.length === 1 ? [all, wanted] : [all.toLowerCase(), wanted.toLowerCase()];
  const borders = bordersIn(text);
  // ICU's dictionary cuts a name that it does not know wrongly at one end, hardly ever at both
  const isName = [...words].length > 1 && !/^[\p{sc=Katakana}ー]+$/u.test(words);
  const isRun = isName && unbrokenStart.test(words) && unbrokenEnd.test(words);
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const end = at + words.length;
    const starts = borders(at);
    const ends = borders(end) || /^\p{sc=Hangul}{2}/u.test(text.slice(end - 1, end + 1)); // particles stick to a Korean word
    if (isRun ? starts || ends : starts && ends) return true;
  }
  return false;
}

/** Whether a word can begin or end at an index: at blanks, and where ICU cuts the scripts that write none. */
function bordersIn(text: string): (index: number) => boolean {
  const cuts = unbroken.test(text) ? new Set(Array.from(segmenter.segment(text), ({ index }) => index)) : null;
  return (index) => {
    const [before, after] = [text.slice(Math.max(0, index - 9), index), text.slice(index, index + 2)];
    if (/(?:^| )$/.test(before) || /^(?: |$)/.test(after)) return true;
    return (unbrokenEnd.test(before) || unbrokenStart.test(after)) && (cuts?.has(index) ?? false);
  };
}
