// Questions to a server and their answers, counted: what the simulator's side and a teacher share.
import type { ServerAddress } from "../../config/server.ts";
import type { Json } from "../../types.ts";
import { type EngineCounters, EngineError, type ReplyRequest } from "../llm.ts";
import type { ServerAnswer } from "./answer.ts";
import { shown } from "./http.ts";
import { openLine } from "./line.ts";

export interface Asking {
  /** Throws EngineError. */
  ask(label: string, body: Json, request: Pick<ReplyRequest, "deadlineMs" | "signal" | "usage">): Promise<ServerAnswer>;
  counters(): EngineCounters;
  /** Fails every request with EngineError("closed"). */
  close(): void;
}

/** @param requests most in flight */
export function openAsking(address: ServerAddress, key: string | null, requests: number): Asking {
  const line = openLine(address, key, requests);
  const counts = { prefilled: 0, decoded: 0, reused: 0 };
  return {
    async ask(label, body, request) {
      const answer = await line.ask(label, body, request);
      const { read, reused, written, refusal } = answer;
      counts.prefilled += read - reused;
      counts.reused += reused;
      counts.decoded += written;
      if (request.usage) {
        request.usage.read += read;
        request.usage.written += written;
      }
      if (refusal !== null) throw new EngineError("refused", `${label}: the model declined to answer: ${shown(refusal)}`);
      return answer;
    },
    counters: () => ({ ...counts, ...line.load() }),
    close: line.close,
  };
}
