// The beginning and the end of a text, in UTF-16 units at most: no character is split, since half of one is no text to a server or
// a tokenizer. Pure.

/** At most `units` from the start. */
export function headOf(text: string, units: number): string {
  return text.slice(0, Math.max(0, units)).replace(/[\ud800-\udbff]$/, "");
}

/** At most `units` from the end. */
export function tailOf(text: string, units: number): string {
  return text.slice(Math.max(0, text.length - units)).replace(/^[\udc00-\udfff]/, "");
}
