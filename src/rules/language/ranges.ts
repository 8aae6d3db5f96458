// Two dates or two times as the ends of a range, of which one often says what both have: "2–4 PM", "March 5–8, 2026". A bare
// number is an end only where nothing else is likely: "from 2 to 4 PM", but not "a table for 2 to 4 PM".
import { type Clock, dayAt, dayNumber, type Moment, momentAt, writtenClock } from "./moments.ts";
import { foldedText, type Read, readAll, type Token, type Tokens, tokenize } from "./tokens.ts";

type Ends = readonly [Moment, Moment];

/** All dates and times in a text; of a range both ends. */
export function momentsIn(tokens: Tokens): readonly Moment[] {
  return readAll(parted(tokens), (all, at): Read<readonly Moment[]> => {
    const one = momentAt(all, at);
    const range = rangeAt(all, at);
    // "from 09:00 to 10 PM" has no half to borrow: a start that is a time by itself counts as that too
    if (range !== null && one?.value.clock !== undefined) return { ...range, value: [...range.value, one.value] };
    return range ?? (one && { ...one, value: [one.value] });
  }).flat();
}

/** The ends of a text that is a range and nothing else, e.g. "09:00-17:00"; null for any other text. */
export function asRange(text: string): Ends | null {
  const tokens = parted(tokenize(foldedText(text)));
  const range = rangeAt(tokens, 0);
  return range?.end === tokens.list.length ? range.value : null;
}

/** Two numbers of days with a hyphen between them are one token: "March 5-8". */
function parted({ text, list }: Tokens): Tokens {
  const parts = (token: Token): readonly Token[] => {
    const [, first, last] = /^(\d{1,2}(?:st|nd|rd|th)?)-(\d{1,2}(?:st|nd|rd|th)?)$/.exec(token.text) ?? [];
    if (first === undefined || last === undefined) return [token];
    return [
      { ...token, text: first },
      { text: last, start: token.start + first.length + 1, gap: "-" },
    ];
  };
  return { text, list: list.flatMap(parts) };
}

function rangeAt(tokens: Tokens, at: number): Read<Ends> {
  return wholeAt(tokens, at) ?? hoursAt(tokens, at) ?? daysAt(tokens, at);
}

/** Index of the last end of a range whose first one lasts from `at` to `end`; null without a dash or a word between them. */
function lastEnd({ list }: Tokens, at: number, end: number, isBare: boolean): number | null {
  const next = list[end];
  if ((isBare ? /^[-\u2013\u2014]$/ : /^ ?[-\u2013\u2014] ?$/).test(next?.gap ?? "")) return end;
  const opening = list[at - 1]?.text;
  const isTo = /^(?:to|until|till|through)$/.test(next?.text ?? "") && (!isBare || opening === "from");
  return isTo || (opening === "between" && next?.text === "and") ? end + 1 : null;
}

/** Both ends say all of it: "9 AM to 5 PM". Such a text is not one moment. */
function wholeAt(tokens: Tokens, at: number): Read<Ends> {
  const first = momentAt(tokens, at);
  const start = first && lastEnd(tokens, at, first.end, false);
  const last = start === null ? null : momentAt(tokens, start);
  const isHalved = last !== null && start !== null && hasHalf(tokens, start, last.end);
  if (first === null || last === null || (isHalved && !hasHalf(tokens, at, first.end))) return null;
  return { value: [first.value, last.value], end: last.end };
}

/** Whether a time says AM or PM. */
function hasHalf({ text, list }: Tokens, at: number, end: number): boolean {
  const [first, last] = [list[at], list[end - 1]];
  return /[ap]\.?\s?m/.test(text.slice(first?.start, last && last.start + last.text.length));
}

/** "2–4 PM", "2:00 to 4:00 PM", "10–2 PM": the start is before the end, in the same half of the day if it can be. */
function hoursAt(tokens: Tokens, at: number): Read<Ends> {
  const hour = tokens.list[at]?.text ?? "";
  const start = lastEnd(tokens, at, at + 1, !hour.includes(":"));
  const morning = /^\d{1,2}(?::\d{2})?$/.test(hour) ? writtenClock(`${hour}am`) : null;
  const last = start === null ? null : momentAt(tokens, start);
  const end = last?.value.clock;
  if (start === null || morning === null || last === null || end === undefined || !hasHalf(tokens, start, last.end)) return null;
  const isLate = end.seconds >= halfDay === morning.seconds < end.seconds % halfDay;
  const clock: Clock = { seconds: morning.seconds + (isLate ? halfDay : 0), offset: end.offset };
  return { value: [{ clock }, last.value], end: last.end };
}

const halfDay = 43_200;

/** "March 5–8, 2026" and "5–8 March 2026". */
function daysAt(tokens: Tokens, at: number): Read<Ends> {
  const { list } = tokens;
  const bare = dayNumber(list[at]?.text ?? "");
  const start = lastEnd(tokens, at, bare === null ? at + 2 : at + 1, bare !== null);
  const number = list[start ?? list.length];
  if (start === null || number === undefined || dayNumber(number.text) === null) return null;
  const first = bare ?? dayAt(list, at)?.value.day;
  // the month before the first day is the last one's too, if that is no time and has no month of its own
  const last = bare !== null ? dayAt(list, start) : momentAt(tokens, start) ? null : monthFirst(list, at, start);
  if (first === undefined || last === null || first < 1 || first >= last.value.day) return null;
  return { value: [{ day: { ...last.value, day: first } }, { day: last.value }], end: last.end };
}

/** The last day of "March 5–8, 2026", read as "March 8, 2026". */
function monthFirst(list: readonly Token[], at: number, start: number) {
  const [month, number] = [list[at], list[start]];
  if (month === undefined || number === undefined) return null;
  const read = dayAt([month, { ...number, gap: " " }, ...list.slice(start + 1)], 0);
  return read && { ...read, end: read.end + start - 1 };
}
