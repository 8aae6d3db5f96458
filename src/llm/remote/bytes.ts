// The vocabulary of a policy on a server, whose tokens are not at hand: one id a byte, and two markers that frame a turn. What is
// written with it can be read back as messages, which is all that a server takes.
import { PlayactError } from "../../errors.ts";
import type { ChatMessage, Vocabulary } from "../llm.ts";

/** ChatML's: an episode is then written as for any model with this frame. */
const open = "<|im_start|>";
const close = "<|im_end|>";
const markers = [open, close];
const firstMarker = 256;

export const servedVocabulary: Vocabulary = {
  encode: (text) => [...Buffer.from(text)],
  marker(text) {
    const at = markers.indexOf(text);
    if (at < 0) throw new PlayactError("model", `A model on a server has no marker ${text}: name a model of this machine.`);
    return firstMarker + at;
  },
  hasMarker: (text) => markers.includes(text),
  markers,
  isMarker: (id) => id >= firstMarker,
  decode: (ids) => pieces(ids).join(""),
  pieces,
};

function pieces(ids: readonly number[]): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return ids.map((id, at) =>
    decoder.decode(id < firstMarker ? Uint8Array.of(id) : Buffer.from(markers[id - firstMarker] ?? ""), {
      stream: at < ids.length - 1,
    }),
  );
}

/**
 * The messages of a sequence that ends with the opening of the policy's turn, without that opening.
 * @throws RangeError for ids that no template wrote
 */
export function messagesIn(ids: readonly number[]): ChatMessage[] {
  const turns: number[][] = [];
  let inside: number[] | null = null;
  for (const id of ids) {
    if (id === servedVocabulary.marker(open)) inside = [];
    else if (id === servedVocabulary.marker(close)) {
      if (inside !== null) turns.push(inside);
      inside = null;
    } else inside?.push(id);
  }
  return turns.map((turn) => {
    const text = servedVocabulary.decode(turn);
    const end = text.indexOf("\n");
    const role = text.slice(0, Math.max(0, end));
    if (role === "system" || role === "user" || role === "assistant") return { role, content: text.slice(end + 1) };
    throw new RangeError(`a turn of an episode begins with ${JSON.stringify(text.slice(0, 20))} in place of a role`);
  });
}
