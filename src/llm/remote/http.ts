// One question to a server over HTTP, and what can come of it as data. The key goes into one header and nowhere else: a server
// may repeat it in what it says, so it is taken out of that before anybody sees it.
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

/** Asks once. Throws only when the signal is aborted: its reason. */
export async function send({ url }: ServerAddress, key: string | null, body: Json, signal: AbortSignal): Promise<Sent> {
  const bare = (text: string) => (key !== null && key.length >= leastSecret ? text.replaceAll(key, `[${keyVariable}]`) : text);
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  let response: Response;
  try {
    response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization },
      body: JSON.stringify(body),
      redirect: "manual", // the key is for this server
      signal,
    });
  } catch (thrown) {
    signal.throwIfAborted();
    return { kind: "down", text: bare(reasonOf(thrown)) };
  }
  let text: string;
  try {
    text = bare(await response.text());
  } catch (thrown) {
    signal.throwIfAborted();
    return { kind: "broken", text: `the answer was cut (${bare(reasonOf(thrown))})` };
  }
  if (!response.ok) {
    const retryAfterMs = waitOf(response.headers.get("retry-after"));
    return { kind: "status", status: response.status, text: saidIn(text) || response.statusText, retryAfterMs };
  }
  try {
    return { kind: "answer", body: JSON.parse(text) };
  } catch {
    return { kind: "broken", text: `the answer is no JSON: ${shown(text)}` };
  }
}

/** fetch hides the reason in a cause, and that of several addresses in a list. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  if (cause instanceof AggregateError && cause.errors.length > 0) return describe(cause.errors[0]);
  return describe(cause);
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
function waitOf(header: string | null): number | null {
  if (header === null || header.trim() === "") return null;
  const milliseconds = Number.isFinite(Number(header)) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : null;
}
