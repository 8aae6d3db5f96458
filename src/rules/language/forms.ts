// The ways in which a person says a value: a date or a time in words, a small number as a word, a listed option without its
// underscores. said.ts is the judge: a form that it does not read back as the value is left out.
import { asMoment, type Clock, type Day } from "./moments.ts";
import { numberWords } from "./numerals.ts";
import { carries, isBlank } from "./said.ts";
import { spokenValue } from "./spoken.ts";

/**
 * The forms of a text or a number, the plainest first, each of which states it (`carries`); none for a blank text. A
 * date keeps its year, because nobody could guess it. `asWritten`: a text in the form that it has alone, where nobody could know
 * from "10 AM" that "10:00 AM" is wanted, or where "00:45" is no time of the day.
 */
export function spokenForms(value: string | number, asWritten = false): readonly string[] {
  const forms = typeof value === "number" ? numberForms(value) : asWritten ? [plainForm(value)] : textForms(value);
  return [...new Set(forms)].filter((form) => !isBlank(form) && carries(form, value));
}

function numberForms(value: number): string[] {
  const word = numberWords[value];
  const grouped = Math.abs(value) >= 10_000 ? [value.toLocaleString("en-US", { maximumFractionDigits: 6 })] : [];
  return [String(value), ...grouped, ...(word === undefined ? [] : [word])];
}

function plainForm(value: string): string {
  return spokenValue(value).replace(/\s+/g, " ").trim();
}

function textForms(value: string): string[] {
  const plain = plainForm(value);
  const { day, clock } = asMoment(value) ?? {};
  const days = day === undefined ? [] : dayForms(day);
  const clocks = clock === undefined ? [] : clockForms(clock);
  if (day !== undefined && clock !== undefined)
    return [plain, ...days.flatMap((one) => clocks.map((other) => `${one} at ${other}`))];
  return [plain, ...days, ...clocks];
}

function dayForms({ year, month, day }: Day): string[] {
  const name = new Date(Date.UTC(2000, month - 1)).toLocaleDateString("en-US", { month: "long", timeZone: "UTC" });
  return year === null ? [`${name} ${day}`, `${day} ${name}`] : [`${name} ${day}, ${year}`, `${day} ${name} ${year}`];
}

/** Times with an offset of their own or with seconds are said as they are written. */
function clockForms({ seconds, offset }: Clock): string[] {
  if (seconds % 60 !== 0 || (offset !== null && offset !== 0)) return [];
  const [hours, minutes] = [Math.floor(seconds / 3600), (seconds / 60) % 60];
  const minute = String(minutes).padStart(2, "0");
  const half = `${hours % 12 || 12}${minutes === 0 ? "" : `:${minute}`} ${hours < 12 ? "AM" : "PM"}`;
  const zone = offset === null ? "" : " UTC";
  return [`${String(hours).padStart(2, "0")}:${minute}${zone}`, `${half}${zone}`];
}
