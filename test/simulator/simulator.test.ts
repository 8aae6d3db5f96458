import { describe, expect, test } from "vitest";
import { type ChatModel, EngineError, type ReplyRequest } from "../../src/llm/llm.ts";
import { collected } from "../../src/simulator/exchanges.ts";
import { type Checked, openSimulator, type Question, type SimulatorOptions } from "../../src/simulator/simulator.ts";
import { counted, newUsage } from "../../src/simulator/usage.ts";
import type { Exchange } from "../../src/types.ts";

const question: Question<string> = {
  role: "tool",
  messages: [{ role: "user", content: "Which colour?" }],
  schema: { type: "object", properties: { colour: { type: "string", maxLength: 5 } }, required: ["colour"] },
  check: (reply) => {
    const { colour } = reply as { colour: string };
    return colour === "grey" ? { reason: "grey is no colour" } : { value: colour };
  },
  seedNames: ["task", "colour"],
  maxTokens: 20,
  temperature: 0.7,
};
const ask = (double: ChatModel, asked = question, options: Partial<SimulatorOptions> = {}) =>
  openSimulator(double, { tries: 3, deadlineMs: 1000, ...options }).ask(asked);

/** Replies in order; an error is thrown. */
function model(...replies: readonly (string | Error)[]): ChatModel & { readonly requests: ReplyRequest[] } {
  const requests: ReplyRequest[] = [];
  return {
    requests,
    reply: async (request) => {
      const reply = replies[requests.length] ?? "";
      requests.push(request);
      if (reply instanceof Error) throw reply;
      return reply;
    },
    weighs: true,
    choose: () => Promise.reject(new Error("not asked")),
    fits: () => true,
  };
}

