// The thought that opens a turn, in the marks of Qwen3 and its kin: <think>, some text, </think>. Only there: models think
// before they speak, so a tag further on is a word of the answer, closed or not. A user who reads too much is better off than
// one who misses the answer.
export const thinkOpen = "<think>";
export const thinkClose = "</think>";

/** Where the reply begins: behind what opens the turn as a thought; the end of the text where that is never closed. */
export function replyStart(text: string): number {
  let start = 0;
  while (text.slice(start).trimStart().startsWith(thinkOpen)) {
    const close = text.indexOf(thinkClose, start);
    if (close < 0) return text.length;
    start = close + thinkClose.length;
  }
  return start;
}
