// A text split into words and tokens, in any script: one form for each character, and a border where the script changes.
// numerals.ts and moments.ts interpret the tokens from a given index on and return where they stopped.

/** Scripts without blanks between words. */
export const blankless = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
const eastern = String.raw`${blankless}\p{sc=Hangul}`;
/** A word ends at a change between these scripts and others: 25度, NT418次. */
const scriptBorder = new RegExp(
  String.raw`(?<=[${eastern}])(?=(?![${eastern}])[\p{L}\p{N}])|(?<=(?![${eastern}])[\p{L}\p{M}\p{N}])(?=[${eastern}])`,
  "gu",
);
const alphanumeric = String.raw`[\p{L}\p{M}\p{N}]+`;
/** Letters and digits, with the characters that join a number, a date, a time or "p.m.". */
const tokenForm = new RegExp(
  String.raw`${alphanumeric}(?:(?:-|(?<=\d)[.,:/'+](?=\d)|(?<=\p{L})[.'](?=\p{L}))${alphanumeric})*`,
  "gu",
);

export interface Token {
  readonly text: string;
  readonly start: number;
  /** The text between the previous token and this one. */
  readonly gap: string;
}

/** The text in lower case, split into tokens. */
export interface Tokens {
  readonly text: string;
  readonly list: readonly Token[];
}

export type Read<Value> = { readonly value: Value; readonly end: number } | null;

export const apostrophes = /[\u2018\u2019\u02bc]/g;
/** Hyphens and the minus sign. */
export const hyphens = /[\u2010\u2011\u2212]/g;

/** The start of a range of times and its hyphen, which is no offset: "08:00-10:00", "9am-5pm", "2-4 PM". */
const hoursJoined = /(?<![\w:.-])(\d{1,2}(?::\d{2})?(?: ?[ap]\.?m\b\.?)?)-(?=\d{1,2}(?::\d{2}|(?::\d{2})? ?[ap]\.?m\b))/gi;

/** One form for each character: compatible forms, digits, apostrophes and minus signs; invisible characters are removed. */
export function foldedText(text: string): string {
  return text
    .replace(/[\u00b2\u00b3\u00b9\u2070-\u2079]/g, " ") // m², where NFKC would write m2
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/\p{Nd}/gu, asciiDigit)
    .replace(apostrophes, "'")
    .replace(hyphens, "-")
    .replace(/\u066b/g, ".")
    .replace(/\u066c/g, ",")
    .replace(hoursJoined, "$1\u2013")
    .replace(/_/g, " ")
    .replace(scriptBorder, " ");
}

/** A digit of any script as 0 to 9: Unicode lists them in continuous tens. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return String((code - first) % 10);
}

/** Words and numbers with one blank between them; thousands without commas, and a dash between two numbers as a hyphen. */
export function wordsOf(folded: string): string {
  return folded
    .replace(/[\u2013\u2014](?:(?<=(?<![\p{L}\p{N}])\d[\d.,:]*.)(?=\d)|(?<=\d .)(?= \d))/gu, "-")
    .replace(/(?<!\d) - | - (?!\d)/g, " ")
    .replace(/[^\p{L}\p{M}\p{N}.:/@+',-]+/gu, " ")
    .replace(/(?<=\d),(?=\d{3}(?!\d))/g, "")
    .replace(/,/g, " ")
    .replace(/'s(?!\p{L})|(?<![\p{L}\p{N}])'|'(?![\p{L}\p{N}])/gu, " ")
    .replace(/(?<![.:])[.:]+(?= |$)/g, "")
    .replace(/ +/g, " ")
    .trim();
}

export function tokenize(folded: string): Tokens {
  const text = folded.toLowerCase();
  let end = 0;
  const list = [...text.matchAll(tokenForm)].map((match) => {
    const gap = text.slice(end, match.index);
    end = match.index + match[0].length;
    return { text: match[0], start: match.index, gap };
  });
  return { text, list };
}

export function readAll<Value>(tokens: Tokens, readAt: (tokens: Tokens, at: number) => Read<Value>): Value[] {
  const values: Value[] = [];
  for (let at = 0; at < tokens.list.length; ) {
    const read = readAt(tokens, at);
    if (read) values.push(read.value);
    at = read?.end ?? at + 1;
  }
  return values;
}
