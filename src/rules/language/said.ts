// Whether a text states a value, as a person would write it. Texts are searched as words, numbers as numbers, dates and times
// by meaning. By rule, without a model: an ambiguous form (03/05/2026 for a day in May) counts as not stated.
import type { Json } from "../../types.ts";
import { leaves, namedLeaves } from "../values.ts";
import { asMoment, type Clock, type Day, type Moment } from "./moments.ts";
import { decimalOf, type Numeral, numbersAt } from "./numerals.ts";
import { isDone, isNothing, tellsDone, tellsNone } from "./outcome.ts";
import { asRange, momentsIn } from "./ranges.ts";
import { blankless, foldedText, readAll, tokenize, wordsOf } from "./tokens.ts";

/** What a text contains; read once for any number of values. */
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

/** Whether a text states every value in `value`. Booleans are not checked: they can be stated in too many ways. */
export function carries(text: string, value: Json): boolean {
  const reading = readingOf(text);
  return leaves(value).every((leaf) => !isSayable(leaf) || says(reading, leaf));
}

/** A yes or no as a text: it is said in as many ways as one that is none. */
const answer = /^(?:yes|no|true|false)$/i;

/** Share of a result's leaf values that the text states, 0..1; 1 for a result without values to search for. */
export function carriedShare(text: string, value: Json): number {
  const all = namedLeaves(value).flatMap(({ name, leaf }) =>
    isSayable(leaf) && !answer.test(String(leaf).trim()) ? [{ name, leaf }] : [],
  );
  const reading = readingOf(text);
  if (all.length === 0 || (all.every(({ leaf }) => isDone(leaf)) && tellsDone(reading.text))) return 1;
  const told = all.filter(({ name, leaf }) => says(reading, leaf) || (isNothing(leaf) && tellsNone(reading.text, name)));
  return told.length / all.length;
}

const dateFormat = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" });
const timeFormat = new Intl.DateTimeFormat("en-US", { timeStyle: "short", timeZone: "UTC" });

/** A scalar unchanged and, for a date or a time, also in words: "2026-03-05 March 5, 2026". */
export function writtenOut(leaf: Json): string {
  const { day, clock } = typeof leaf === "string" ? (asMoment(leaf) ?? {}) : {};
  return [
    String(leaf),
    typeof leaf === "number" ? leaf.toFixed(2) : "",
    day ? dateFormat.format(Date.UTC(day.year ?? 2000, day.month - 1, day.day)) : "",
    clock ? timeFormat.format(clock.seconds * 1000) : "",
  ].join(" ");
}

