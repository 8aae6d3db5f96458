// What the header of a GGUF file says of a model, read without loading it (trainable.ts decides with it).
import { readGgufFileInfo } from "node-llama-cpp";
import { describe, PlayactError } from "../../errors.ts";
import type { Vocabulary } from "../llm.ts";
import type { TrainableFacts } from "../trainable.ts";

export interface PolicyHeader {
  readonly facts: TrainableFacts;
  /** Markers as the file lists them. */
  readonly vocabulary: Pick<Vocabulary, "hasMarker">;
}

/** llama_token_type of control and user-defined tokens. */
const markerTypes = [3, 4];

/** @throws PlayactError("model") for a file that is no GGUF */
export async function policyHeader(path: string): Promise<PolicyHeader> {
  const { metadata } = await readGgufFileInfo(path, { logWarnings: false }).catch((thrown: unknown) => {
    throw new PlayactError("model", `${path} cannot be read as a GGUF file: ${describe(thrown)}`, { cause: thrown });
  });
  const { architecture } = metadata.general;
  const own: unknown = Reflect.get(metadata, architecture);
  const at = (...keys: readonly string[]) =>
    keys.reduce<unknown>((tree, key) => (typeof tree === "object" && tree !== null ? Reflect.get(tree, key) : undefined), own);
  const { tokens = [], token_type: types = [] } = metadata.tokenizer?.ggml ?? {};
  const markers = new Set(tokens.filter((_, id) => markerTypes.includes(Number(types[id]))));
  return {
    facts: {
      architecture,
      layers: Number(at("block_count") ?? 0),
      experts: Number(at("expert_count") ?? 0),
      rope: { scaling: String(at("rope", "scaling", "type") ?? "none") },
    },
    vocabulary: { hasMarker: (text) => markers.has(text) },
  };
}
