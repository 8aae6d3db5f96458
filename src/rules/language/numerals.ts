// Numbers as people write them: separators of several countries, signs, currencies, units and percentages. A number is kept as
// text in plain decimal digits: 19 digits stay exact, and two ways to write one number never differ by rounding.
import type { Read, Token, Tokens } from "./tokens.ts";

/** "-1234.5", and the number of decimals as written. */
export interface Numeral {
  readonly decimal: string;
  readonly places: number;
}

/** A number in plain decimal digits. */
export function decimalOf(value: number): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const places = fraction.length - Number(exponent);
  return plainDecimal(sign === "-", `${whole}${fraction}${"0".repeat(Math.max(0, -places))}`, Math.max(0, places));
}

/** What a word behind a number makes of it: "2.5 million". Powers of ten. */
const scales: ReadonlyMap<string, number> = new Map([
  ["hundred", 2],
  ["thousand", 3],
  ["million", 6],
  ["billion", 9],
]);

/** Index is the number. */
export const numberWords: readonly string[] = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
  "thirteen",
  "fourteen",
  "fifteen",
  "sixteen",
  "seventeen",
  "eighteen",
  "nineteen",
  "twenty",
];

/** "usd50". */
const currency = new RegExp(`^(?:${Intl.supportedValuesOf("currency").join("|")})(?=\\d)`, "i");
const unit = String.raw`(?!(?:st|nd|rd|th)$)\p{L}{1,3}|mins|hours?|days?|miles?|kcal|[kmg]bps`;
/** Digits, alone or with what is attached: a unit ("5kg", "30mins"), another word ("3-night"), the best that can be had ("4.5/5"). */
const attached = new RegExp(String.raw`^(\d[\d.,']*)(?:${unit}|-\p{L}{2,}|/(?:5|10|100))?$`, "u");

/** The number at a token: as a word, or in digits with what is attached; 12% is 12 and 0.12. */
export function numbersAt({ text, list }: Tokens, at: number): Read<readonly Numeral[]> {
  const token = list[at];
  if (token === undefined) return null;
  const word = numberWords.indexOf(token.text);
  const [, head] = attached.exec(token.text.replace(currency, "")) ?? [];
  const first = word >= 0 ? String(word) : head;
  if (first === undefined) return null;
  const grouped = groupedByBlanks(list, at);
  const { written, end } = grouped ?? { written: first, end: at + 1 };
  const last = list[end - 1] ?? token;
  const sign = /(?<![\p{L}\p{M}\p{N}])[-\u2013](?:(?:\p{L}{1,3} ?)?\p{Sc} ?|\p{L}{1,3} ?)?$/u; // -12, -$12, $-12, -US$12
  const negative =
    sign.test(text.slice(Math.max(0, token.start - 9), token.start)) || ["minus", "negative"].includes(list[at - 1]?.text ?? "");
  const percent = /^ ?(?:%|percent|per cent)/.test(text.slice(last.start + last.text.length).slice(0, 9));
  const scale = scales.get(list[end]?.text ?? "") ?? 0;
  const value = digitsOf(written).flatMap(({ digits, places }) =>
    [-scale, ...(percent ? [2] : [])].map((shift) => ({ decimal: shifted(negative, digits, places + shift), places })),
  );
  return { value, end: scale === 0 ? end : end + 1 };
}

/** "1 234 567,89": groups of three separated by single blanks. */
function groupedByBlanks(list: readonly Token[], at: number): { readonly written: string; readonly end: number } | null {
  let written = list[at]?.text ?? "";
  if (!/^[1-9]\d{0,2}$/.test(written)) return null;
  let end = at + 1;
  while (list[end]?.gap === " " && /^\d{3}(?:[.,]\d+)?$/.test(list[end]?.text ?? "") && !/[.,]/.test(written))
    written += `'${list[end++]?.text}`;
  return end === at + 1 ? null : { written, end };
}

const groups = /^[1-9]\d{0,2}(?:([.,'])\d{3})(?:\1\d{3})*$|^[1-9]\d?(?:,\d{2})+,\d{3}$/;

/** Digits with their separators as whole digits and decimals; several for a list without blanks, none if it is not a number. */
function digitsOf(written: string): { readonly digits: string; readonly places: number }[] {
  const marks: readonly string[] = written.match(/[.,']/g) ?? [];
  const last = marks.at(-1) ?? "";
  const isDecimal =
    /[.,]/.test(last) && marks.indexOf(last) === marks.length - 1 && (marks.length > 1 || last === "." || !groups.test(written));
  const point = isDecimal ? written.lastIndexOf(last) : written.length;
  const [whole, fraction] = [written.slice(0, point), written.slice(point + 1)];
  if (/^(?:0|[1-9]\d*)$/.test(whole) || groups.test(whole))
    return [{ digits: whole.replace(/[.,']/g, "") + fraction, places: fraction.length }];
  return /^\d+(?:,\d+)+$/.test(written) ? written.split(",").flatMap(digitsOf) : [];
}

/** As plainDecimal, also for a number that is larger than its digits: -6 places of "25" are 25,000,000. */
function shifted(negative: boolean, digits: string, places: number): string {
  return plainDecimal(negative, digits + "0".repeat(Math.max(0, -places)), Math.max(0, places));
}

/** `digits` times 10 to the power of -`places`, without unnecessary zeros. */
function plainDecimal(negative: boolean, digits: string, places: number): string {
  const padded = digits.padStart(places + 1, "0");
  const whole = padded.slice(0, padded.length - places).replace(/^0+(?=\d)/, "");
  const fraction = padded.slice(padded.length - places).replace(/0+$/, "");
  const plain = fraction === "" ? whole : `${whole}.${fraction}`;
  return negative && plain !== "0" ? `-${plain}` : plain;
}
