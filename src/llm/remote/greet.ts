// The first question to a server, before anything is loaded for a run: is it there, does it take the key, does it know the
// model, does it keep to a schema, does it give log-probs? What a user can mend is an error in one sentence.
import { keyVariable, type ServerAddress } from "../../config/server.ts";
import { PlayactError } from "../../errors.ts";
import { isObject, jsonOf } from "../../rules/json.ts";
import type { Json } from "../../types.ts";
import { asEnum } from "../text/options.ts";
import { answerPlace, readAnswer } from "./answer.ts";
import { type Sent, send } from "./http.ts";
import { faultText } from "./line.ts";
import { answerTokens, enumBody, schemaTold, turnBody } from "./question.ts";

export interface Greeting {
  /** The model as the server names it. */
  readonly model: string;
  /** It takes a response_format. */
  readonly formats: boolean;
  /** It keeps to it. */
  readonly constrains: boolean;
  readonly weighs: boolean;
}

export interface GreetOptions {
  readonly address: ServerAddress;
  readonly key: string | null;
  readonly thinkTokens: number;
  readonly deadlineMs: number;
  /** Whose model it is, for errors; absent: the simulator. */
  readonly seat?: "simulator" | "teacher";
}

const options = ["yes", "no"];
/** It asks for something else than the schema: only a server that keeps to schemas answers with an option. */
const messages = [{ role: "user", content: "Write a short sentence about the weather." }] as const;

/**
 * Asks once, and again with less of what the server refuses: log-probs, then a response_format. A teacher is asked for neither, as
 * in its turns. @throws PlayactError("environment" | "model")
 */
export async function greet({ address, key, thinkTokens, deadlineMs, seat = "simulator" }: GreetOptions): Promise<Greeting> {
  const late = AbortSignal.timeout(deadlineMs);
  const { schema } = asEnum([], options);
  const inWords = turnBody(address.model, schemaTold(messages, schema), {
    seed: 0,
    temperature: 1,
    maxTokens: answerTokens + thinkTokens,
  });
  const formatted = (weighed: boolean) => enumBody(address.model, { messages, schema }, { thinkTokens, weighed });
  const ask = (body: Json) =>
    send(address, key, body, late).catch(() => {
      throw new PlayactError(
        "environment",
        `${address.url} did not answer within ${deadlineMs / 1000} s (rollout.deadlineSeconds): wait until it has loaded ${address.model}, or allow more time.`,
      );
    });
  let body: Json = seat === "teacher" ? inWords : formatted(true);
  let sent = await ask(body);
  for (const less of [formatted(false), inWords]) {
    if (!isBadRequest(sent) || body === inWords) break;
    body = less;
    sent = await ask(body);
  }
  const formats = body !== inWords;
  if (sent.kind !== "answer") throw notReady(address, key, { seat, sent });
  const answer = readAnswer(sent.body);
  if (answer === null)
    throw new PlayactError(
      "environment",
      `${address.url} answers, but not with a chat completion: expected the address of an OpenAI-compatible server, which mostly ends in /v1.`,
    );
  return {
    model: answer.model ?? address.model,
    formats,
    constrains: formats && isOption(answer.text),
    // other tokens beside the one that was chosen; whether an option is among them is luck here, where nothing asks for one
    weighs: (answerPlace(answer.tokens ?? [])?.top.length ?? 0) > 1,
  };
}

/** A server that gives no log-probs ignores the question, or refuses it in one of these ways. */
function isBadRequest(sent: Sent): boolean {
  return sent.kind === "status" && [400, 422, 501].includes(sent.status);
}

function isOption(text: string): boolean {
  const reply = jsonOf(text);
  return isObject(reply) && options.some((option) => option === reply.answer);
}

interface NotReady {
  readonly seat: string;
  readonly sent: Exclude<Sent, { kind: "answer" }>;
}

function notReady(address: ServerAddress, key: string | null, { seat, sent: fault }: NotReady): PlayactError {
  const said = `models.${seat}: ${faultText(address, fault)}`;
  if (fault.kind === "down") return new PlayactError("environment", `${said}: start it, or name a model of this machine.`);
  if (fault.kind === "broken")
    return new PlayactError(
      "environment",
      `${said}: expected the address of an OpenAI-compatible server, which mostly ends in /v1.`,
    );
  if (fault.status === 401 || fault.status === 403) {
    const what = key === null ? `set the environment variable ${keyVariable}` : `${keyVariable} is not a key for it`;
    return new PlayactError("environment", `${said}: ${what}.`);
  }
  if (fault.status === 404)
    return new PlayactError(
      "model",
      `${said}: expected a server that knows the model ${address.model} (after #) under this path.`,
    );
  if (fault.status === 429 || fault.status === 503)
    return new PlayactError("environment", `${said}: it is busy or still loading; try again later.`);
  return new PlayactError(
    "environment",
    `${said}: expected an answer to a short question; see docs/running.md for what a server must support.`,
  );
}
