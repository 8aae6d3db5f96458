// Which models can be the policy. Decided from the header of their file, before gigabytes are loaded: a family that learner,
// frames and export were never tested with would train, and be silently wrong. The simulator may be of any family that writes
// its prompts with its own chat template (text/prompt.ts).
import { PlayactError } from "../errors.ts";
import type { Vocabulary } from "./llm.ts";
import { knownFormat } from "./text/chat-format.ts";

/** What the header says that decides it. */
export interface TrainableFacts {
  /** llama.cpp's name: qwen2, qwen3, llama, gemma3 … */
  readonly architecture: string;
  readonly layers: number;
  /** Experts of a layer; 0: it is dense. */
  readonly experts: number;
  /** How positions are stretched; "none" where they are not. */
  readonly rope: { readonly scaling: string };
}

/** As in native/trainer/policy.py. */
const trained = ["qwen2", "qwen3", "llama", "gemma3"];
/** Of gemma-3-1b. From 4B up its layers stretch positions in two ways. */
const mostGemmaLayers = 26;
/** As in native/trainer/rope.py; Llama 3's comes as a tensor (rope_freqs), not as a kind. */
const stretches = ["none", "linear"];

/** @throws PlayactError("model") in one sentence for a model that cannot be trained */
export function refuseUntrainable(name: string, facts: TrainableFacts, vocabulary: Pick<Vocabulary, "hasMarker">): void {
  const why = whyUntrainable(facts, vocabulary);
  if (why === null) return;
  throw new PlayactError(
    "model",
    `${name} cannot be the policy, because ${why}: choose a dense Qwen2.5, Qwen3 or Llama 3, SmolLM2, or Gemma 3 up to 1B (as models.simulator it may serve with its own chat template).`,
  );
}

function whyUntrainable(facts: TrainableFacts, vocabulary: Pick<Vocabulary, "hasMarker">): string | null {
  const { architecture, layers, experts, rope } = facts;
  if (!trained.includes(architecture)) return `the learner does not know its architecture ${architecture}`;
  if (experts > 0) return `it is a mixture of ${experts} experts, which the learner does not train`;
  if (architecture === "gemma3" && layers > mostGemmaLayers)
    return `with ${layers} layers it is a Gemma 3 of 4B or more, whose positions the learner does not compute`;
  if (!stretches.includes(rope.scaling))
    return `it stretches positions by ${rope.scaling}, and the learner computes linear and Llama 3's scaling alone`;
  return knownFormat(vocabulary) === null ? "its vocabulary has the turn markers of no frame that Playact writes" : null;
}
