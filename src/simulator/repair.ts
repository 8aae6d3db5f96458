// The one damage that a reply written under a grammar can have: it was cut at its last token. Closes what is open and drops
// what was begun but says nothing yet (a key, a number that may go on). Not a parser of sloppy JSON: no quotes or commas
// are guessed, and the policy's calls never come here (a malformed call is the signal that trains it).

/** What the cut text `json` tells, as JSON; null where it tells no whole value. */
export function closeCut(json: string): string | null {
  /** What closes the brackets that are open, the innermost first. */
  let closers = "";
  /** The last place behind a whole value or an opening bracket, and what closes the text there. */
  let whole: { readonly end: number; readonly closers: string } | null = null;
  let before = ""; // the last character that is no blank: tells a key from a value
  for (let at = 0; at < json.length; at++) {
    const character = json[at] ?? "";
    if (character === '"') {
      const isKey = closers.startsWith("}") && before !== ":";
      const { end, closed } = endOfString(json, at + 1);
      if (!isKey) whole = { end, closers: closed ? closers : `"${closers}` };
      if (!closed) break;
      at = end - 1;
    } else if (character === "{" || character === "[") {
      closers = (character === "{" ? "}" : "]") + closers;
      whole = { end: at + 1, closers };
    } else if (character === "}" || character === "]") {
      if (!closers.startsWith(character)) return null;
      closers = closers.slice(1);
      whole = { end: at + 1, closers };
    } else if (character === ",") whole = { end: at, closers };
    if (character.trim() !== "") before = character;
  }
  return whole === null ? null : json.slice(0, whole.end) + whole.closers;
}

/** Behind the closing quote, or behind the last whole character of a text that was cut. */
function endOfString(json: string, start: number): { readonly end: number; readonly closed: boolean } {
  for (let at = start; at < json.length; at++) {
    if (json[at] === '"') return { end: at + 1, closed: true };
    if (json[at] !== "\\") continue;
    const length = json[at + 1] === "u" ? 6 : 2;
    if (at + length > json.length) return { end: at, closed: false };
    at += length - 1;
  }
  return { end: json.length, closed: false };
}
