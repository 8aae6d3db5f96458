// An episode as the simulator reads it: who said what, calls and results in plain words. Thinking is left out, so that
// nobody can talk to the judge from there.
import { withoutThinking } from "../../thinking.ts";

export interface Line {
  readonly role: "user" | "assistant" | "call" | "result";
  readonly text: string;
}

const speakers = { user: "User", assistant: "Assistant", call: "Assistant calls", result: "Tool result" } as const;

/** Longest text of one line; a policy cannot crowd the question out of the simulator's context. */
const lineCharacters = 600;

export function transcriptText(lines: readonly Line[]): string {
  return lines.map((line) => `${speakers[line.role]}: ${withoutThinking(line.text).slice(0, lineCharacters)}`).join("\n");
}
