// The memory plan of a run: how many sequences, how long a row, and every byte of both phases. It is made before anything is
// loaded and enforced: engine and learner get their parts from it and do not look at what happens to be free. Pure arithmetic.
import { type Residency, residencies } from "../config/config.ts";
import { fewestRecomputed, longestRow, rowBytes } from "./learner.ts";
import type { MachineMemory, MemoryRequest } from "./machine.ts";
import {
  type EngineBytes,
  engineBase,
  hostBytes,
  type LearnerBytes,
  learnerBase,
  leastSequences,
  sequenceBytes,
  sizesOf,
  teachingBytes,
} from "./phase.ts";

export interface PhaseBytes {
  readonly engine: EngineBytes;
  readonly learner: LearnerBytes;
}

export interface MemoryPlan {
  readonly residency: Residency;
  readonly rollingOut: PhaseBytes;
  readonly training: PhaseBytes;
  /** Bytes in the engine's memory while a teacher plays in its place; absent: none does. */
  readonly teaching?: number;
  readonly engine: {
    readonly policySequences: number;
    readonly simulatorSequences: number;
    /** Bytes of the engine while it rolls out, keys and values among them; on a card without its CUDA context. */
    readonly bytes: number;
  };
  /** null: nothing is trained. */
  readonly learner: null | {
    /** Bytes that the learner may use, all that the engine leaves; on a card without its CUDA context. */
    readonly bytes: number;
    /** Bytes at the peak of an update whose rows are full. */
    readonly expected: number;
    /** Most tokens of a packed row, and the blocks that a full one recomputes. */
    readonly rowTokens: number;
    readonly recomputed: number;
    /** Tokens of the longest sample that fits; a longer one is left out of the update. */
    readonly longestSample: number;
  };
  /** Most host memory beside a card; 0 where the host is all there is. */
  readonly host: number;
}

/** Why a residency does not fit. */
export interface Misfit {
  readonly residency: Residency;
  /** The phase that is too large, or the host's memory. */
  readonly phase: "rolling out" | "teaching" | "training" | "host memory";
  readonly needed: number;
  readonly given: number;
}

export interface Planned {
  /** The first that fits; null: none does. */
  readonly plan: MemoryPlan | null;
  /** Those before it. */
  readonly misfits: readonly Misfit[];
}

/**
 * More sequences than these hardly decode faster: fewer already saturate a CPU, and on a GPU sampling becomes the limit. The
 * simulator is the larger model and others wait for it: more at once only makes each reply take longer, up to its deadline.
 */
const most = { policy: { host: 16, card: 64 }, simulator: { host: 8, card: 64 } } as const;
/** Packed rows are no longer than this (native/trainer/policy.py): longer ones compute no faster. */
const packedTokens = { host: 2048, card: 8192 } as const;
/** The plan of a run that cannot learn from an episode of this length, or of its whole context, is no plan. */
const leastSample = 2048;

/** The first residency that fits, and why those before it do not. */
export function planMemory(request: MemoryRequest, machine: MachineMemory): Planned {
  const misfits: Misfit[] = [];
  for (const residency of waysOf(request, machine)) {
    const found = planFor(request, machine, residency);
    if ("rollingOut" in found) return { plan: found, misfits };
    misfits.push(found);
  }
  return { plan: null, misfits };
}

/** The residencies to try. What does not share memory, or is alone in it, has no turns to take unless it is told to. */
function waysOf({ training, residency }: MemoryRequest, machine: MachineMemory): readonly Residency[] {
  if (training !== null && residency !== null) return [residency];
  return training !== null && machine.engine === machine.learner ? residencies : ["together"];
}

