// How the policy of a run writes its calls: the config decides, then the manifest if it names the model, then the probe. Decided at the run's first
// start and stored with it (store/starts.ts): a run keeps its form, whatever the manifest says later.
import type { Config } from "../config/config.ts";
import type { Engine } from "../llm/llm.ts";
import type { CallForm } from "../llm/text/dialect.ts";
import type { LanguageModel } from "../models/manifest.ts";
import { bestForm, candidates, nameOf, type ProbedForm, probeForms } from "./probe.ts";

/** The stored form of a run, or the one that is decided now. `told` receives a line for people if the probe had to be played. */
export async function callFormOf(
  engine: Pick<Engine, "policy" | "vocabulary" | "chatTemplate">,
  { config, form }: { readonly config: { readonly policy: Pick<Config["policy"], "dialect"> }; readonly form: CallForm | null },
  entry: Pick<LanguageModel, "dialect" | "markers">,
  told: (text: string) => void,
  signal?: AbortSignal,
): Promise<CallForm> {
  if (form !== null) return form;
  const dialect = config.policy.dialect ?? entry.dialect ?? null;
  const forms = candidates(engine.vocabulary, dialect).filter(
    ({ markers }) => dialect !== "hermes" || entry.markers === undefined || markers === entry.markers,
  );
  const [only] = forms;
  if (only !== undefined && forms.length === 1) return only;
  told("probe: testing how the policy writes calls");
  const probed = await probeForms(engine, forms, signal);
  told(`probe: right first calls ${sharesOf(probed)}`);
  return bestForm(probed);
}

function sharesOf(probed: readonly ProbedForm[]): string {
  return probed.map(({ form, right }) => `${nameOf(form)} ${right.toFixed(2)}`).join(", ");
}
