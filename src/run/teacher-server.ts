// The teacher of a written task set, where the config names a server for it. In this process it takes the policy's seat of the engine.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { serverKey } from "../llm/remote/http.ts";
import { openTeacher, type ServedTeacher } from "../llm/remote/teacher.ts";
import { defaultRequests } from "./simulator-server.ts";

/** The teacher on its server. @throws PlayactError("environment" | "model"), RangeError for one of this machine */
export async function openTeacherServer(config: Config): Promise<ServedTeacher> {
  const { models, engine, policy, simulator, rollout } = config;
  const address = serverOf(models.teacher ?? models.simulator);
  if (address === null) throw new RangeError("the teacher is a model of this machine");
  return openTeacher({
    address,
    key: serverKey(),
    contextTokens: engine.policyContext,
    requests: engine.policySequences ?? defaultRequests,
    thinkTokens: policy.thinking ? simulator.thinkTokens : 0,
    deadlineMs: rollout.deadlineSeconds * 1000,
  });
}