/** The plan for one residency, or why there is none. */
export function planFor(request: MemoryRequest, machine: MachineMemory, residency: Residency): MemoryPlan | Misfit {
  const { training } = request;
  const shared = training !== null && machine.engine === machine.learner;
  const [fixed, held, sizes] = [engineBase(request, machine), learnerBase(request, machine), sizesOf(request)];
  const host =
    machine.engine === "card" || machine.learner === "card" ? hostBytes(request, machine, residency === "alternate") : 0;
  // what the side on the card needs of the host is not there for the side on the host
  const roomOf = (side: "engine" | "learner") =>
    bytesOf(machine, machine[side]) - (machine[side] === "host" && machine.engine !== machine.learner ? host : 0);
  const room = { engine: roomOf("engine"), learner: roomOf("learner") };
  const ownLimit = training?.limit ?? null;
  const learnerRoom = ownLimit === null ? room.learner : Math.min(room.learner, ownLimit + beside(machine, held));

  // what each side holds of the other's memory while the other works
  const rests = { learner: sum(restingLearner(held, residency, machine)), engine: engineAtRest() };
  function engineAtRest(): number {
    if (residency === "alternate") return fixed.process;
    return residency === "turns" ? fixed.process + fixed.weights : sum(fixed);
  }
  const kvRoom = room.engine - sum(fixed) - (shared ? rests.learner : 0);
  // `both`: for rows, and for the sequences that stay beside them; `own`: what the learner's own limit leaves for rows alone
  const rowRoom = { both: room.learner - sum(held) - (shared ? rests.engine : 0), own: learnerRoom - sum(held) };
  const stays = shared && residency === "together"; // keys and values stay while rows come: both must fit at once

  const least = leastSequences(request, machine);
  const sample = Math.min(leastSample, request.policyContext);
  const leastRows = training === null ? 0 : rowBytes(sizes, sample, sample, sizes.blocks);
  const misfit = (phase: Misfit["phase"], short: number, given: number): Misfit => ({
    ...{ residency, phase, needed: given + short, given },
  });
  if (least > kvRoom) return misfit("rolling out", least - kvRoom, room.engine);
  const taught = teachingBytes(request, machine) + (shared ? rests.learner : 0);
  if (request.teacher !== undefined && taught > room.engine) return misfit("teaching", taught - room.engine, room.engine);
  const short = { both: leastRows + (stays ? least : 0) - rowRoom.both, own: leastRows - rowRoom.own };
  if (training !== null && short.both > 0) return misfit("training", short.both, room.learner);
  if (training !== null && short.own > 0) return misfit("training", short.own, learnerRoom);

  const longest = Math.max(request.policyContext, packedTokens[machine.learner]);
  const wanted = rowBytes(sizes, longest, longest, sizes.blocks);
  const kept = stays ? Math.min(wanted, rowRoom.own, Math.max(leastRows, Math.floor(rowRoom.both / 2))) : 0;
  const chosen = sequencesIn(request, machine, Math.max(least, Math.min(kvRoom, stays ? rowRoom.both - kept : kvRoom)));
  const left = rowRoom.both - (stays ? chosen.kv + chosen.compute : 0);
  const rows = training === null ? 0 : Math.max(0, Math.min(rowRoom.own, left));
  if (machine.hostBytes !== null && host > machine.hostBytes)
    return misfit("host memory", host - machine.hostBytes, machine.hostBytes);

  const longestSample = training === null ? 0 : longestRow(sizes, rows);
  const rowTokens = Math.min(longestSample, packedTokens[machine.learner]);
  const recomputed = fewestRecomputed(sizes, rowTokens, rows);
  const needed = training === null ? 0 : Math.min(rows, rowBytes(sizes, rowTokens, rowTokens, recomputed));
  const engine: EngineBytes = { ...fixed, kv: chosen.kv, compute: fixed.compute + chosen.compute };
  const learner: LearnerBytes = { ...held, rows: held.rows + needed };
  return {
    residency,
    rollingOut: { engine, learner: restingLearner(learner, shared ? residency : "together", machine) },
    training: { engine: shared ? restingEngine(engine, residency) : engine, learner },
    ...(request.teacher === undefined ? {} : { teaching: taught }),
    engine: {
      ...{ policySequences: chosen.policy, simulatorSequences: chosen.simulator },
      bytes: sum(engine) - (machine.engine === "card" ? engine.process : 0),
    },
    learner:
      training === null
        ? null
        : {
            bytes: sum(held) + rows - beside(machine, held),
            expected: sum(learner) - beside(machine, held),
            ...{ rowTokens, recomputed, longestSample },
          },
    host,
  };
}

/** What torch does not count as allocated: on a card its context; on the host all that the process holds is counted. */
function beside(machine: MachineMemory, held: LearnerBytes): number {
  return machine.learner === "card" ? held.process : 0;
}

function bytesOf(machine: MachineMemory, where: "card" | "host"): number {
  return where === "card" ? machine.cardBytes : (machine.hostBytes ?? 0);
}

/** Adapter and moments stay on the host, and leave a card. */
function restingLearner(learner: LearnerBytes, residency: Residency, machine: MachineMemory): LearnerBytes {
  if (residency !== "alternate") return { ...learner, rows: 0 };
  const { process, lora, moments } = learner;
  return { process, weights: 0, ...(machine.learner === "host" ? { lora, moments } : { lora: 0, moments: 0 }), rows: 0 };
}

function restingEngine(engine: EngineBytes, residency: Residency): EngineBytes {
  if (residency === "together") return engine;
  return { process: engine.process, weights: residency === "turns" ? engine.weights : 0, kv: 0, compute: 0, lora: 0 };
}

/** Sequences that fit into `bytes`: two of the policy for each of the simulator, until one has as many as are of use. */
function sequencesIn(request: MemoryRequest, machine: MachineMemory, bytes: number) {
  const cost = { policy: sequenceBytes(request, machine, "policy"), simulator: sequenceBytes(request, machine, "simulator") };
  const count = { policy: request.policySequences ?? 1, simulator: request.simulatorSequences ?? 1 };
  const used = (kind: "kv" | "compute") => count.policy * cost.policy[kind] + count.simulator * cost.simulator[kind];
  const grow = (role: "policy" | "simulator"): boolean => {
    const { kv, compute } = cost[role];
    if (request[`${role}Sequences`] !== null || count[role] >= most[role][machine.engine]) return false;
    if (used("kv") + used("compute") + kv + compute > bytes) return false;
    count[role] += 1;
    return true;
  };
  let grown = true;
  while (grown)
    grown = count.policy < 2 * count.simulator ? grow("policy") || grow("simulator") : grow("simulator") || grow("policy");
  return { ...count, kv: used("kv"), compute: used("compute") };
}

/** All parts of a side together. */
export function sum(parts: EngineBytes | LearnerBytes | Omit<EngineBytes, "kv">): number {
  return Object.values(parts).reduce((all, bytes) => all + bytes, 0);
}
