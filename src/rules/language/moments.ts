// Dates and times as people write them, read by rule. Ambiguous forms are not read: 03/05/2026 is no date. 6:00 without AM or
// PM is in the morning.
import { foldedText, type Read, type Token, type Tokens, tokenize } from "./tokens.ts";

/** A calendar day; the year may be missing. */
export interface Day {
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
}

/** A time of day in seconds, and its offset from UTC in minutes where the text gives one. */
export interface Clock {
  readonly seconds: number;
  readonly offset: number | null;
}

/** A date, a time or both. */
export interface Moment {
  readonly day?: Day | undefined;
  readonly clock?: Clock | undefined;
}

/** The date and time of a text that contains nothing else, e.g. "2026-03-05T18:00:00Z"; null for any other text. */
export function asMoment(text: string): Moment | null {
  const tokens = tokenize(foldedText(text));
  let found: Moment = {};
  for (let at = 0; at < tokens.list.length; ) {
    const read: Read<Moment> = momentAt(tokens, at);
    if (read === null && tokens.list[at]?.text !== "at") return null;
    if ((read?.value.day && found.day) || (read?.value.clock && found.clock)) return null; // a range
    found = { ...found, ...read?.value };
    at = read?.end ?? at + 1;
  }
  return found.day || found.clock ? found : null;
}

/** A date or a time, or both in one token. */
export function momentAt({ list }: Tokens, at: number): Read<Moment> {
  const [, day, clock] = /^(\d{4}-\d{2}-\d{2})t(.+)$/.exec(list[at]?.text ?? "") ?? [];
  if (day !== undefined && clock !== undefined) {
    const value = { day: writtenDay(day) ?? undefined, clock: writtenClock(clock) ?? undefined };
    return value.day && value.clock ? { value, end: at + 1 } : null;
  }
  const date = dayAt(list, at);
  if (date) return { value: { day: date.value }, end: date.end };
  const time = clockAt(list, at);
  return time && { value: { clock: time.value }, end: time.end };
}

/** Month names as used in dates. */
const months = new Map<string, number>();
for (const language of "en de fr es it pt nl sv pl ru tr id hi th ar cs uk da nb fi ro el hu".split(" "))
  for (const style of language === "en" ? (["long", "short"] as const) : (["long"] as const)) {
    const format = new Intl.DateTimeFormat(`${language}-u-ca-gregory`, { day: "numeric", month: style, timeZone: "UTC" });
    for (let month = 1; month <= 12; month++) {
      const name = format.formatToParts(Date.UTC(2000, month - 1)).find(({ type }) => type === "month")?.value ?? "";
      const folded = foldedText(name).toLowerCase().replace(/\.$/, "");
      if (!months.has(folded)) months.set(folded, month);
    }
  }
months.set("sept", 9);

/** "March 5th, 2026", "5 de marzo de 2026", "2026年3月5日", or a date in one token. */
export function dayAt(list: readonly Token[], at: number): Read<Day> {
  const one = writtenDay(list[at]?.text ?? "");
  if (one) return { value: one, end: at + 1 };
  const text = (index: number) => list[index]?.text ?? "";
  const close = (index: number) => /^[.,]?\s?$/.test(list[index]?.gap ?? "");
  const past = (index: number) => (/^(?:of|de)$/.test(text(index)) ? index + 1 : index);
  const [month, day] = [months.get(text(at)), dayNumber(text(at))];
  const first = /^\d{4}$/.test(text(at)) && /^[年년]$/.test(text(at + 1)) ? at + 2 : at;
  if (/^\d{1,2}$/.test(text(first)) && /^[月월]$/.test(text(first + 1)) && /^[日号號일]/.test(text(first + 3)))
    return dated(first === at ? null : Number(text(at)), Number(text(first)), dayNumber(text(first + 2)), first + 4);
  const second = day === null ? at + 1 : past(at + 1);
  if (!close(second) || (month === undefined && day === null)) return null;
  const later = past(second + 1);
  const year = /^\d{4}$/.test(text(later)) && close(later) ? Number(text(later)) : null;
  const end = year === null ? second + 1 : later + 1;
  return month === undefined
    ? dated(year, months.get(text(second)) ?? null, day, end)
    : dated(year, month, dayNumber(text(second)), end);
}

/** The day of the month that a token is: "5", "5th". */
export function dayNumber(text: string): number | null {
  const [, digits] = /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(text) ?? [];
  return digits === undefined ? null : Number(digits);
}

