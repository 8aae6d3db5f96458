// Opens the parts of a run: models, engine, learner, toolsets. The loops get them as ports and do not import this file.

import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import type { Learner, OpenReply } from "../learner/learner.ts";
import { restartingLearner } from "../learner/restart.ts";
import { startLearner } from "../learner/torch.ts";
import type { Engine } from "../llm/llm.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import { assertTriable } from "../llm/text/trial.ts";
import { pythonPath } from "../models/python.ts";
import type { MemoryPlan } from "../plan/plan.ts";
import { planLine } from "../plan/text.ts";
import { newUsage } from "../simulator/usage.ts";
import type { Writer } from "../store/lease.ts";
import { recordStart } from "../store/starts.ts";
import { lastClosedStep } from "../store/steps.ts";
import { commit } from "./commit.ts";
import { devicesOf, devicesText, idleCard } from "./devices.ts";
import { callFormOf } from "./form.ts";
import { memoryOf } from "./memory.ts";
import { openNearness } from "./open-embedder.ts";
import { openEngineOf } from "./open-engine.ts";
import { openRequest } from "./open-request.ts";
import { assertSameTools } from "./own-tools.ts";
import { planOfRun, unplanned } from "./plan.ts";
import { probePositions } from "./positions.ts";
import { restAtFirst, whileEngineRests } from "./residency.ts";
import { seatsOfRun } from "./same-models.ts";
import type { Session } from "./session.ts";
import { looseServer } from "./simulator-server.ts";
import { teacherSeat } from "./teacher.ts";
import { heldOutTools, toolsetsOf } from "./toolsets.ts";
import { unfitOwnTools } from "./unfit-tools.ts";
import { versions } from "./versions.ts";

export interface OpenedSession extends AsyncDisposable {
  readonly session: Session;
}

/** The config that memory is planned by: once the warm-up is closed its teacher never plays again, and its file may be gone. */
function plannedBy({ store, run }: Writer): Config {
  const { warmup } = run.config;
  return lastClosedStep(store, run) === null ? run.config : { ...run.config, warmup: { ...warmup, when: "never" } };
}

/** Opens everything, engine and learner in parallel unless they take turns; if a part fails, the others are closed again. */
export async function openSession(
  writer: Writer,
  folder: string,
  watch: Pick<Session, "progress" | "pause" | "signal">,
): Promise<OpenedSession> {
  const { config } = writer.run;
  watch.progress({ kind: "phase", text: `loading ${config.models.policy} and ${config.models.simulator}` });
  const python = pythonPath();
  const seats = await seatsOfRun(writer); // like the tools below: the command has asked already
  const planned = await planOfRun(plannedBy(writer));
  const { plan } = planned;
  watch.progress({ kind: "phase", text: planLine(plan) });
  assertSameTools(writer.run, writer.store); // the command has asked already, but a worker that died is started without it
  const toolsets = toolsetsOf(config, writer.store);
  for (const text of heldOutTools(config, toolsets)) watch.progress({ kind: "phase", text });
  const nearness = await openNearness(config, [...toolsets.train, ...toolsets.heldOut]);
  const learning = openLearner(config, { python, model: seats.policy.path, plan, signal: watch.signal });
  const engineOpens = () => openEngineOf(config, { seats, plan });
  // in turns the learner rests before the engine takes the memory: both at once may not fit
  const opening = plan.residency === "together" ? engineOpens() : learning.then(engineOpens);
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
    plan,
    template,
    toolsets,
    embed: nearness.embed,
    distractors: nearness.distractors,
    memory: memoryOf(config, { writer, ...watch }),
    ...teacherSeat({ config, engine }),
    usage: newUsage(),
    folder,
    ...watch,
  };
  return { session, [Symbol.asyncDispose]: close };

  /** Reports and stores the devices and how the policy writes calls, and chooses the template. */
  async function announced() {
    const devices = devicesOf(engine, reply);
    watch.progress({ kind: "phase", text: devicesText(devices) });
    for (const warning of [...(await idleCard(config, devices)), ...looseServer(engine), ...unplanned(planned, reply)])
      watch.progress({ kind: "warning", text: warning });
    const told = (text: string) => watch.progress({ kind: "phase", text });
    watch.pause();
    const inTurn: typeof learner.logprobs = async (...asked) =>
      (await whileEngineRests({ engine, learner, plan }, () => learner.logprobs(...asked))).value;
    const { near, far, position } = await probePositions(engine, { logprobs: inTurn }, config.engine.policyContext);
    told(`positions: engine and learner differ by ${near.toFixed(3)} nats near, ${far.toFixed(3)} at ${position}`);
    watch.pause();
    const form = await callFormOf(engine, writer.run, seats.policy.entry ?? {}, told, watch.signal);
    await commit({ writer, ...watch }, () => recordStart(writer, { ...devices, versions: versions() }, form));
    assertTriable(config.trial, form.dialect);
    const chosen = chooseTemplate(engine, form.markers, form.dialect, config.policy.thinking);
    told(`chat template: ${chosen.text}`);
    for (const warning of unfitOwnTools({ config, toolsets, ...chosen })) watch.progress({ kind: "warning", text: warning });
    return chosen;
  }
}

interface OpenedLearner {
  readonly learner: Learner;
  readonly reply: OpenReply;
}

/** What a learner is opened with beside the config. `signal`: aborted, it ends at once. */
interface LearnerParts {
  readonly python: string;
  readonly model: string;
  readonly plan: MemoryPlan;
  readonly signal: AbortSignal;
}

async function openLearner(config: Config, { python, model, plan, signal }: LearnerParts): Promise<OpenedLearner> {
  const { processes } = config.learner;
  const learner = await restartingLearner(() => startLearner({ python, deadlineSeconds: 4, processes }), signal);
  try {
    const reply = await learner.open(openRequest(config, plan, model));
    await restAtFirst(learner, plan);
    return { learner, reply };
  } catch (reason) {
    await learner.close(); // a child that refuses lives on, and would keep this process alive
    throw reason;
  }
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
