// Chat templates for testing the renderer of a model's own template: a plain one that only appends, and what other templates
// do to a conversation (drop thinking after the next user message, open thinking in the template, move the tools).
import type { ChatTemplate } from "../../src/llm/llm.ts";

export interface Ways {
  readonly open?: string;
  readonly close?: string;
  /** Thinking of turns before the last user message is dropped. */
  readonly forgets?: boolean;
  /** The policy's turn starts with open thinking; earlier thinking is dropped. */
  readonly leads?: boolean;
  /** The tools come before the last user message. */
  readonly toolsLast?: boolean;
  /** What the prompt says about calls, after the tools. */
  readonly asks?: string;
  /** How `tool_calls` are written, an expression over `call`; empty: they are ignored. */
  readonly calls?: string;
  /** How a result is written. */
  readonly result?: string;
}

const hermes = '\nA call:\n<tool_call>\n{"name": <name of the tool>, "arguments": <its arguments>}\n</tool_call>';

export function chatTemplate(ways: Ways = {}): ChatTemplate {
  const { open = "<|im_start|>", close = "<|im_end|>", result = "message.content", leads = false, toolsLast = false } = ways;
  const { asks = hermes, calls = "" } = ways;
  const forgets = ways.forgets ?? leads;
  const tools = `{%- if tools %}{{ '\\nTools:' }}{%- for tool in tools %}{{ '\\n' ~ (tool | tojson) }}{%- endfor %}{{ ${jinjaText(asks)} }}{%- endif %}`;
  const source = [
    "{%- set last = namespace(user=-1) %}",
    "{%- for message in messages %}{%- if message.role == 'user' %}{%- set last.user = loop.index0 %}{%- endif %}{%- endfor %}",
    "{%- for message in messages %}",
    `{{- '${open}' ~ message.role ~ '\\n' }}`,
    "{%- set content = message.content %}",
    `{%- if message.role == 'tool' %}{%- set content = ${result} %}{%- endif %}`,
    forgets
      ? "{%- if message.role == 'assistant' and '</think>' in content and loop.index0 < last.user %}{%- set content = content.split('</think>')[-1] | trim %}{%- endif %}"
      : "",
    "{{- content }}",
    calls === "" ? "" : `{%- for one in message.tool_calls or [] %}{%- set call = one.function %}{{- ${calls} }}{%- endfor %}`,
    `{%- if ${toolsLast ? "loop.index0 == last.user" : "message.role == 'system'"} %}${tools}{%- endif %}`,
    `{{- '${close}\\n' }}`,
    "{%- endfor %}",
    `{%- if add_generation_prompt %}{{- '${open}assistant\\n${leads ? "<think>\\n" : ""}' }}{%- endif %}`,
  ].join("");
  return { source, begin: "", end: close };
}

function jinjaText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
}
