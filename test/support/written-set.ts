// A large simulator and a teacher by script, for tests of written task sets: one piano teacher, her toolset, and what is asked of a
// simulator in each stage. A test changes one answer and sees what becomes of the persona.
import type { ReplyRequest } from "../../src/llm/llm.ts";
import type { Json, JsonObject } from "../../src/types.ts";
import { says } from "./blueprint.ts";

const argument = (name: string, kind: string, options = "") => ({
  name,
  kind,
  options,
  description: `The ${name}.`,
  required: true,
});
const field = (name: string, kind: string) => ({ name, kind });

export const toolForms = [
  {
    name: "find_tuner",
    description: "Finds a piano tuner in a city.",
    arguments: [argument("city", "text")],
    returns: [field("tuner_id", "id"), field("fee", "amount")],
  },
  {
    name: "book_tuning",
    description: "Books a tuning with a tuner.",
    arguments: [argument("tuner_id", "id"), argument("day", "date"), argument("pitch", "option", "concert, baroque")],
    returns: [field("booking_id", "id")],
  },
  {
    name: "cancel_tuning",
    description: "Cancels a booked tuning.",
    arguments: [argument("booking_id", "id")],
    returns: [field("status", "text")],
  },
];

const subGoals = ["find a tuner", "learn the fee", "learn the day", "book the tuning", "tell the person"];

/** What the simulator answers, by the first words of its role. */
export const answers: Readonly<Record<string, Json>> = {
  "You invent a task": {
    task: "Mara Lind wants her piano in Ghent tuned on 2027-05-14 at concert pitch by any tuner of the city.",
    tools: toolForms,
    sub_goals: subGoals,
    restriction: {
      ...{ kind: "values", tool: "book_tuning", argument: "pitch", values: "baroque" },
      text: "Never book the baroque pitch, because the strings would not hold it.",
    },
  },
  "You turn a task": {
    message: "My piano sounds awful, can you get somebody to look after it?",
    background: "The person is Mara Lind. Her piano is in Ghent. She is at home on 2027-05-14. She wants concert pitch.",
  },
  "You review the tools": {
    tools: toolForms.map(() => ({ reason: "It has data of its own.", language_model_alone: false, text_can_stand_for_it: true })),
    distractors: [
      {
        name: "rent_hall",
        description: "Rents a concert hall for an evening.",
        arguments: [argument("hall", "text"), argument("evening", "date")],
        returns: [field("rental_id", "id")],
      },
    ],
  },
  "You check whether": { reason: "Find a tuner, then book.", solvable: true },
  "You check how far": { sub_goals: subGoals.map(() => ({ reason: "The calls show it.", done: true })) },
  "You write the rubric": {
    forbidden: [{ text: "A tuning that was booked is cancelled.", about: "cancel_tuning" }],
    sub_goals: [
      { text: "A tuner of the city is found.", about: "1 find_tuner" },
      { text: "A tuning is booked for the day.", about: "2 book_tuning" },
      { text: "The person knows the booking.", about: "none" },
    ],
    questions: [
      { text: "It is asked in which city the piano is.", about: "1 city" },
      { text: "It is asked how the piano sounds.", about: "none" },
    ],
  },
  "You play a person": { reason: "It asked.", reward: 1, done: false, message: "In Ghent, on 2027-05-14, at concert pitch." },
};

const results: Readonly<Record<string, JsonObject>> = {
  find_tuner: { tuner_id: "TN-481", fee: 90 },
  book_tuning: { booking_id: "BK-77" },
  cancel_tuning: { status: "cancelled" },
};

/** A simulator that answers so, with these answers in place of the usual ones; a function sees the question. */
export function scripted(change: Readonly<Record<string, Json | ((request: ReplyRequest) => Json)>> = {}) {
  return (request: ReplyRequest): Json => {
    const role = request.messages[0]?.content ?? "";
    const words = Object.keys({ ...answers, ...change }).find((start) => role.startsWith(start));
    const own = words === undefined ? undefined : change[words];
    if (own !== undefined) return typeof own === "function" ? own(request) : own;
    if (words !== undefined) return answers[words] ?? {};
    const called = /The call: (\w+)/.exec(request.messages[1]?.content ?? "")?.[1] ?? "";
    return { reason: "It fits the request.", reward: 1, result: results[called] ?? { status: "done" } };
  };
}

export const booking = { tuner_id: "TN-481", day: "2027-05-14", pitch: "concert" };

/** The teacher's turns: a question, two calls, the final answer. */
export const turns: readonly string[] = [
  "Where is the piano, and when are you at home?",
  says({ name: "find_tuner", arguments: { city: "Ghent" } }),
  says({ name: "book_tuning", arguments: booking }),
  "<answer>Your piano is tuned on 2027-05-14, booking BK-77; it costs 90 euros.</answer>",
];

/** A teacher that says these turns, each by how many came before it in its own episode. */
export function teacherSays(said: readonly string[] = turns) {
  return (prompt: string): string => said[prompt.split("<|im_start|>assistant").length - 2] ?? "";
}
