// Opens the parts of a run: models, engine, learner, toolsets. The loops get them as ports and do not import this file.

import type { Config, Residency } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import type { Learner, OpenReply } from "../learner/learner.ts";
import { restartingLearner } from "../learner/restart.ts";
import { startLearner } from "../learner/torch.ts";
import { openEngine } from "../llm/engine/llama.ts";
import type { Engine } from "../llm/llm.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import { modelPath } from "../models/fetch.ts";
import { findLanguageModel } from "../models/manifest.ts";
import { pythonPath } from "../models/python.ts";
import { seedFrom } from "../rng.ts";
import { newUsage } from "../simulator/usage.ts";
import type { Writer } from "../store/lease.ts";
import { recordStart } from "../store/starts.ts";
import { embeddedCatalogue, splitHeldOut, userTools } from "../tools/toolset.ts";
import { commit } from "./commit.ts";
import { devicesOf, devicesText, idleCard } from "./devices.ts";
import { callFormOf } from "./form.ts";
import { openNearness } from "./open-embedder.ts";
import type { Session } from "./session.ts";
import { residencyOf, restAtFirst } from "./turns.ts";
import { versions } from "./versions.ts";

export interface OpenedSession extends AsyncDisposable {
  readonly session: Session;
}

/** Opens everything, engine and learner in parallel unless they take turns; if a part fails, the others are closed again. */
export async function openSession(
  writer: Writer,
  folder: string,
  watch: Pick<Session, "progress" | "pause" | "signal">,
): Promise<OpenedSession> {
  const { config } = writer.run;
  watch.progress({ kind: "phase", text: `loading ${config.models.policy} and ${config.models.simulator}`, step: 0 });
  const entry = findLanguageModel(config.models.policy);
  const python = pythonPath();
  const policyModel = await modelPath(config.models.policy);
  const toolsets = toolsetsOf(config);
  const nearness = await openNearness(config, [...toolsets.train, ...toolsets.heldOut]);
  const residency = residencyOf(config);
  const learning = openLearner(config, python, policyModel, residency);
  // in turns the learner rests before the engine takes the memory: both at once may not fit
  const opening = residency === "together" ? openEngineOf(config) : learning.then(() => openEngineOf(config));
  const [engine, { learner, reply }] = await both(opening, learning).catch(async (error) => {
    await nearness[Symbol.asyncDispose]();
    throw error;
  });
  const close = async () => {
    await learner.close();
    await nearness[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  };
  const { template } = await announced().catch(async (error) => {
    await close();
    throw error;
  });
  const session: Session = {
    config,
    writer,
    engine,
    learner,
    residency,
    template,
    toolsets,
    embed: nearness.embed,
    distractors: nearness.distractors,
    usage: newUsage(),
    folder,
    ...watch,
  };
  return { session, [Symbol.asyncDispose]: close };

  /** Reports and stores the devices and how the policy writes calls, and chooses the template. */
  async function announced() {
    const devices = devicesOf(engine, reply);
    watch.progress({ kind: "phase", text: devicesText(devices), step: 0 });
    for (const warning of await idleCard(config, devices)) watch.progress({ kind: "warning", text: warning, step: 0 });
    const told = (text: string) => watch.progress({ kind: "phase", text, step: 0 });
    if (residency !== "together") told(`engine and learner take turns in memory (engine.residency ${residency})`);
    const form = await callFormOf(engine, writer.run, entry, told);
    await commit({ writer, ...watch }, () => recordStart(writer, { ...devices, versions: versions() }, form));
    const chosen = chooseTemplate(engine, form.markers, form.dialect);
    told(`chat template: ${chosen.text}`);
    return chosen;
  }
}

/** The engine of a config, for commands that need no learner. */
export async function openEngineOf(config: Config): Promise<Engine> {
  const [policyModel, simulatorModel] = [await modelPath(config.models.policy), await modelPath(config.models.simulator)];
  return openEngine({ policyModel, simulatorModel, ...config.engine });
}

export function toolsetsOf(config: Config): Session["toolsets"] {
  const all = config.tasks.tools === null ? embeddedCatalogue() : ownTools(config.tasks.tools, config.tasks.skipBadTools);
  const evaluates = config.evaluation.tasks + config.evaluation.decisions > 0;
  const { train, heldOut } = splitHeldOut(all, evaluates ? config.evaluation.heldOut : 0, ["held-out"]);
  if (evaluates && heldOut.length === 0) return { train, heldOut: train }; // one toolset: the same tools, other tasks
  return { train, heldOut };
}

/** The user's tools. At its start the command has already reported which are left out (cli/own-tools.ts). */
function ownTools(path: string, skipBad: boolean) {
  return userTools(path, skipBad ? { leftOut: () => undefined } : {});
}

interface OpenedLearner {
  readonly learner: Learner;
  readonly reply: OpenReply;
}

async function openLearner(config: Config, python: string, model: string, residency: Residency): Promise<OpenedLearner> {
  const { rank, alpha, learningRate, betas, eps, weightDecay, gradClip } = config.learner;
  const { device, dtype, memory, processes } = config.learner;
  const learner = await restartingLearner(() => startLearner({ python, deadlineSeconds: 4, processes }));
  const reply = await learner.open({
    model,
    lora: { rank, alpha, seed: seedFrom(config.seed, "lora") },
    optimizer: { learningRate, betas, eps, weightDecay, gradClip },
    device,
    dtype,
    threads: config.engine.threads,
    memory,
  });
  await restAtFirst(learner, residency);
  return { learner, reply };
}

/** Waits for both; if one fails, the other is closed before the error is thrown. */
async function both(engine: Promise<Engine>, learner: Promise<OpenedLearner>): Promise<[Engine, OpenedLearner]> {
  const [opened, started] = await Promise.allSettled([engine, learner]);
  if (opened.status === "fulfilled" && started.status === "fulfilled") return [opened.value, started.value];
  if (opened.status === "fulfilled") await opened.value[Symbol.asyncDispose]();
  if (started.status === "fulfilled") await started.value.learner.close();
  throw opened.status === "rejected"
    ? opened.reason
    : started.status === "rejected"
      ? started.reason
      : new PlayactError("engine", "unreachable");
}
