// The teacher of a written task set, where the config names a server for it. In this process it takes the policy's seat of the engine.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { serverKey } from "../llm/remote/http.ts";
import { openTeacher, type ServedTeacher } from "../llm/remote/teacher.ts";
import { defaultRequests } from "./simulator-server.ts";

/** The model that solves written tasks. */
export function teacherOf({ models }: Pick<Config, "models">): string {
  return models.teacher ?? models.simulator;
}

/** The teacher on its server; null if it plays in this process. @throws PlayactError("environment" | "model") */
export async function openTeacherServer(config: Config): Promise<ServedTeacher | null> {
  const address = serverOf(teacherOf(config));
  if (address === null) return null;
  return openTeacher({
    address,
    key: serverKey(),
    contextTokens: config.engine.policyContext,
    requests: config.engine.policySequences ?? defaultRequests,
    thinkTokens: config.policy.thinking ? config.simulator.thinkTokens : 0,
    deadlineMs: config.rollout.deadlineSeconds * 1000,
  });
}
