// A chat-completions server over HTTP that plays the scripted engine: the same JSON as llama-server, vLLM and OpenAI, with the
// faults that a test asks for. It counts tokens as the scripted engine does.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { EngineError } from "../../src/llm/llm.ts";
import { type Script, scriptedEngine } from "../../src/llm/scripted.ts";
import { renderChat } from "../../src/llm/text/prompt.ts";
import type { Json, JsonObject, JsonSchema } from "../../src/types.ts";

/** The body of a request, as Playact sends it. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
  /** Absent for a turn of a teacher. */
  readonly response_format?: {
    readonly type: string;
    readonly json_schema: { readonly name: string; readonly schema: JsonSchema };
  };
  readonly seed: number;
  readonly temperature: number;
  readonly max_tokens: number;
  readonly stream: boolean;
  readonly logprobs?: boolean;
  readonly top_logprobs?: number;
}

/** What a server does instead of answering well. */
export type Fault = (response: ServerResponse, request: ChatRequest) => void;

export interface ChatServer extends AsyncDisposable {
  /** http://127.0.0.1:PORT/v1 */
  readonly url: string;
  readonly asked: readonly { readonly body: ChatRequest; readonly authorization: string | undefined }[];
  /** Most requests that were open at one time. */
  readonly mostAtOnce: () => number;
  /** The next requests meet these, one each. */
  fail(...faults: readonly Fault[]): void;
}

/** @param always met by every request that has no fault of its own; `weighs`: false for a server without log-probs */
export async function chatServer(
  script: Script = {},
  always: Fault | null = null,
  { weighs = true }: { readonly weighs?: boolean } = {},
): Promise<ChatServer> {
  const { simulator, policy, vocabulary } = scriptedEngine(script);
  const asked: { body: ChatRequest; authorization: string | undefined }[] = [];
  const faults: Fault[] = [];
  let [open, most] = [0, 0];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(request)) as ChatRequest; // what Playact sends is what is tested
    asked.push({ body, authorization: request.headers.authorization });
    const fault = faults.shift() ?? always;
    if (fault !== null) return fault(response, body);
    try {
      json(response, 200, await completion(body));
    } catch (error) {
      if (!(error instanceof EngineError && error.code === "context_full")) throw error;
      json(response, 400, {
        error: { message: "This model's maximum context length is 256 tokens.", code: "context_length_exceeded" },
      });
    }
  }

  async function completion(body: ChatRequest): Promise<Json> {
    const { messages, seed, temperature, max_tokens: maxTokens } = body;
    if (body.response_format === undefined) return turn(body);
    const { schema } = body.response_format.json_schema;
    const usage = { read: 0, written: 0 };
    const options = optionsOf(schema);
    if (weighs && body.logprobs === true && options !== null) {
      const weights = await simulator.choose({ messages, lead: "", options, deadlineMs: 10_000, usage });
      const [best = ""] = options.filter((_, at) => weights[at] === Math.max(...weights));
      // likely before the schema constrains it: an option only where the question names it, as in llama-server
      const isNamed = messages.some(({ content }) => options.some((option) => content.includes(option)));
      const likely = isNamed ? options.map((option) => option.slice(0, 1)) : ["The", "It"];
      const top = likely.map((token, at) => ({ token, logprob: weights[at] ?? 0 }));
      const pieces = ['{"', "answer", '":"', best.slice(0, 1), best.slice(1), '"}'].filter((piece) => piece !== "");
      const content = pieces.map((token, at) => ({ token, logprob: 0, top_logprobs: at === 3 ? top : [{ token, logprob: 0 }] }));
      return answered(
        body.model,
        pieces.join(""),
        { prompt_tokens: usage.read, completion_tokens: pieces.length },
        { logprobs: { content } },
      );
    }
    if (options !== null && script.reply !== undefined) return answered(body.model, JSON.stringify({ answer: options[0] ?? "" })); // a script plays the other questions
    const reply = await simulator.reply({ messages, schema, seed, temperature, maxTokens, deadlineMs: 10_000, usage });
    return answered(body.model, reply, { prompt_tokens: usage.read, completion_tokens: usage.written });
  }

  /** A turn of the scripted policy, over the messages in its own frame. Its tokens are bytes, those of servers about four. */
  async function turn({ model, messages, seed, temperature, max_tokens }: ChatRequest): Promise<Json> {
    const ids = renderChat(vocabulary, messages, "");
    const end = vocabulary.marker("<|im_end|>");
    const maxTokens = 4 * max_tokens;
    const sampled = await policy.sample({ ids, seed, temperature, maxTokens, stop: new Set([end]), deadlineMs: 10_000 });
    const content = vocabulary.decode(sampled.end === "stop" ? sampled.ids.slice(0, -1) : sampled.ids);
    const usage = { prompt_tokens: ids.length, completion_tokens: sampled.ids.length };
    return answered(model, content, usage, { reason: sampled.end === "stop" ? "stop" : "length" });
  }

  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    response.once("close", () => open--);
    answer(request, response).catch((error: unknown) => json(response, 500, { error: { message: String(error) } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    mostAtOnce: () => most,
    fail: (...next) => void faults.push(...next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A chat completion with this text. */
export function answered(
  model: string,
  content: string,
  usage: JsonObject = {},
  { logprobs = null, reason = "stop" }: { readonly logprobs?: Json; readonly reason?: "stop" | "length" } = {},
): Json {
  const choice = { index: 0, message: { role: "assistant", content }, finish_reason: reason, logprobs };
  const counted = { prompt_tokens: 7, completion_tokens: 3, ...usage };
  return { id: "chatcmpl-1", object: "chat.completion", model: `${model}-served`, choices: [choice], usage: counted };
}

export function json(response: ServerResponse, status: number, body: Json, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The enum of {"answer": …}; null for any other schema. */
function optionsOf(schema: JsonSchema): readonly string[] | null {
  const { answer } = schema.properties as Readonly<Record<string, JsonSchema>>; // Playact's schemas of replies are objects
  return answer === undefined ? null : (answer.enum as readonly string[]);
}
