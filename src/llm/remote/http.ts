// One question to a server over HTTP, and what can come of it as data. The key goes into one header and nowhere else: a server
// may repeat it in a fault, so it is taken out of that before anybody sees it. Not by fetch, which takes a server for dead that
// needs more than 300 s to begin or between two parts of its answer: how long is waited is for the signal to say.
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text as textOf } from "node:stream/consumers";
import { keyVariable, type ServerAddress } from "../../config/server.ts";
import { describe, PlayactError } from "../../errors.ts";
import { isObject, jsonOf } from "../../rules/json.ts";
import type { Json } from "../../types.ts";

/** A shorter key is a placeholder ("none"), which would also be taken out of words. */
const leastSecret = 8;
const mostShown = 240;

export type Sent =
  | { readonly kind: "answer"; readonly body: unknown }
  /** Any status but 2xx. `retryAfterMs`: as the server asks for; null: it does not. */
  | { readonly kind: "status"; readonly status: number; readonly text: string; readonly retryAfterMs: number | null }
  /** No connection, or it ended before an answer. */
  | { readonly kind: "down"; readonly text: string }
  /** The body was cut, or is no JSON. */
  | { readonly kind: "broken"; readonly text: string };

/** The key in the environment; null: there is none. @throws PlayactError("environment") for one that no header can hold */
export function serverKey(environment: NodeJS.ProcessEnv = process.env): string | null {
  const key = environment[keyVariable]?.trim() ?? "";
  if (key === "") return null;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new PlayactError("environment", `${keyVariable} has blanks or characters beyond ASCII in it; set it to the key alone.`);
}

/** Asks once, and follows no redirect: the key is for this server. Throws only when the signal is aborted: its reason. */
export async function send({ url }: ServerAddress, key: string | null, body: Json, signal: AbortSignal): Promise<Sent> {
  const bare = (text: string) => (key !== null && key.length >= leastSecret ? text.replaceAll(key, `[${keyVariable}]`) : text);
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  let response: IncomingMessage;
  try {
    response = await post(`${url}/chat/completions`, authorization, JSON.stringify(body), signal);
  } catch (thrown) {
    signal.throwIfAborted();
    return { kind: "down", text: bare(reasonOf(thrown)) };
  }
  let text: string;
  try {
    text = await textOf(response); // what the model says stays as it is: it never saw the key
  } catch (thrown) {
    signal.throwIfAborted();
    return { kind: "broken", text: `the answer was cut (${bare(reasonOf(thrown))})` };
  }
  const { statusCode: status = 0, statusMessage = "", headers } = response;
  if (status < 200 || status > 299)
    return {
      kind: "status",
      status,
      text: saidIn(bare(text)) || bare(statusMessage),
      retryAfterMs: waitOf(headers["retry-after"]),
    };
  try {
    const answer = JSON.parse(text);
    const code = errorIn(answer);
    if (code !== null)
      return { kind: "status", status: code, text: saidIn(bare(text)), retryAfterMs: waitOf(headers["retry-after"]) };
    return { kind: "answer", body: answer };
  } catch {
    return { kind: "broken", text: `the answer is no JSON: ${shown(bare(text))}` };
  }
}

/** The status of an error that comes as an answer (OpenRouter); null: it is none. */
function errorIn(answer: unknown): number | null {
  if (!isObject(answer) || !isObject(answer.error) || answer.choices !== undefined) return null;
  const { code } = answer.error;
  return typeof code === "number" && code >= 400 && code <= 599 ? code : 500;
}

/** Resolves when an answer begins. */
function post(
  url: string,
  authorization: { readonly authorization?: string },
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.startsWith("https:") ? requestHttps : requestHttp;
  const headers = { "content-type": "application/json", accept: "application/json", "user-agent": "playact", ...authorization };
  return new Promise((resolve, reject) => {
    request(url, { method: "POST", headers, signal }, resolve).on("error", reject).end(body);
  });
}

/** A host with several addresses fails with a list of reasons. */
function reasonOf(thrown: unknown): string {
  return describe(thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown);
}

/** The sentence in the body of an error: {error: {message}} or {message}, else its beginning. */
function saidIn(text: string): string {
  const body = jsonOf(text);
  const inner = isObject(body) && isObject(body.error) ? body.error : body;
  if (!isObject(inner) || typeof inner.message !== "string") return shown(text);
  const type = [inner.code, inner.type].find((one) => typeof one === "string");
  return shown(type === undefined ? inner.message : `${inner.message} (${type})`);
}

/** The beginning of a text, on one line. */
export function shown(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > mostShown ? `${line.slice(0, mostShown)} …` : line;
}

/** Retry-After: seconds, or a date. */
function waitOf(header = ""): number | null {
  if (header.trim() === "") return null;
  const milliseconds = Number.isFinite(Number(header)) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : null;
}
