// Playact's own template as Jinja: lies beside every adapter, so that a server asks a served policy as it was trained. It writes
// the text that template.ts writes, from the same frame and the same entry of the dialect; test/llm/text/jinja.test.ts compares
// them. A call is written from `tool_calls`, as servers pass it; arguments may be an object or its JSON.
import type { Dialect } from "../../config/config.ts";
import type { ChatFormat } from "./chat-format.ts";
import { dialectTable } from "./dialect.ts";
import { thinkClose, thinkOpen } from "./thinking.ts";

/** What a template writes of one call, from what a server passes; stands inside the quotes of a Jinja string. */
const callText = (dialect: Dialect) =>
  `{"name": ' + (call.name | tojson) + ', "${dialectTable[dialect].argumentsKey}": ' + (call.arguments if call.arguments is string else (call.arguments | tojson)) + '}`;

/**
 * The beginning of a template that cannot write more than `most` calls of one turn (Llama 3's raises an error at two): turns with more
 * become text, as the policy was trained with them.
 */
export function spelledOut(dialect: Dialect, most: number): string {
  const { one, several } = dialectTable[dialect];
  const around = (part: "open" | "between" | "close") =>
    one[part] === several[part]
      ? quoted(one[part])
      : `(${quoted(several[part])} if message.tool_calls | length > 1 else ${quoted(one[part])})`;
  return [
    "{%- set spelled = namespace(all=[], text='') -%}",
    "{%- for message in messages -%}",
    `{%- if message.tool_calls and message.tool_calls | length > ${most} -%}`,
    `{%- set spelled.text = ((message.content + '\n') if message.content else '') + ${around("open")} -%}`,
    "{%- for one in message.tool_calls -%}{%- set call = one.function if one.function is defined else one -%}",
    `{%- set spelled.text = spelled.text + ('' if loop.first else ${around("between")}) + '${callText(dialect)}' -%}`,
    "{%- endfor -%}",
    `{%- set spelled.all = spelled.all + [{'role': 'assistant', 'content': spelled.text + ${around("close")}}] -%}`,
    "{%- else -%}{%- set spelled.all = spelled.all + [message] -%}{%- endif -%}",
    "{%- endfor -%}{%- set messages = spelled.all -%}",
  ].join("\n");
}

/** The Jinja source for a frame and a dialect. `quiet`: every turn of the assistant opens with an empty thought. */
export function jinjaOf(frame: ChatFormat, dialect: Dialect, quiet: boolean): string {
  const { before, after, one, several } = dialectTable[dialect];
  const { begin, open, named, gap, close, between, assistant, systemTurn } = frame;
  const opened = (role: string) => `{{- ${quoted(`${open}${role}${named ?? ""}${gap}`)} -}}`;
  const answering = opened(assistant) + (quiet ? `{{- ${quoted(`${thinkOpen}\n\n${thinkClose}\n\n`)} -}}` : "");
  const closed = `{{- ${quoted(`${close}${between}`)} -}}`;
  const around = (part: "open" | "between" | "close") =>
    one[part] === several[part]
      ? `{{- ${quoted(one[part])} -}}`
      : `{{- ${quoted(several[part])} if message.tool_calls | length > 1 else ${quoted(one[part])} -}}`;
  const first = systemTurn ? "" : "if not (headed and loop.index0 == (1 if own else 0)) ";
  return [
    begin === null ? "" : "{{- bos_token -}}",
    "{%- set own = messages[0].role == 'system' -%}",
    "{%- set headed = own or tools -%}",
    "{%- if headed -%}",
    opened(systemTurn ? "system" : "user"),
    "{%- if own -%}{{- messages[0].content -}}{%- endif -%}",
    `{%- if tools -%}{{- ${quoted(before)} -}}`,
    "{%- for tool in tools -%}{{- (tool | tojson) + '\\n' -}}{%- endfor -%}",
    `{{- ${quoted(after)} -}}{%- endif -%}`,
    systemTurn ? closed : "{{- '\\n\\n' -}}",
    "{%- endif -%}",
    "{%- for message in messages -%}",
    "{%- if message.role == 'user' -%}",
    first === "" ? opened("user") : `{%- ${first}-%}${opened("user")}{%- endif -%}`,
    `{{- message.content -}}${closed}`,
    "{%- elif message.role == 'assistant' -%}",
    `${answering}{%- if message.content -%}{{- message.content -}}{%- endif -%}`,
    "{%- if message.tool_calls -%}{%- if message.content -%}{{- '\\n' -}}{%- endif -%}",
    around("open"),
    "{%- for one in message.tool_calls -%}{%- set call = one.function if one.function is defined else one -%}",
    `{%- if not loop.first -%}${around("between")}{%- endif -%}`,
    `{{- '${callText(dialect)}' -}}`,
    `{%- endfor -%}${around("close")}{%- endif -%}${closed}`,
    "{%- elif message.role == 'tool' -%}",
    `{%- if messages[loop.index0 - 1].role == 'tool' -%}{{- '\\n' -}}{%- else -%}${opened("user")}{%- endif -%}`,
    "{{- '<tool_response>\\n' -}}{{- message.content -}}{{- '\\n</tool_response>' -}}",
    `{%- if loop.last or messages[loop.index0 + 1].role != 'tool' -%}${closed}{%- endif -%}`,
    "{%- endif -%}{%- endfor -%}",
    `{%- if add_generation_prompt -%}${answering}{%- endif -%}`,
  ].join("\n");
}

/** A text as a string literal of Jinja. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
}
