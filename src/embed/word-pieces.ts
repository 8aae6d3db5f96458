// Text -> the embedder's token ids: BERT's WordPiece as its tokenizer.json describes it, by Hugging Face's library. The file
// asks for 128 tokens, padded; sentence-transformers overrides both (max_seq_length 256), and so does this file. The ids equal
// those of the Python library (a test compares difficult texts), with one correction: see `rareIdeographs`.
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";

const described = z.looseObject({
  model: z.looseObject({ type: z.literal("WordPiece"), vocab: z.record(z.string(), z.number()) }),
});

/**
 * Ideographs beyond 16 bits. BERT reads each ideograph as a separate word; the library works on UTF-16 units and misses
 * these, so they are separated here (the blocks of BERT's own list).
 */
const rareIdeographs = /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/** [CLS] pieces [SEP], at most `maxTokens` in all: longer texts lose their end, never the two special tokens. */
export type WordPieces = (text: string) => readonly number[];

/**
 * @param description the parsed tokenizer.json
 * @throws ZodError if it does not describe a WordPiece tokenizer
 */
export function wordPieces(description: unknown, maxTokens: number): WordPieces {
  const tokenizer = new Tokenizer(described.parse(description), {});
  return (text) => {
    const { ids } = tokenizer.encode(text.replace(rareIdeographs, " $& "));
    const end = ids.at(-1);
    return ids.length <= maxTokens || end === undefined ? ids : [...ids.slice(0, maxTokens - 1), end];
  };
}
