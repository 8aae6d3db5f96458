// A teacher on a server in the policy's seat: the same port, so that it plays the same episodes, but its text goes through chat
// completions. Its ids are bytes, its log-probs are not known, and nothing that it writes is ever trained on. What it cannot
// promise: that a seed is followed, and that a late turn keeps what it had.
import { type EngineCounters, EngineError, type Policy, type Vocabulary } from "../llm.ts";
import { type EpisodeTemplate, episodeTemplate } from "../text/template.ts";
import { openAsking } from "./asking.ts";
import { messagesIn, servedVocabulary } from "./bytes.ts";
import { greet } from "./greet.ts";
import { turnBody } from "./question.ts";
import type { ServerOptions } from "./server.ts";

export interface ServedTeacher extends AsyncDisposable {
  readonly policy: Policy;
  readonly vocabulary: Vocabulary;
  readonly template: EpisodeTemplate;
  /** Ids that make up about one token: limits of tokens are this many times as many ids. */
  readonly idsPerToken: number;
  counters(): EngineCounters;
}

/** English prose has about four bytes in a token. */
const idsPerToken = 4;

/** Asks the server what it can do, then is its policy's side. @throws PlayactError("environment" | "model") with one sentence */
export async function openTeacher(options: ServerOptions): Promise<ServedTeacher> {
  const { address, key, requests, contextTokens, thinkTokens } = options;
  await greet({ ...options, seat: "teacher" });
  const asking = openAsking(address, key, requests);
  const contextIds = contextTokens * idsPerToken;
  const template = episodeTemplate(servedVocabulary, { dialect: "hermes", markers: "pieces" });
  const [close = servedVocabulary.marker("<|im_end|>")] = template.stop;

  const policy: Policy = {
    version: 0,
    adapter: null,
    async sample({ ids, seed, temperature, maxTokens, deadlineMs, signal }) {
      const room = contextIds - ids.length;
      const label = "policy sample";
      if (room <= 0) throw new EngineError("context_full", `${label}: the prompt has ${ids.length} of ${contextIds} ids`);
      const most = Math.min(maxTokens, room);
      const maxReply = Math.ceil(most / idsPerToken);
      const body = turnBody(address.model, messagesIn(ids), { seed, temperature, maxTokens: maxReply + thinkTokens });
      const { text, cut } = await asking.ask(label, body, { deadlineMs, signal });
      const said = servedVocabulary.encode(text);
      const whole = !cut && said.length < most;
      const sampled = whole ? [...said, close] : said.slice(0, most);
      // a number for each id, as the port wants it; no update may read it
      const logprobs = sampled.map(() => 0);
      const end = whole ? "stop" : room < maxTokens ? "context_full" : "length";
      return { ids: sampled, logprobs, end };
    },
  };
  return {
    ...{ policy, vocabulary: servedVocabulary, template, idsPerToken },
    counters: asking.counters,
    async [Symbol.asyncDispose]() {
      asking.close();
    },
  };
}
