// Opens the embedder by its name in models/manifest.json, from its verified files.
import { type Embedder, openEmbedder } from "./embed/embedder.ts";
import { modelPaths } from "./models/fetch.ts";
import { findEmbedder } from "./models/manifest.ts";
import { embedderModel } from "./models/needed.ts";

/** @throws PlayactError("model") with the command that fetches it, where a file is missing or wrong */
export async function openEmbedderFiles(threads: number | null): Promise<Embedder> {
  const { dimensions, maxTokens } = findEmbedder(embedderModel);
  const [model = "", tokenizer = ""] = await modelPaths(embedderModel);
  return openEmbedder({ model, tokenizer, dimensions, maxTokens, threads });
}
