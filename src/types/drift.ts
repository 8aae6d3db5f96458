// How the tools of a task differ from their pages (ToolMaster, arXiv 2601.12762, trains on tools that are unfamiliar; the kinds are
// ours): the policy reads the pages (Task.tools), the world goes by what the tools are (Task.world).
import type { JsonObject } from "./json.ts";

/** `renamed` and `options` are told by an error; `decoy` is silent. */
export const driftKinds = ["renamed", "options", "decoy"] as const;

export type DriftKind = (typeof driftKinds)[number];

/** What is not as a page says; one tool of a task, at most. */
export type Drift =
  /** The page has an old name of a parameter. */
  | { readonly kind: "renamed"; readonly tool: string; readonly page: string; readonly world: string }
  /** The page has words for a parameter, the world takes a code for each. */
  | {
      readonly kind: "options";
      readonly tool: string;
      readonly argument: string;
      /** By word. */
      readonly codes: Readonly<Record<string, string>>;
    }
  /** Two tools whose names and pages say no more than the service. They take the same arguments; only one does what is wanted. */
  | {
      readonly kind: "decoy";
      /** The name under which the needed tool is shown, and the one that it had. */
      readonly tool: string;
      readonly was: string;
      /** The name of the other one, which changes something that nobody wanted. */
      readonly decoy: string;
      /** What it gives for the expected arguments. */
      readonly result: JsonObject;
    };
