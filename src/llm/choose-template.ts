// Which template writes a policy's episodes: the model's own where it has one that knows tools and Playact can work with it,
// else ours. Ours too where the manifest says that the tags are spelt in pieces: a template of a model writes them as tokens.
import { PlayactError } from "../errors.ts";
import type { Engine } from "./llm.ts";
import { openOwnTemplate } from "./own-template.ts";
import { type EpisodeTemplate, episodeTemplate } from "./template.ts";

export interface ChosenTemplate {
  readonly template: EpisodeTemplate;
  /** One line for people: which one it is, why, and whether it only appends. */
  readonly text: string;
}

/** Chooses, and checks the choice with a short talk. `markers`: how the manifest says the model's tags are written. */
export function chooseTemplate(
  { vocabulary, chatTemplate }: Pick<Engine, "vocabulary" | "chatTemplate">,
  markers: "tokens" | "pieces",
): ChosenTemplate {
  const ours = (why: string): ChosenTemplate => ({
    template: episodeTemplate(vocabulary, markers),
    text: `Playact's own, append-only. ${why}`,
  });
  if (markers === "pieces") return ours("The model's tag tokens are untrained or missing: tags are spelt in ordinary pieces.");
  if (chatTemplate === null) return ours("The model's file holds no chat template.");
  try {
    const template = openOwnTemplate(vocabulary, chatTemplate);
    const turns = template.appendOnly
      ? "append-only."
      : "not append-only: it writes earlier turns anew, so an episode may have several training samples.";
    return { template, text: `the model's own chat template, ${turns}` };
  } catch (thrown) {
    if (!(thrown instanceof PlayactError && thrown.boundary === "template")) throw thrown;
    return ours(thrown.message);
  }
}
