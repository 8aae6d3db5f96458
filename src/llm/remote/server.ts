// The simulator's side on a server that speaks OpenAI's chat completions: llama-server, vLLM, SGLang, Ollama or a vendor's. A
// reply is asked for under a JSON schema (in words too, where the server does not keep to one), a choice as an enum whose
// log-probs are read where the server gives them. What it cannot promise: foreign text may become markers of the model (law 2
// ends at the server), a seed may be ignored, and how many tokens a prompt has is estimated.
import { PlayactError } from "../../errors.ts";
import { type ChatMessage, type ChatModel, EngineError, type SimulatorSide } from "../llm.ts";
import { asEnum } from "../text/options.ts";
import { optionWeights, unfenced } from "./answer.ts";
import { openAsking } from "./asking.ts";
import { type GreetOptions, greet } from "./greet.ts";
import { shown } from "./http.ts";
import { answerTokens, enumBody, replyBody, schemaTold } from "./question.ts";

export interface ServerOptions extends GreetOptions {
  /** Tokens of one request, prompt and reply together. */
  readonly contextTokens: number;
  /** Most requests in flight. */
  readonly requests: number;
}

/** Asks the server what it can do, then is its side. @throws PlayactError("environment" | "model") with one sentence */
export async function openServer(options: ServerOptions): Promise<SimulatorSide> {
  const { address, key, requests, contextTokens, thinkTokens } = options;
  const { url, model } = address;
  const greeting = await greet(options);
  const asking = openAsking(address, key, requests);

  const simulator: ChatModel = {
    weighs: greeting.weighs,
    async reply(request) {
      const told = greeting.constrains ? request.messages : schemaTold(request.messages, request.schema);
      const body = replyBody(model, { ...request, messages: told }, greeting.formats);
      return unfenced((await asking.ask("simulator reply", body, request)).text);
    },
    async choose(request) {
      const options = distinct(request.options);
      const asked = asEnum(request.messages, options);
      const answer = await asking.ask("simulator choice", enumBody(model, asked, { thinkTokens, weighed: true }), request);
      const weights = optionWeights(answer.tokens ?? [], options);
      if (weights !== null) return weights;
      throw new EngineError(
        "native",
        `simulator choice: ${url} gave no log-probs of ${options.join(", ")}: ${shown(answer.text)}`,
      );
    },
    // a choice asks for no reply tokens, and is answered in a few
    fits: (messages, lead, replyTokens) =>
      estimatedTokens(messages, lead) + thinkTokens + Math.max(replyTokens, answerTokens) <= contextTokens,
  };
  return {
    simulator,
    counters: asking.counters,
    sequences: requests,
    rest: async () => undefined,
    wake: async () => undefined,
    weights: { server: `${url}#${greeting.model}`, constrains: greeting.constrains },
    async [Symbol.asyncDispose]() {
      asking.close();
    },
  };
}

/** Prose has about four bytes in a token, JSON with dates and ids fewer. */
const bytesPerToken = 3;
/** Markers around a message. */
const frameTokens = 8;

/** Tokens of a prompt, without the server's tokenizer. A prompt that is longer all the same is refused there, as "context_full". */
export function estimatedTokens(messages: readonly ChatMessage[], lead: string): number {
  const tokens = (text: string) => Math.ceil(Buffer.byteLength(text) / bytesPerToken) + frameTokens;
  return messages.reduce((sum, { content }) => sum + tokens(content), tokens(lead));
}

/** The options without blanks. @throws PlayactError("simulator") if one begins like another as a whole */
function distinct(options: readonly string[]): readonly string[] {
  const words = options.map((option) => option.trim());
  for (const [at, one] of words.entries())
    for (const other of words.slice(at + 1))
      if (one.startsWith(other) || other.startsWith(one))
        throw new PlayactError(
          "simulator",
          `The options ${JSON.stringify(one)} and ${JSON.stringify(other)} start with the same token; word them so that their first tokens differ.`,
        );
  return words;
}