function dated(year: number | null, month: number | null, day: number | null, end: number): Read<Day> {
  if (month === null || day === null || month < 1 || month > 12 || day < 1 || day > 31) return null;
  return { value: { year, month, day }, end };
}

/** 2026-03-05, 2026/3/5, 5.3.2026, 05-mar-2026; 13/05/2026 and 05/13/2026, in which one number cannot be a month. */
function writtenDay(text: string): Day | null {
  const [, dayOf = "", monthName = "", yearOf] = /^(\d{1,2})-(\p{L}+)-(\d{4})$/u.exec(text) ?? [];
  if (yearOf !== undefined) return dated(Number(yearOf), months.get(monthName) ?? null, Number(dayOf), 0)?.value ?? null;
  const [, year, month, day] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text) ?? [];
  if (year !== undefined) return dated(Number(year), Number(month), Number(day), 0)?.value ?? null;
  const [, first, mark, second, last] = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})$/.exec(text) ?? [];
  const [a, b] = [Number(first), Number(second)];
  if (last === undefined || (mark !== "." && a <= 12 && b <= 12 && a !== b)) return null;
  return dated(Number(last), mark === "." || b <= 12 ? b : a, mark === "." || b <= 12 ? a : b, 0)?.value ?? null;
}

/** "18:00 UTC", "6 PM", "6:00 p. m.", "6.30pm", "18h30", "18:00h", "18 Uhr", "noon", "下午6点30分". */
function clockAt(list: readonly Token[], at: number): Read<Clock> {
  const text = (index: number) => list[index]?.text ?? "";
  const isSpaced = /^[ap]$/.test(text(at + 1)) && list[at + 2]?.gap.trim() === "." && text(at + 2) === "m";
  const half = isSpaced ? text(at + 1) : (/^([ap])\.?m$/.exec(list[at + 1]?.gap.trim() === "" ? text(at + 1) : "")?.[1] ?? "");
  const eastern = /^\d{1,2}$/.test(text(at)) && /^(?:[点點时時](?![间間])|시(?!간))/.exec(text(at + 1));
  if (eastern) {
    const minutes = /^\d{1,2}$/.test(text(at + 2)) && /^[分분]/.test(text(at + 3)) ? text(at + 2).padStart(2, "0") : null;
    const late = /(?:下午|晚上?|夜|午後|오후)$/.test(text(at - 1)) && Number(text(at)) < 12 ? "pm" : "";
    const value = writtenClock(`${text(at)}:${minutes ?? (/^.半/.test(text(at + 1)) ? "30" : "00")}${late}`);
    return value && { value, end: at + (minutes === null ? 2 : 4) };
  }
  if (text(at + 1) === "uhr" && /^\d{1,2}(?:[.:]\d{2})?$/.test(text(at))) {
    const value = writtenClock(text(at).replace(".", ":").replace(/^\d+$/, "$&:00"));
    return value && { value, end: at + 2 };
  }
  const value = writtenClock(`${text(at)}${half && `${half}m`}`);
  if (value === null) return null;
  const end = at + (isSpaced ? 3 : half === "" ? 1 : 2);
  return /^(?:utc|gmt|z)$/.test(text(end)) ? { value: { ...value, offset: 0 }, end: end + 1 } : { value, end };
}

/** A time without blanks. After hours and minutes alone, a minus starts a range; it is not an offset. */
export function writtenClock(text: string): Clock | null {
  if (/^(?:noon|midnight)$/.test(text)) return { seconds: text === "noon" ? 43_200 : 0, offset: null };
  const [, hour, minute, second = "0", half, zone] =
    /^(\d{1,2})(?:(?:[:h]|\.(?=\d{2}[ap]))(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?:([ap])\.?m|(z|[+-]\d{2}:?\d{2})|(?<=:\d{2})h)?$/.exec(
      text,
    ) ?? [];
  if (hour === undefined || (minute === undefined && half === undefined)) return null;
  const [hours, minutes, seconds] = [Number(hour), Number(minute ?? 0), Number(second)];
  if (minutes > 59 || seconds > 59 || hours > 23 || (half !== undefined && (hours < 1 || hours > 12))) return null;
  const ofDay = half === undefined ? hours : (hours % 12) + (half === "p" ? 12 : 0);
  return { seconds: ofDay * 3600 + minutes * 60 + seconds, offset: zone === undefined ? null : offsetOf(zone) };
}

function offsetOf(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}
