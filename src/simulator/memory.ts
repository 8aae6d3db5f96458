// The memory of the world (SynthAgent's M; config simulator.memory): what a model answered to a call in the episodes of a task, so
// that the same call in the same state has one answer in all of them, also after a resume. Departs from the paper, whose memory
// knows no state: here a call after another change is another question. Answers of rules need no memory, and get none: whether an
// id is invented depends on what an episode has read.
import { createHash } from "node:crypto";
import { canonicalCall, canonicalState } from "../rules/canonical.ts";
import { readsIn } from "../rules/drift.ts";
import type { Fact } from "../rules/journal.ts";
import type { Task, ToolCall } from "../types.ts";
import type { GivenAnswer, ToolAnswer } from "./tool-answer.ts";

export interface Memory {
  /**
   * What was answered to this call in this state, or else what `make` answers; `before` is the episode's journal. Who asks while
   * another makes the same answer waits for it. A failure is not remembered.
   * @param make gets what other calls were told in this state, which its answer must not contradict
   */
  answer(
    task: Task,
    call: ToolCall,
    before: readonly Fact[],
    make: (told: readonly Fact[]) => Promise<ToolAnswer>,
  ): Promise<ToolAnswer>;
}

/** An entry of the memory. */
export interface Remembered {
  /** Of all tasks that share the entry. */
  readonly world: string;
  /** Task.id of the episode that asked first. */
  readonly task: string;
  /** In canonical form (rules/canonical.ts). */
  readonly call: string;
  /** The changing calls before it, in canonical form. */
  readonly state: readonly string[];
  readonly answer: GivenAnswer;
}

/** Entries of a world; once they are so many, what is new is answered and forgotten. */
export const mostRemembered = 100;

/** @param keep stores an entry; the answer is given when it is stored, so that a kill leaves none that could be given otherwise */
export function openMemory(known: readonly Remembered[], keep: (entry: Remembered) => Promise<void>): Memory {
  /** By world, then by call and state. */
  const worlds = new Map<string, Map<string, Remembered>>();
  const entriesOf = (world: string) => {
    const entries = worlds.get(world) ?? new Map<string, Remembered>();
    worlds.set(world, entries);
    return entries;
  };
  for (const entry of known) entriesOf(entry.world).set(keyOf(entry), entry);
  /** Answers that are being made, by world, call and state. */
  const making = new Map<string, Promise<ToolAnswer>>();

  async function made(place: Omit<Remembered, "answer">, make: () => Promise<ToolAnswer>): Promise<ToolAnswer> {
    const answer = await make();
    const entries = entriesOf(place.world);
    if (!answer.ok || entries.size >= mostRemembered) return answer;
    const entry = { ...place, answer };
    await keep(entry);
    entries.set(keyOf(place), entry);
    return answer;
  }

  return {
    async answer(task, call, before, make) {
      const { tools } = task;
      const place = {
        world: worldOf(task),
        task: task.id,
        call: canonicalCall(call, tools),
        state: canonicalState(before, tools, readsIn(task)),
      };
      const entries = entriesOf(place.world);
      const running = `${place.world} ${keyOf(place)}`;
      for (;;) {
        const entry = entries.get(keyOf(place));
        if (entry !== undefined) return givenTo(call, entry.answer);
        const other = making.get(running);
        if (other === undefined) break;
        const shared = await other;
        if (shared.ok) return givenTo(call, shared); // the other's failure is not this one's: it asks again
      }
      const told = toldIn(entries.values(), place.state, readsIn(task));
      const mine = made(place, () => make(told)).finally(() => making.delete(running));
      making.set(running, mine);
      return mine;
    },
  };
}

/** What was read in a state, in an order that does not depend on who asked first. Another episode's change has not happened in it. */
function toldIn(entries: Iterable<Remembered>, state: readonly string[], reads: (tool: string) => boolean): readonly Fact[] {
  const same = JSON.stringify(state);
  return [...entries]
    .filter((entry) => JSON.stringify(entry.state) === same)
    .sort((one, other) => (one.call < other.call ? -1 : 1))
    .flatMap(({ answer: { fact } }) => (fact !== null && reads(fact.name) ? [fact] : []));
}

/** The answer with the call as it was written this time. */
function givenTo({ name, arguments: given }: ToolCall, answer: GivenAnswer): GivenAnswer {
  return answer.fact === null ? answer : { ...answer, fact: { name, arguments: given, result: answer.fact.result } };
}

function keyOf({ call, state }: Pick<Remembered, "call" | "state">): string {
  return JSON.stringify([call, state]);
}

/**
 * The world that a task is set in: what its tools are, and what they are wanted for. Not the id: the task of another epoch, one
 * that tells what this one holds back, and the same one before its solution is known share their world.
 */
function worldOf({ tools, intent }: Task): string {
  const sorted = tools.map((tool) => JSON.stringify(tool)).sort();
  return createHash("sha256")
    .update(JSON.stringify([intent, sorted]))
    .digest("hex")
    .slice(0, 16);
}
