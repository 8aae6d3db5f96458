// The grammar of a message that says given values, as a regular expression: opening (chunk slot)* chunk end. A chunk is
// lower-case words, so a number or a name can stand in a slot alone, every slot is filled, and the text asks from its first
// word on. Two requests stand one after the other, so no value of one slips into the other. rules/schema/patterns.ts turns the pattern
// into the grammar of the reply, and the schema's validation reads the same pattern. Not in the papers: TRUSTEE takes any query. A
// name in lower case passes; what must not be said at all is checked where the text is read (first-message.ts).
import type { Slot } from "./slots.ts";

export interface SentenceFrame {
  /** The first words of the text. */
  readonly openings: readonly string[];
  /** What leads from one request to the next, its signs included: ", and then", ". Also". */
  readonly joints: readonly string[];
  /** The first words of its other sentences. */
  readonly starters: readonly string[];
  /** Signs that can end a sentence. */
  readonly ends: readonly string[];
}

/**
 * Up to this many slots come in any order, more of them in the given one: with each order the grammar has more ways to go on
 * after a word, and every one of them costs a pass over the vocabulary for every token.
 */
const anyOrder = 3;
/**
 * Most words (or beginnings of a sentence) before a slot, between the last one of a request and the next request, after the last one of
 * all, and in a request without any. A model that is stopped by the bound finishes a word with nonsense ("to surprise themwithour"), so
 * a reply that comes near it is not accepted.
 */
const most = { before: 15, between: 10, after: 18, alone: 24 } as const;
const nearness = 2;

// capturing groups are named rules of the grammar, which says them once however often they are used
// no hyphens: in "a four-hour lesson" nobody would read the four
const word = "( (?:[a-z]{1,14}(?:'[a-z]{1,3})?|I(?:'(?:d|m|ll|ve))?|ID))";

// the grammar cannot look ahead: what follows from here to the text's end is found when the reply is validated
/** No sentence breaks off. */
const finished = "(?!.* (?:a|an|and|my|of|or|our|the|your)(?:[.?!](?: |$)|,? and (?:then|also) |, then ))";

/** The pattern of a text with every slot of its requests filled once. @param requests in their order // [request][slot] */
export function sentencePattern(frame: SentenceFrame, requests: readonly (readonly Slot[])[]): string {
  const end = `[${frame.ends.join("")}]`;
  // another sentence begins after the last slot alone: a value in it would have no word about what it is
  const piece = `((?:,?${word}|${end} ${oneOf(frame.starters)}${word}))`;
  // numbers and names have a word between them: "2 300" is one number. No comma: a value behind one hangs there ("…, 12345")
  const gap = (first: boolean, most: number) => `(,?${word}){${first ? 0 : 1},${most}}`;
  const request = (slots: readonly Slot[], at: number, spare: number): string => {
    const isLast = at === requests.length - 1;
    const tail = (isAlone: boolean) => {
      if (!isLast) return isAlone ? gap(false, most.before - spare) : gap(true, most.between - spare);
      return isAlone ? `${piece}{${at === 0 ? 3 : 1},${most.alone - spare}}` : `${piece}{0,${most.after - spare}}`;
    };
    const rest = (left: readonly Slot[], isFirst: boolean): string => {
      if (left.length === 0) return tail(isFirst);
      const next = left.length > anyOrder ? left.slice(0, 1) : left;
      const ways = next.map((slot) => {
        const others = left.filter((other) => other !== slot);
        return ` (${oneOf(slot.forms.flatMap(written))})${rest(others, false)}`;
      });
      return `${gap(isFirst && at === 0, most.before - spare)}(?:${ways.join("|")})`;
    };
    return rest(slots, true);
  };
  const text = (spare: number) =>
    `${oneOf(frame.openings)}${requests.map((slots, at) => request(slots, at, spare)).join(oneOf(frame.joints))}${end}$`;
  return `^${finished}(?=${text(nearness)})${text(0)}`;
}

function oneOf(texts: readonly string[]): string {
  return `(?:${texts.map(escaped).join("|")})`;
}

/** A text of several words may stand in quotes. */
function written(form: string): string[] {
  return /\p{L} \p{L}/u.test(form) && !form.includes('"') ? [form, `"${form}"`] : [form];
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