describe("asking the simulator", () => {
  test("gives the value of the first reply that fits", async () => {
    const double = model('{"colour":"red"}');
    expect(await ask(double)).toEqual({ ok: true, value: "red" });
    expect(double.requests).toHaveLength(1);
    expect(double.requests[0]).toMatchObject({ messages: question.messages, maxTokens: 20, temperature: 0.7, deadlineMs: 1000 });
  });

  test("tries again after what is no JSON, breaks the schema or the caller's check, each time with another seed", async () => {
    const broken = ['{"colour":"re', '{"colour":"purple"}'];
    const double = model(...broken, '{"colour":"red"}');
    expect(await ask(double)).toEqual({ ok: true, value: "red" });
    expect(new Set(double.requests.map(({ seed }) => seed)).size).toBe(3);
    const checked = model('{"colour":"grey"}', '{"colour":"red"}');
    expect(await ask(checked)).toEqual({ ok: true, value: "red" });
    expect(checked.requests).toHaveLength(2);
    expect(checked.requests[0]?.seed).toBe(double.requests[0]?.seed); // the same names, the same draw
  });

  test.each([
    ['{"colour":', /not JSON \(cut at 20 tokens\?\): \{"colour":/],
    ['{"color":"red"}', /missing property 'colour'/],
    ['{"colour":"purple"}', /property 'colour' must have at most 5 characters/],
    ['{"colour":"grey"}', /grey is no colour/],
  ])("gives up after three of %s with the reason as a value", async (reply, reason) => {
    const double = model(reply, reply, reply, '{"colour":"red"}');
    const answer = await ask(double);
    expect(answer).toMatchObject({
      ok: false,
      failure: { boundary: "tool", code: "invalid_reply", text: expect.stringMatching(reason) },
    });
    expect(double.requests).toHaveLength(3);
  });

  test("never repairs a cut reply: it is asked for again, and a failure at last", async () => {
    const usage = newUsage();
    const cut = '{"colour":"gre';
    expect(await ask(model(cut, cut, cut), question, { usage })).toMatchObject({
      ok: false,
      failure: { text: expect.stringMatching(/^not JSON/) },
    });
    expect(usage).toMatchObject({ replies: 3, unparsed: 3, retried: 2 });
  });

  test("counts into the record of the process and into those of its parts", async () => {
    const [whole, one, two] = [newUsage(), newUsage(), newUsage()];
    const simulator = openSimulator(model('{"colour":"red"}', '{"colour":"red"}'), { tries: 1, deadlineMs: 1000, usage: whole });
    await simulator.noting({ usage: one }).ask(question);
    await simulator.noting({ usage: one }).noting({ usage: two }).ask(question);
    expect([whole, one, two].map(({ replies }) => replies)).toEqual([2, 2, 1]);
  });

  test("counts retries and tokens of the role, of failed requests too, and a contradiction by its name", async () => {
    const usage = newUsage();
    const double: ChatModel = {
      reply: async ({ usage: own }) => {
        if (own) own.read += 7;
        if (usage["tokens_in/tool"] === 0) throw new EngineError("deadline", "late");
        if (own) own.written += 5;
        return '{"colour":"red"}';
      },
      weighs: true,
      choose: async ({ usage: own }) => {
        if (own) own.read += 11;
        return [-1, -2];
      },
      fits: () => true,
    };
    const check = (): Checked<string> => ({ reason: "it was blue before", code: "contradiction" });
    const answer = await ask(double, { ...question, check }, { usage });
    expect(answer).toEqual({ ok: false, failure: { boundary: "tool", code: "contradiction", text: "it was blue before" } });
    const choice = { messages: [], lead: "", options: [" A", " B"] };
    const weighed = await openSimulator(double, { tries: 3, deadlineMs: 1000, usage }).weigh("verifier", choice);
    expect(weighed).toEqual({ ok: true, value: [-1, -2] });
    expect(counted(usage)).toEqual({
      ...{ replies: 2, retried: 2, contradictions: 2, "retried/tool": 2 },
      ...{ "tokens_in/tool": 21, "tokens_out/tool": 10, "tokens_in/verifier": 11 },
    });
  });

  test("takes a deadline and a native error for failures that may pass", async () => {
    const late = new EngineError("deadline", "simulator reply gave up after 1000 ms");
    const native = new EngineError("native", "decode failed");
    expect(await ask(model(late, native, '{"colour":"red"}'))).toEqual({ ok: true, value: "red" });
    expect(await ask(model(late, late, late))).toEqual({
      ok: false,
      failure: { boundary: "tool", code: "deadline", text: "simulator reply gave up after 1000 ms" },
    });
    expect(await ask(model(native, native, native))).toMatchObject({
      failure: { code: "error", text: "decode failed" },
    });
  });

  test("does not repeat a prompt that does not fit the context", async () => {
    const double = model(new EngineError("context_full", "too long"), '{"colour":"red"}');
    expect(await ask(double)).toMatchObject({ ok: false, failure: { code: "context_full" } });
    expect(double.requests).toHaveLength(1);
  });

  test.each([
    new EngineError("cancelled", "cancelled"),
    new EngineError("closed", "closed"),
    new TypeError("a programming error"),
  ])("throws %s on: it is no failure of the world", async (error) => {
    await expect(ask(model(error, '{"colour":"red"}'))).rejects.toBe(error);
  });
});

describe("exchanges", () => {
  const late = new EngineError("deadline", "late");
  const answers = [late, '{"colour":"grey"}', '{"colour":"red"}'];
  async function askedWith(wanted: "all" | "failed" | "none"): Promise<readonly Exchange[]> {
    const { exchanges, keep } = collected(wanted);
    const double = model(...answers);
    await openSimulator(double, { tries: 3, deadlineMs: 1000 }).noting({ keep }).ask(question);
    expect(exchanges.map(({ seed }) => seed)).toEqual(double.requests.map(({ seed }) => seed).slice(0, exchanges.length));
    return exchanges;
  }

  test("each try is one, with its prompt, its reply and why that was refused", async () => {
    const { role, messages } = question;
    expect(await askedWith("all")).toMatchObject([
      { role, attempt: 1, messages, reply: null, problem: "late" },
      { role, attempt: 2, messages, reply: '{"colour":"grey"}', problem: "grey is no colour" },
      { role, attempt: 3, messages, reply: '{"colour":"red"}', problem: null },
    ]);
  });

  test("of failed ones no reply that was taken is kept, of none nothing at all", async () => {
    expect((await askedWith("failed")).map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await askedWith("none")).toEqual([]);
  });

  test("given answers have their log-probs as the reply, no seed, and the start of the answer in the prompt", async () => {
    const { exchanges, keep } = collected("all");
    const spends = (usage: { read: number } | undefined) => {
      if (usage) usage.read += 11;
    };
    const double: ChatModel = {
      ...model(),
      choose: async ({ options, usage }) => {
        spends(usage);
        if (options.length > 2) throw new EngineError("context_full", "too long");
        return [-0.5, -2];
      },
    };
    const simulator = openSimulator(double, { tries: 3, deadlineMs: 1000, keep });
    const { messages } = question;
    await simulator.weigh("user", { messages, lead: "Answer:", options: [" A", " B"] });
    await simulator.weigh("user", { messages, lead: "", options: [" A", " B", " C"] });
    const known = { role: "user", attempt: 1, tokensIn: 11, tokensOut: 0, seed: null };
    expect(exchanges).toMatchObject([
      { ...known, messages: [...messages, { role: "assistant", content: "Answer:" }], reply: '{"A":-0.5,"B":-2}', problem: null },
      { ...known, messages, reply: null, problem: "too long" },
    ]);
  });
});
