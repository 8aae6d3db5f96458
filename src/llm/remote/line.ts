// The line to a server: how many requests are in flight, how long each may take, and when one is asked again. A server that is
// busy or down is asked again until the deadline, in growing intervals or as it asks for; any other fault is the caller's. One that
// takes no question any more, or has answered none of many, is as unavailable as one that is down.
import { setTimeout as wait } from "node:timers/promises";
import type { ServerAddress } from "../../config/server.ts";
import type { Json } from "../../types.ts";
import { EngineError, type ReplyRequest } from "../llm.ts";
import { readAnswer, type ServerAnswer } from "./answer.ts";
import { type Sent, send } from "./http.ts";

export interface ServerLine {
  /** One question to its answer. Throws EngineError. */
  ask(label: string, body: Json, request: Pick<ReplyRequest, "deadlineMs" | "signal">): Promise<ServerAnswer>;
  /** Requests that wait, requests in flight, and seconds in which any was. */
  load(): { readonly queued: number; readonly running: number; readonly seconds: number };
  /** Fails every request with EngineError("closed"). */
  close(): void;
}

const firstPauseMs = 250;
const longestPauseMs = 8_000;
/** Non-answers in a row before the server counts as unavailable, however few requests are in flight. */
const leastSilent = 8;
/** What setTimeout can hold. */
const longestTimerMs = 2 ** 31 - 1;

/** @param most requests in flight */
export function openLine(address: ServerAddress, key: string | null, most: number): ServerLine {
  const waiting: (() => void)[] = [];
  const live = new Set<AbortController>();
  let running = 0;
  let seconds = 0;
  let since = 0;
  let open = true;
  /** Questions in a row that got no answer. One may have been too much for the server; all that are in flight, twice, are not. */
  let silent = 0;

  function noAnswer(code: "deadline" | "native", text: string): EngineError {
    silent++;
    if (silent < Math.max(leastSilent, 2 * most)) return new EngineError(code, text);
    return new EngineError("unavailable", `${text}; the server has answered none of the last ${silent} questions`);
  }

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running >= most) {
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(go), 1);
          reject(signal.reason);
        };
        const go = () => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        signal.addEventListener("abort", leave, { once: true });
        waiting.push(go);
      });
      return; // it has the place of the one that left
    }
    if (running++ === 0) since = performance.now();
  }

  function leave(): void {
    const next = waiting.shift();
    if (next !== undefined) next();
    else if (--running === 0) seconds += (performance.now() - since) / 1000;
  }

  async function patiently(label: string, body: Json, deadlineMs: number, signal: AbortSignal): Promise<ServerAnswer> {
    const until = performance.now() + deadlineMs;
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
      const sent = await send(address, key, body, signal);
      if (sent.kind === "answer") {
        const answer = readAnswer(sent.body);
        if (answer === null)
          throw noAnswer("native", `${label}: ${address.url} answered with something else than a chat completion`);
        silent = 0;
        return answer;
      }
      const fault = `${label}: ${faultText(address, sent)}`;
      const ofQuestion = faultOfQuestion(sent);
      if (ofQuestion !== null) {
        silent = 0;
        throw new EngineError(ofQuestion, fault);
      }
      if (isShut(sent)) throw new EngineError("unavailable", fault);
      if (!isPassing(sent)) throw noAnswer("native", fault);
      const asked = sent.kind === "status" ? (sent.retryAfterMs ?? 0) : 0;
      const longer = Math.max(pause, asked);
      if (performance.now() + longer >= until) {
        const why =
          asked > pause
            ? `it asks to wait ${asked} ms, longer than what is left of ${deadlineMs} ms`
            : `given up after ${deadlineMs} ms`;
        throw new EngineError("unavailable", `${fault}; ${why}`);
      }
      await wait(longer, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  return {
    async ask(label, body, { deadlineMs, signal }) {
      if (!open) throw new EngineError("closed", `${label}: the engine is closed`);
      const controller = new AbortController();
      const cancel = () => controller.abort(new EngineError("cancelled", `${label} was cancelled`, { cause: signal?.reason }));
      if (signal?.aborted) cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      live.add(controller);
      try {
        await enter(controller.signal);
        const late = () => controller.abort(noAnswer("deadline", `${label} gave up after ${deadlineMs} ms`));
        const timer = setTimeout(late, Math.min(deadlineMs, longestTimerMs));
        try {
          return await patiently(label, body, deadlineMs, controller.signal);
        } finally {
          clearTimeout(timer);
          leave();
        }
      } finally {
        signal?.removeEventListener("abort", cancel);
        live.delete(controller);
      }
    },
    load: () => ({
      queued: waiting.length,
      running,
      seconds: seconds + (running > 0 ? (performance.now() - since) / 1000 : 0),
    }),
    close() {
      open = false;
      for (const controller of live) controller.abort(new EngineError("closed", "the engine was closed"));
    },
  };
}

type Fault = Exclude<Sent, { kind: "answer" }>;

/** What a server did instead of answering. */
export function faultText({ url }: ServerAddress, fault: Fault): string {
  if (fault.kind === "down") return `no server answers at ${url} (${fault.text})`;
  if (fault.kind === "broken") return `${url}: ${fault.text}`;
  return `${url} answered ${fault.status}: ${fault.text}`;
}

/** By HTTP, and as proxies say that the server behind them is away or overloaded. */
const passing: ReadonlySet<number> = new Set([408, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529]);

/** Whether it may pass by itself: too many requests, a model that is being loaded, a server that is started again. */
function isPassing(fault: Fault): boolean {
  return fault.kind === "down" || (fault.kind === "status" && passing.has(fault.status));
}

/** Of no question: the key is not taken any more, the credit has ended, the model is gone. */
const shut: ReadonlySet<number> = new Set([401, 402, 403, 404]);

function isShut(fault: Fault): boolean {
  return fault.kind === "status" && shut.has(fault.status);
}

/** What a server found wrong with this one question: too long, or nothing it would talk about; null: neither. */
function faultOfQuestion(fault: Fault): "context_full" | "refused" | null {
  if (fault.kind !== "status" || isPassing(fault)) return null;
  if (/context.?(length|size|window)|exceed_context/i.test(fault.text)) return "context_full";
  return /content.?(filter|policy|management)|moderation|flagged/i.test(fault.text) ? "refused" : null;
}
