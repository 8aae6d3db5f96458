// Chat templates of our own writing, for the renderer of a model's own template: a plain one that only appends, and what
// others do to a talk (thinking dropped once the user has spoken again, thinking opened by the template, tools moved along).
import type { ChatTemplate } from "../../src/llm/llm.ts";

export interface Ways {
  readonly open?: string;
  readonly close?: string;
  /** Thinking of turns before the last user message is dropped. */
  readonly forgets?: boolean;
  /** The opening of the policy's turn opens thinking too; earlier thinking is dropped. */
  readonly leads?: boolean;
  /** The tools stand before the last user message. */
  readonly toolsLast?: boolean;
  /** How a result is written. */
  readonly result?: string;
}

export function chatTemplate(ways: Ways = {}): ChatTemplate {
  const { open = "<|im_start|>", close = "<|im_end|>", result = "message.content", leads = false, toolsLast = false } = ways;
  const forgets = ways.forgets ?? leads;
  const tools = `{%- if tools %}{{ '\\nTools:' }}{%- for tool in tools %}{{ '\\n' ~ (tool | tojson) }}{%- endfor %}{%- endif %}`;
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
    `{%- if ${toolsLast ? "loop.index0 == last.user" : "message.role == 'system'"} %}${tools}{%- endif %}`,
    `{{- '${close}\\n' }}`,
    "{%- endfor %}",
    `{%- if add_generation_prompt %}{{- '${open}assistant\\n${leads ? "<think>\\n" : ""}' }}{%- endif %}`,
  ].join("");
  return { source, begin: "", end: close };
}
