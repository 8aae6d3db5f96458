// An episode as the simulator reads it: who said what, with calls and results, in full (simulator/lines.ts makes the lines). If the
// conversation is longer than the simulator's context, the longest lines lose their middle, with a mark that says so.
import { headOf, tailOf } from "../../rules/language/cut.ts";
import type { Line } from "../../types.ts";

const speakers = {
  user: "User",
  assistant: "Assistant",
  call: "Assistant calls",
  result: "Tool result",
  unexecuted: "Assistant calls (not executed)",
} as const;

export function transcriptText(lines: readonly Line[]): string {
  return lines.map((line) => `${speakers[line.role]}: ${line.text}`).join("\n");
}

/** Characters of a line that are always kept: enough to show what it is about. */
const leastCharacters = 60;

/**
 * The unchanged lines if they fit; otherwise the longest ones are cut to a common length, the greatest that fits. If no length
 * fits, the shortest form: the model then refuses the prompt, which is a failure like any other.
 */
export function fitted(lines: readonly Line[], fits: (lines: readonly Line[]) => boolean): readonly Line[] {
  if (fits(lines)) return lines;
  let low = leastCharacters;
  let high = Math.max(low, ...lines.map(({ text }) => text.length));
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(shortened(lines, middle))) low = middle;
    else high = middle;
  }
  return shortened(lines, low);
}

function shortened(lines: readonly Line[], characters: number): Line[] {
  return lines.map(({ role, text }) => {
    const mark = ` [${text.length - characters} characters left out] `;
    if (text.length <= characters + mark.length) return { role, text };
    const half = Math.floor(characters / 2);
    return { role, text: `${headOf(text, characters - half)}${mark}${tailOf(text, half)}` };
  });
}
