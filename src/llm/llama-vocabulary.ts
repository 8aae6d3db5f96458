// A model's vocabulary without its weights: for commands that show stored tokens.
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { vocabularyOf } from "./llama.ts";
import type { Vocabulary } from "./llm.ts";

/** Loads the token table of a GGUF file. The process keeps it until it ends. */
export async function openVocabularyOf(path: string): Promise<Vocabulary> {
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    logLevel: LlamaLogLevel.error,
    logger: () => undefined,
  });
  return vocabularyOf(await llama.loadModel({ modelPath: path, vocabOnly: true }));
}
