// Which change of the config would make a run fit, found by planning each: what to tell a user whose run does not.
import type { MachineMemory, MemoryRequest } from "./machine.ts";
import { engineBase, learnerBase } from "./phase.ts";
import { planMemory, sum } from "./plan.ts";

/** No context is made smaller than this: an episode of the smallest preset needs 1,536 tokens. */
const leastContext = 1536;

/** A setting and the request that has it. */
interface Mend {
  readonly setting: string;
  readonly request: MemoryRequest;
}

/**
 * The smallest change that fits, as settings of the config; null: the models are too large.
 * @param responseTokens the run's rollout.responseTokens: it is shortened with a context of which it would take more than half
 */
export function mendOf(request: MemoryRequest, machine: MachineMemory, responseTokens: number): string | null {
  return candidates(request, responseTokens).find((mend) => planMemory(mend.request, machine).plan !== null)?.setting ?? null;
}

/** Bytes of the weights and processes alone, all in memory at once and none. */
export function weightsAlone(request: MemoryRequest, machine: MachineMemory): number {
  return sum({ ...engineBase(request, machine), compute: 0, lora: 0 }) + sum(learnerBase(request, machine));
}

function candidates(request: MemoryRequest, responseTokens: number): Mend[] {
  const { training, policyContext, simulatorContext } = request;
  // settings of a simulator on a server take no memory here: they stay as they are
  const roles = request.simulator === null ? (["policy"] as const) : (["policy", "simulator"] as const);
  const asked = roles.filter((role) => request[`${role}Sequences`] !== null);
  const freed = asked.map((role) => `engine.${role}Sequences=null`).join(" ");
  const unasked = { ...request, policySequences: null, simulatorSequences: null };
  const free: Mend[] = asked.length > 0 ? [{ setting: freed, request: unasked }] : [];
  const anyTurns: Mend[] =
    request.residency === null ? [] : [{ setting: "engine.residency=auto", request: { ...request, residency: null } }];
  const unlimited: Mend[] =
    training === null || training.limit === null
      ? []
      : [{ setting: "learner.memory=null", request: { ...request, training: { ...training, limit: null } } }];
  const shorter: Mend[] = [];
  for (let half = 1; half < 16; half++) {
    const cut = (context: number) => Math.max(Math.min(context, leastContext), Math.floor(context / 2 ** half));
    const next = { policyContext: cut(policyContext), simulatorContext: cut(simulatorContext) };
    const contexts = roles.map((role) => `engine.${role}Context=${next[`${role}Context`]}`).join(" ");
    const response = Math.floor((responseTokens * next.policyContext) / policyContext);
    const all = asked.length > 0 ? `${contexts} ${freed}` : contexts;
    const setting = responseTokens <= next.policyContext / 2 ? all : `${all} rollout.responseTokens=${response}`;
    shorter.push({ setting, request: { ...unasked, ...next } });
    if (roles.every((role) => next[`${role}Context`] <= leastContext)) break;
  }
  const narrow: Mend[] =
    training === null || training.item === 2
      ? []
      : [{ setting: "learner.dtype=bfloat16", request: { ...request, training: { ...training, item: 2 } } }];
  return [...anyTurns, ...free, ...unlimited, ...shorter, ...narrow];
}
