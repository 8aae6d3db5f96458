// Numbers and names that a text makes up. In a person's first message they would pass for values (a wrong currency instead of
// the held-back one), and an agent that believes them would be blamed. The rule is strict on purpose: the simulator is simply
// asked again. Names are recognised by capitals, so scripts without capitals are not covered.

import { writtenOut } from "../rules/language/said.ts";
import { leaves } from "../rules/values.ts";
import type { Json } from "../types.ts";

/** Numbers in digits that occur in no value: 4 when there are 2 guests. The parts of dates and times count as numbers. */
export function strangeNumbers(text: string, values: readonly Json[]): number[] {
  const known = new Set(digitsOf(spelt(values)));
  return digitsOf(text).filter((number) => !known.has(number));
}

/** Capitalised words inside a sentence (EUR, Luigi's, March) that occur neither in a value nor in the tools' texts (`about`). */
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
