// Tables, shares and gains as Markdown.

/** @typedef {import("../../src/statistics/interval.ts").Gain} Gain */

export const two = (/** @type {number} */ value) => value.toFixed(2);

const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;

export const table = (/** @type {readonly string[]} */ names, /** @type {readonly string[][]} */ rows) =>
  [line(names), line(names.map(() => "---")), ...rows.map(line)].join("\n");

/** With its interval; one that holds 0 is said to tell nothing. */
export function gainText(/** @type {Gain} */ { gain, low, high, distinguishable }) {
  const text = `${gain < 0 ? "" : "+"}${two(gain)} (${two(low)} to ${two(high)})`;
  return distinguishable ? text : `${text}, not distinguishable`;
}
