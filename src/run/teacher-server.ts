// The teacher on its server, where the config names one. In this process it takes the policy's seat of an engine (teacher.ts).
import type { Config } from "../config/config.ts";
import { teacherOf } from "../config/needed-models.ts";
import { serverOf } from "../config/server.ts";
import { serverKey } from "../llm/remote/http.ts";
import { openTeacher, type ServedTeacher } from "../llm/remote/teacher.ts";
import { defaultRequests } from "./simulator-server.ts";

/** Most requests at a time of a teacher on a server. */
export function teacherRequests({ engine }: Pick<Config, "engine">): number {
  return engine.policySequences ?? defaultRequests;
}

/** The teacher on its server. @throws PlayactError("environment" | "model"), RangeError for one of this machine */
export async function openTeacherServer(config: Config): Promise<ServedTeacher> {
  const { models, engine, policy, simulator, rollout } = config;
  const address = serverOf(models.teacher ?? models.simulator);
  if (address === null) throw new RangeError("the teacher is a model of this machine");
  return openTeacher({
    address,
    key: serverKey(),
    contextTokens: engine.policyContext,
    requests: teacherRequests(config),
    thinkTokens: policy.thinking ? simulator.thinkTokens : 0,
    deadlineMs: rollout.deadlineSeconds * 1000,
  });
}

/** Whether the teacher of a run can play, if the run has one and a server has it: asks it. Throws likewise. */
export async function checkTeacherServer(config: Config): Promise<void> {
  const teacher = teacherOf(config);
  if (teacher !== null && serverOf(teacher) !== null) await (await openTeacherServer(config))[Symbol.asyncDispose]();
}
