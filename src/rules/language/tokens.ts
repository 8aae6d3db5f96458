// A text cut into words and tokens, whatever script it is in: one way of writing for each character, and a border where the
// script changes. What tokens mean is read by numerals.ts and moments.ts, from one place on; a reader says how far it came.

/** Scripts that write no blanks between words. */
export const blankless = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
const eastern = String.raw`${blankless}\p{sc=Hangul}`;
/** Between these scripts and others a word ends: 25度, NT418次. */
const scriptBorder = new RegExp(
  String.raw`(?<=[${eastern}])(?=(?![${eastern}])[\p{L}\p{N}])|(?<=(?![${eastern}])[\p{L}\p{M}\p{N}])(?=[${eastern}])`,
  "gu",
);
const alphanumeric = String.raw`[\p{L}\p{M}\p{N}]+`;
/** Letters and digits, with the signs that hold a number, a date, a time or "p.m." together. */
const tokenForm = new RegExp(
  String.raw`${alphanumeric}(?:(?:-|(?<=\d)[.,:/'+](?=\d)|(?<=\p{L})[.'](?=\p{L}))${alphanumeric})*`,
  "gu",
);

export interface Token {
  readonly text: string;
  readonly start: number;
  /** What stands between the token before and this one. */
  readonly gap: string;
}

/** The text in lower case, cut into tokens. */
export interface Tokens {
  readonly text: string;
  readonly list: readonly Token[];
}

export type Read<Value> = { readonly value: Value; readonly end: number } | null;

/** One way of writing for each: compatible forms, digits, apostrophes and minus signs; marks that are not seen are gone. */
export function foldedText(text: string): string {
  return text
    .replace(/[\u00b2\u00b3\u00b9\u2070-\u2079]/g, " ") // m², where NFKC would write m2
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/\p{Nd}/gu, asciiDigit)
    .replace(/[\u2018\u2019\u02bc]/g, "'")
    .replace(/[\u2010\u2011\u2212]/g, "-")
    .replace(/\u066b/g, ".")
    .replace(/\u066c/g, ",")
    .replace(/(?<![\d:tT])(\d{1,2}:\d{2})-(?=\d{1,2}:\d{2})/g, "$1\u2013") // from one time to another, no offset
    .replace(/_/g, " ")
    .replace(scriptBorder, " ");
}

/** Any script's digit as 0 to 9: Unicode has them in unbroken tens. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return String((code - first) % 10);
}

export function wordsOf(folded: string): string {
  return folded
    .replace(/[^\p{L}\p{M}\p{N}.:/@+',-]+/gu, " ")
    .replace(/,(?!(?<=\d,)\d{3}(?!\d))/g, " ")
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
