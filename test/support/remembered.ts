// A memory of tools for tests, over a list of what is stored.
import { type Memory, openMemory, type Remembered } from "../../src/simulator/memory.ts";
import type { ToolAnswer } from "../../src/simulator/tool-answer.ts";
import type { Json, ToolCall } from "../../src/types.ts";

/** The memory of a process that starts with `stored` and adds to it. */
export function memoryOver(stored: Remembered[]): Memory {
  return openMemory([...stored], async (entry) => void stored.push(entry));
}

/** An answer that states a fact. */
export function stating(call: ToolCall, result: Json): ToolAnswer {
  return { ok: true, text: JSON.stringify(result), reward: 0, fact: { name: call.name, arguments: call.arguments, result } };
}
