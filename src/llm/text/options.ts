// A choice as a question that is answered in JSON, for a model whose log-probs are not at hand or cannot be asked for a given
// start of the answer: a server's. The options become an enum, which the words of the question also name.
import type { JsonSchema } from "../../types.ts";
import type { ChatMessage } from "../llm.ts";

/** The messages with one more sentence, and the schema of the answer: {"answer": one of the options}. */
export function asEnum(
  messages: readonly ChatMessage[],
  options: readonly string[],
): { readonly messages: ChatMessage[]; readonly schema: JsonSchema } {
  const forms = options.map((answer) => JSON.stringify({ answer })).join(" or ");
  const last = messages.at(-1);
  const asked = { role: last?.role ?? "user", content: `${last?.content ?? ""}\n\nAnswer with JSON: ${forms}.` };
  return {
    messages: [...messages.slice(0, -1), asked],
    schema: { type: "object", properties: { answer: { type: "string", enum: options } }, required: ["answer"] },
  };
}
