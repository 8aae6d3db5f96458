// The dialects in which a policy may write its calls. One entry holds everything that must fit together: the words that show the
// tools and the form, the parser, the writer and the tags; so a template and a parser of two dialects cannot meet. Templates,
// parser and exported templates (jinja.ts) all read it. Words that models were trained with are kept word for word.
import type { Dialect } from "../../config/config.ts";
import {
  type ArgumentsKey,
  type Block,
  fence,
  plain,
  pythonTag,
  readAfterPythonTag,
  readBare,
  readFence,
  readTagged,
  tagClose,
  tagOpen,
} from "./call-blocks.ts";

/** How one policy writes its calls. */
export interface CallForm {
  readonly dialect: Dialect;
  /** `tokens`: the tags of hermes are the model's own tokens. `pieces`: ordinary tokens, as everything of the other dialects. */
  readonly markers: "tokens" | "pieces";
}

/** What stands around the JSON of the calls of one turn. */
interface Around {
  readonly open: string;
  readonly between: string;
  readonly close: string;
}

interface DialectEntry {
  /** From the system prompt to the tools, which are one line of JSON each. */
  readonly before: string;
  /** After the last tool's line: the form of a call, and how several are written. */
  readonly after: string;
  /** The tags of written calls that are tokens of models trained with them; each is alone on its line. */
  readonly tags: RegExp | null;
  readonly argumentsKey: ArgumentsKey;
  readonly one: Around;
  readonly several: Around;
  /** Where a call may open; never searched inside a block. Needs the flag g. */
  readonly opening: RegExp;
  /** Reads the block at `start`; `since` is where the text since the last call begins. */
  readonly read: (text: string, start: number, since: number) => Block;
}

const tagged: Around = { open: `${tagOpen}\n`, between: `\n${tagClose}\n${tagOpen}\n`, close: `\n${tagClose}` };
const fenced: Around = { open: `${fence}json\n`, between: "", close: `\n${fence}` };
const listed: Around = { open: `${fence}json\n[`, between: ", ", close: `]\n${fence}` };
const bare: Around = { open: "", between: "; ", close: "" };

const signatures =
  "You may call one or more functions to assist with the user query.\n\nYou are provided with function signatures";
const inXml = `\n\n# Tools\n\n${signatures} within <tools></tools> XML tags:\n<tools>\n`;

export const dialectTable: Readonly<Record<Dialect, DialectEntry>> = {
  // Qwen and Hermes: one object in a pair of tags, any number of pairs. The words are those of Qwen2.5's own template.
  hermes: {
    before: inXml,
    after: `</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`,
    // alone on its line: a value of a call cannot contain it, since its newlines are escaped
    tags: /(?<=^|\n)(<\/?tool_call>)(?=\n|$)/,
    argumentsKey: "arguments",
    one: tagged,
    several: tagged,
    opening: /<\/?tool_call>/g,
    read: readTagged,
  },
  // What coder models write without being asked: objects or a list in a code fence, or bare at the start of a line.
  "json-fence": {
    before: inXml,
    after: `</tools>

For each function call, return a json object with function name and arguments in a json code block:
${fence}json
{"name": <function-name>, "arguments": <args-json-object>}
${fence}
For several calls at once, return a list of such objects in one code block:
${fence}json
[{"name": <function-name>, "arguments": <args-json-object>}, {"name": <function-name>, "arguments": <args-json-object>}]
${fence}`,
    tags: null,
    argumentsKey: "arguments",
    one: fenced,
    several: listed,
    opening: /```|(?:\[\s*)?\{\s*(["'])(?:name|arguments)\1\s*:/g,
    read: (text, start, since) => {
      if (text.startsWith(fence, start)) return readFence(text, start);
      const line = Math.max(since, text.lastIndexOf("\n", start) + 1);
      return text.slice(line, start).trim() === "" ? readBare(text, start, "arguments") : plain(start + 1);
    },
  },
  // Llama 3.1: the object alone, or after the model's marker; several are separated by semicolons or blanks, or in a list. The words
  // are those of its own template, but for the order (the tools come first, as in the other dialects) and the sentence on several calls.
  "llama-3.1": {
    before: "\n\nYou have access to the following functions:\n\n",
    after: `
To call a function, please respond with JSON for a function call. Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}. Do not use variables. To call several functions at once, write one such JSON after the other, separated by semicolons.`,
    tags: null,
    argumentsKey: "parameters",
    one: bare,
    several: bare,
    opening: /<\|python_tag\|>|(?:\[\s*)?\{\s*(["'])(?:type|name|parameters)\1\s*:/g,
    read: (text, start, since) => {
      if (!text.startsWith(pythonTag, start) && text.slice(since, start).trim() !== "") return plain(start + 1);
      const block = text.startsWith(pythonTag, start) ? readAfterPythonTag(text, start) : readBare(text, start, "parameters");
      return block.shown ? block : { ...block, end: block.end + (/^\s*;/.exec(text.slice(block.end))?.[0] ?? "").length };
    },
  },
};
