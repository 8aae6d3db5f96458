// A model's vocabulary and chat template without its weights: for commands that show stored tokens or templates.
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import type { Engine } from "../llm.ts";
import { buildWithoutGpu } from "./llama.ts";
import { chatTemplateOf, vocabularyOf } from "./llama-model.ts";

/** Loads the token table of a GGUF file, until the process ends. */
export async function openVocabularyOf(path: string): Promise<Pick<Engine, "vocabulary" | "chatTemplate">> {
  const llama = await getLlama({
    gpu: buildWithoutGpu,
    build: "never",
    skipDownload: true,
    logLevel: LlamaLogLevel.error,
    logger: () => undefined,
  });
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
  return { vocabulary: vocabularyOf(model), chatTemplate: chatTemplateOf(model) };
}
