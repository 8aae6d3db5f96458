// `doctor --policy MODEL`: plays the probe, and shows in which form the untrained model calls right, what the manifest says of it,
// and which template writes its episodes. Manifest entries are set from its table.
import { resolveConfig } from "../config/resolve.ts";
import { parseAddress } from "../models/address.ts";
import { fetchCommand, findFiles } from "../models/fetch.ts";
import { findLanguageModel } from "../models/manifest.ts";
import { findOnDisk, type Model } from "../models/model.ts";
import { checkPolicy } from "../run/seats.ts";
import type { Json } from "../types.ts";
import { formatTable, type Print, printJson } from "./output.ts";

/** Prints the report; without the model's file, what the manifest says. `progress` is told what takes time. */
export async function reportPolicy(print: Print, progress: Print, name: string, json: boolean): Promise<void> {
  const entry = parseAddress(name).kind === "name" ? findLanguageModel(name) : null;
  const absent = entry !== null && (await findFiles(entry)).state === "absent";
  const model = absent ? null : await findOnDisk(name);
  if (model !== null) checkPolicy(model);
  const header = model?.facts ?? entry?.facts;
  const shape = header === undefined ? {} : { architecture: header.architecture, contextTrained: header.contextTrained };
  const parameters = model?.parameters ?? entry?.parameters ?? 0;
  const manifest = { dialect: entry?.dialect ?? null, markers: entry?.markers ?? null };
  const found = model === null ? unfetched(name) : await probed(model, progress);
  const origin = entry === null ? {} : { upstream: entry.upstream, licence: entry.licence };
  const facts = { name, parameters, ...shape, ...manifest, ...found.facts, ...origin };
  if (json) return printJson(print, { ...facts, probe: found.rows });
  const table = Object.entries(facts).map(([fact, value]) => [fact, value === null ? "the probe decides" : String(value)]);
  print(formatTable(["fact", "value"], table));
  if (found.rows.length === 0) return;
  const cells = found.rows.map((row) => [
    row.candidate,
    row.right.toFixed(2),
    row.wellFormed.toFixed(2),
    row.chosen ? "chosen" : "",
  ]);
  print(`\n${formatTable(["candidate", "right first calls", "well formed", ""], cells)}`);
}

interface Row {
  readonly [key: string]: Json;
  readonly candidate: string;
  readonly right: number;
  readonly wellFormed: number;
  readonly chosen: boolean;
}

interface ProbeReport {
  readonly facts: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

function unfetched(name: string): ProbeReport {
  const later = `known after the model is fetched: ${fetchCommand(name)}`;
  return { facts: { chosen: later, template: later }, rows: [] };
}

/** The probe's table, and what follows from it: `chosen`, and the template that a run of this model gets. */
async function probed({ path, name, entry }: Model, progress: Print): Promise<ProbeReport> {
  // late: doctor reports a missing package
  const { openPolicySide } = await import("../llm/engine/llama.ts");
  const { chooseTemplate } = await import("../llm/text/choose-template.ts");
  const { bestForm, candidates, nameOf, probeForms } = await import("../run/probe.ts");
  const { callFormOf } = await import("../run/form.ts");
  const { config } = resolveConfig({ preset: "laptop", ablation: [], set: [] });
  await using engine = await openPolicySide({ ...config.engine, policyModel: path });
  progress(`playing the probe with ${name}\n`);
  const results = await probeForms(engine, candidates(engine.vocabulary));
  const best = bestForm(results);
  const rows = results.map(({ form, right, wellFormed }) => ({
    ...{ candidate: nameOf(form), dialect: form.dialect, markers: form.markers },
    ...{ right, wellFormed, chosen: nameOf(form) === nameOf(best) },
  }));
  const settled = await callFormOf(
    engine,
    { config, form: null },
    { dialect: best.dialect, markers: best.markers, ...entry },
    progress,
  );
  const template = chooseTemplate(engine, settled.markers, settled.dialect).text;
  return { facts: { chosen: nameOf(best), template }, rows };
}
