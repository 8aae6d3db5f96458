// The teacher in the policy's seat, for the tasks of a set (SynthAgent) and for the warm-up of a run (ToolMaster): on its server, or
// in this process on an engine of its own. There it has the simulator beside it, in a second context on the same weights if it is
// the same file. The engine of a run rests for that time and keeps nothing: the memory plan needs room for one of both.
import type { Config } from "../config/config.ts";
import { teacherOf } from "../config/needed-models.ts";
import { serverOf } from "../config/server.ts";
import type { Engine, EngineCounters } from "../llm/llm.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import { assertTriable } from "../llm/text/trial.ts";
import type { Model } from "../models/model.ts";
import { teachingUnlessAway } from "../simulator/server-away.ts";
import { callFormOf } from "./form.ts";
import { openEngineOf } from "./open-engine.ts";
import { lending } from "./residency.ts";
import { findSimulator, findTeacher } from "./seats.ts";
import type { Seated, Session } from "./session.ts";
import { openTeacherServer, teacherRequests } from "./teacher-server.ts";

interface SeatedTeacher extends AsyncDisposable, Pick<Seated, "teacher" | "sequences"> {
  counters(): EngineCounters;
}

/** The teacher on its server. @throws PlayactError("environment" | "model"), while it plays too */
export async function openServedTeacher(config: Config): Promise<SeatedTeacher> {
  const served = await openTeacherServer(config);
  const { policy, vocabulary, template, idsPerToken, counters } = served;
  const player = { policy: teachingUnlessAway(policy), vocabulary, template, rollout: config.rollout };
  return {
    teacher: { player, idsPerToken },
    sequences: teacherRequests(config),
    counters,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

/** An engine with the teacher in the policy's seat. */
interface TeachersEngine extends SeatedTeacher {
  readonly engine: Engine;
}

/** Opens it with files of this machine; the simulator is null if it is on a server. */
export async function openTeachersEngine(
  config: Config,
  { teacher, simulator }: { readonly teacher: Model; readonly simulator: Model | null },
): Promise<TeachersEngine> {
  const engine = await openEngineOf(config, { seats: { policy: teacher, simulator } });
  const close = () => engine[Symbol.asyncDispose]();
  try {
    const form = await callFormOf(engine, { config, form: null }, teacher.entry ?? {}, () => undefined);
    const { template } = chooseTemplate(engine, form.markers, form.dialect, config.policy.thinking);
    const player = { policy: engine.policy, vocabulary: engine.vocabulary, template, rollout: config.rollout };
    return {
      ...{ engine, teacher: { player, idsPerToken: 1 }, sequences: engine.sequences.policy },
      counters: () => engine.counters().policy,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The teacher's seat in a run; nothing where rules show its warm-up how. */
export function teacherSeat({ config, engine }: Pick<Session, "config" | "engine">): Pick<Session, "withTeacher"> {
  if (teacherOf(config) === null) return {};
  return {
    async withTeacher(work) {
      const play = (seated: Seated) => {
        assertTriable(config.trial, seated.teacher.player.template.dialect);
        return work(seated);
      };
      const teacher = await findTeacher(config);
      if (teacher === null) {
        await using served = await openServedTeacher(config);
        return await play({ teacher: served.teacher, sequences: served.sequences, engine });
      }
      const { simulator } = config.models;
      const beside = serverOf(simulator) === null ? await findSimulator(simulator) : null;
      return lending(engine, async () => {
        await using seated = await openTeachersEngine(config, { teacher, simulator: beside });
        return await play(seated);
      });
    },
  };
}
