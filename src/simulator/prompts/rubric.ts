// The judge's prompt for the items of a rubric: role and task first, the same for a whole group, then the conversation and the
// items. Each item gets its evidence before its answer. The expected calls are not in it: another way to a goal is as good.
import type { ChatMessage } from "../../llm/llm.ts";
import { isObject } from "../../rules/json.ts";
import type { Json, JsonSchema, Line, RubricSection, Task } from "../../types.ts";
import { transcriptText } from "./transcript.ts";

/** An item as the judge reads it. */
export interface AskedItem {
  readonly section: RubricSection;
  readonly text: string;
}

/** What is asked of an item of each section. */
const asked: Readonly<Record<RubricSection, { readonly title: string; readonly key: "kept" | "reached" | "asked" }>> = {
  forbidden: { title: "rules: kept is true if the assistant kept to the rule, false if it once broke it", key: "kept" },
  subGoals: { title: "goals: reached is true if calls and results show that this was done", key: "reached" },
  questions: {
    title: "questions: asked is true if the assistant asked the user for it before it acted without knowing it",
    key: "asked",
  },
};

const name = (index: number) => `item_${index + 1}`;

/** Tokens that an answer needs at most: evidence and answer of each item. */
export const rubricTokens = (items: readonly AskedItem[]) => 40 + 90 * items.length;

export function rubricReply(items: readonly AskedItem[]): JsonSchema {
  const of = ({ section }: AskedItem): JsonSchema => {
    const { key } = asked[section];
    const properties = { evidence: { type: "string", minLength: 3, maxLength: 200 }, [key]: { type: "boolean" } };
    return { type: "object", properties, required: ["evidence", key] };
  };
  const properties = Object.fromEntries(items.map((item, index) => [name(index), of(item)]));
  return { type: "object", properties, required: Object.keys(properties) };
}

/** Whether each item is met, from a reply that fits its schema. */
export function answersIn(reply: Json, items: readonly AskedItem[]): boolean[] {
  return items.map(({ section }, index) => {
    const answer = isObject(reply) ? reply[name(index)] : undefined;
    return isObject(answer) && answer[asked[section].key] === true;
  });
}

const role = `You judge how an assistant with tools has served a user, item by item. What the assistant says about itself is not evidence; calls and results are.
Answer with JSON, for each item in order:
evidence: the words, the call or the result that decides the item, or that there is none
then true or false, as said at its list`;

export function rubricPrompt(task: Task, items: readonly AskedItem[], lines: readonly Line[]): ChatMessage[] {
  const known = [
    `The user wants: ${task.intent}`,
    `First message: ${task.firstMessage}`,
    ...(task.background !== undefined ? [`What only the user knows: ${task.background}`] : []),
  ];
  const listed = items.map(({ section, text }, index) => {
    const heading = items[index - 1]?.section === section ? [] : [`Of these ${asked[section].title}.`];
    return [...heading, `${name(index)}: ${text}`].join("\n");
  });
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: `${known.join("\n")}\n\nConversation:\n${transcriptText(lines)}\n\n${listed.join("\n")}\n\nYour answers:`,
    },
  ];
}
