// Opens what a config needs to compare texts: the embedder, and the choice of distractors, whose vectors are computed once per
// process.
import type { Config } from "../config/config.ts";
import { embedderModel, needsEmbedder } from "../config/needed-models.ts";
import { type Embed, type Embedder, openEmbedder } from "../embed/embedder.ts";
import { modelPaths } from "../models/fetch.ts";
import { findEmbedder } from "../models/manifest.ts";
import { anyTools, type ChooseDistractors, nearTools } from "../tools/distractors.ts";
import type { Toolset } from "../types.ts";

/** @throws PlayactError("model") with the command that fetches it, if a file is missing or wrong */
export async function openEmbedderFiles(threads: number | null): Promise<Embedder> {
  const { dimensions, maxTokens } = findEmbedder(embedderModel);
  const [model = "", tokenizer = ""] = await modelPaths(embedderModel);
  return openEmbedder({ model, tokenizer, dimensions, maxTokens, threads });
}

export interface Nearness extends AsyncDisposable {
  readonly embed: Embed | null;
  readonly distractors: ChooseDistractors;
}

/** Opens the embedder only if the config's task writing compares texts. Throws as openEmbedderFiles does. */
export async function openNearness(config: Config, toolsets: readonly Toolset[]): Promise<Nearness> {
  if (!needsEmbedder(config)) return { embed: null, distractors: anyTools, [Symbol.asyncDispose]: () => Promise.resolve() };
  const embedder = await openEmbedderFiles(config.engine.threads);
  const { embed } = embedder;
  const tools = config.tasks.distractors === "near" ? toolsets.flatMap((toolset) => toolset.tools) : [];
  const vectors = await embed(tools.map(({ description }) => description));
  const byTool = new Map(tools.flatMap((tool, at) => (vectors[at] ? [[tool, vectors[at]]] : [])));
  return {
    embed,
    distractors: config.tasks.distractors === "near" ? nearTools(byTool) : anyTools,
    [Symbol.asyncDispose]: () => embedder[Symbol.asyncDispose](),
  };
}
