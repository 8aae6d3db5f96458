// What a text says that nobody gave: numbers and names of its own. In a person's first message they pass for values (a wrong
// currency in place of the one that is held back), and an agent that believes them would be blamed for it. By rule, and rather
// too strict: whoever wrote the text is asked again. Names are told by their capitals, so this knows no language without them.

import { writtenOut } from "../rules/language/said.ts";
import { leaves } from "../rules/values.ts";
import type { Json } from "../types.ts";

/** Numbers written in digits that no value holds: 4 where the guests are 2. Parts of dates and times are numbers of theirs. */
export function strangeNumbers(text: string, values: readonly Json[]): number[] {
  const known = new Set(digitsOf(spelt(values)));
  return digitsOf(text).filter((number) => !known.has(number));
}

/** Words with a capital inside a sentence (EUR, Luigi's, March) of which neither a value nor a tool's text (`about`) has a part. */
export function strangeNames(text: string, values: readonly Json[], about: string): string[] {
  const known = new Set(wordsOf(`${spelt(values)} ${about}`));
  const names = [...text.matchAll(/(?<![.!?:"\u201c(]\s*|^\s*)(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}'\u2019-]*/gu)].map(
    ([name]) => name,
  );
  return names.filter((name) => !/^(\p{L}|I['\u2019].*)$/u.test(name) && !wordsOf(name).some((word) => known.has(word)));
}

const spelt = (values: readonly Json[]) =>
  leaves([...values])
    .map(writtenOut)
    .join(" ");

/** Runs of digits as numbers, grouped thousands as one. */
function digitsOf(text: string): number[] {
  return (text.replace(/(\d),(?=\d{3}(?!\d))/g, "$1").match(/\d+/g) ?? []).map(Number);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
