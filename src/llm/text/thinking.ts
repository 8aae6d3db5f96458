// The reasoning that opens a turn, in the markers of Qwen3 and similar models: <think>, some text, </think>. Only at the start:
// models think before they answer, so a later tag is part of the answer, closed or not. Showing a user too much is better than
// hiding the answer.
export const thinkOpen = "<think>";
export const thinkClose = "</think>";

/** Where the reply begins: after the reasoning that opens the turn; the end of the text if that is never closed. */
export function replyStart(text: string): number {
  let start = 0;
  while (text.slice(start).trimStart().startsWith(thinkOpen)) {
    const close = text.indexOf(thinkClose, start);
    if (close < 0) return text.length;
    start = close + thinkClose.length;
  }
  return start;
}