/** Nothing that a person could write or say: blanks, and the signs that stand around a text. */
export function isBlank(text: string): boolean {
  return /^["\\\s]*$/.test(foldedText(text));
}

function isSayable(leaf: Json): leaf is string | number {
  return typeof leaf === "number" || (typeof leaf === "string" && !isBlank(leaf));
}

/** A comparison or an operator: an enum value without letters. */
const operator = /^[<>=+*/%&|^~!-]+$/;

/** Whether a sign without letters and digits stands in a text, and not as a part of another: "<" of "<=", the comma after a word. */
function hasSign(text: string, sign: string): boolean {
  const [first = "", last = ""] = [[...sign][0], [...sign].at(-1)];
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
    const [before, after] = [text.slice(0, at), text.slice(at + sign.length)];
    const isPart = operator.test(sign) && (/[<>=+*/%&|^~!-]$/.test(before) || /^[<>=+*/%&|^~!-]/.test(after));
    const isRun = before.endsWith(first) || after.startsWith(last);
    const isProse = /^[.,;:!?'()-]+$/.test(sign) && /[\p{L}\p{N}]$/u.test(before);
    if (!isPart && !isRun && !isProse) return true;
  }
  return false;
}

function says(reading: Reading, leaf: string | number): boolean {
  if (typeof leaf === "number") {
    const [exact, rounded] = [decimalOf(leaf), decimalOf(Number(leaf.toFixed(2)))];
    return reading.numbers.some(({ decimal, places }) => decimal === exact || (places === 2 && decimal === rounded));
  }
  const moment = asMoment(leaf);
  if (moment !== null) return saysMoment(reading, moment);
  const folded = foldedText(leaf).trim();
  if (operator.test(folded) || wordsOf(folded) === "") return hasSign(reading.text, folded);
  if (asRange(leaf)?.every((end) => saysMoment(reading, end)) || saysAmount(reading, folded)) return true;
  // the end of a range: "2024–2025"
  if (/^[1-9]\d*$/.test(folded) && reading.numbers.some(({ decimal }) => decimal === decimalOf(Number(folded)))) return true;
  return hasWords(...evened(reading.words, wordsOf(folded)));
}

/** "$50.00" is said by "$50" and by "50 dollars". */
function saysAmount({ numbers }: Reading, text: string): boolean {
  const amount = /^\p{Sc} ?\d[\d.,']*$/u.test(text) ? readAll(tokenize(text), numbersAt).flat() : [];
  return amount.some(({ decimal }) => numbers.some((said) => said.decimal === decimal));
}

function saysMoment({ days, clocks }: Reading, { day, clock }: Moment): boolean {
  return (!day || days.some((said) => isSameDay(day, said))) && (!clock || clocks.some((said) => isSameTime(clock, said)));
}

/**
 * Text and value in one spelling: "canceled", and of several words "on-time" and "3 - 5 days". A word alone is no part of another:
 * "in" of "check-in".
 */
function evened(text: string, words: string): [string, string] {
  const [isJoined, isSpan] = [/\p{L}[ -]\p{L}/u.test(words), /\d(?:-| - )\d/.test(words)];
  const one = (all: string) => {
    const spelled = all.replace(/(?<=\bcancel)(?=(?:ed|ing)\b)/gi, "l");
    const spanned = isSpan ? spelled.replace(/(?<=\d) - (?=\d)/g, "-") : spelled;
    return isJoined ? spanned.replace(/(?<=\p{L})-(?=\p{L})/gu, " ") : spanned;
  };
  return [one(text), one(words)];
}

/** The year may be missing on either side. */
function isSameDay(one: Day, other: Day): boolean {
  return one.month === other.month && one.day === other.day && (one.year ?? other.year) === (other.year ?? one.year);
}

/** Same clock time or, where both have an offset, same moment of the day. */
function isSameTime(one: Clock, other: Clock): boolean {
  const away = one.offset === null || other.offset === null ? 0 : (one.offset - other.offset) * 60;
  return (one.seconds - other.seconds - away) % 86_400 === 0;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
const unbrokenEnd = new RegExp(`[${blankless}]\\p{M}*$`, "u");
const unbroken = new RegExp(`[${blankless}]`, "u");
const unbrokenStart = new RegExp(`^[${blankless}]`, "u");

/** Whether the words occur as whole words. A single letter is searched in its own case: A is not the article "a". */
function hasWords(all: string, wanted: string): boolean {
  const [text, words] = wanted.length === 1 ? [all, wanted] : [all.toLowerCase(), wanted.toLowerCase()];
  const borders = bordersIn(text);
  // ICU's dictionary often splits an unknown name wrongly at one end, hardly ever at both
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

/** Whether a sign joins two words that are found alone: "ID:BK12", "Oslo/Bergen", "l'Astra", "Ankara'da"; not in 08:25, 3/5 or I'll. */
function joins(text: string, at: number): boolean {
  const [before = " ", sign = "", after = " "] = [text[at - 1], text[at], text[at + 1]];
  if (sign === ":" || sign === "/") return !(/\d/.test(before) && /\d/.test(after));
  return (
    sign === "'" &&
    /\p{L}/u.test(before) &&
    /^\p{L}/u.test(after) &&
    !/^(?:[tsdm]|ll|re|ve)(?!\p{L})/iu.test(text.slice(at + 1, at + 4))
  );
}

/** Whether a word can begin or end at an index: at blanks, beside a sign that joins words, and, in scripts without blanks, where ICU splits the text. */
function bordersIn(text: string): (index: number) => boolean {
  const cuts = unbroken.test(text) ? new Set(Array.from(segmenter.segment(text), ({ index }) => index)) : null;
  return (index) => {
    const [before, after] = [text.slice(Math.max(0, index - 9), index), text.slice(index, index + 2)];
    if (/(?:^| )$/.test(before) || /^(?: |$)/.test(after)) return true;
    if (joins(text, index - 1) || joins(text, index)) return true;
    return (unbrokenEnd.test(before) || unbrokenStart.test(after)) && (cuts?.has(index) ?? false);
  };
}
