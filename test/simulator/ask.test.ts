import { describe, expect, test } from "vitest";
import { type ChatModel, EngineError, type ReplyRequest } from "../../src/llm/llm.ts";
import { ask, type Checked, type Question, weigh } from "../../src/simulator/ask.ts";
import { counted, newTally } from "../../src/simulator/usage.ts";

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
const patience = { tries: 3, deadlineMs: 1000 };

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
    choose: () => Promise.reject(new Error("not asked")),
    fits: () => true,
  };
}

describe("asking the simulator", () => {
  test("gives the value of the first reply that fits, and the number of tries", async () => {
    const double = model('{"colour":"red"}');
    expect(await ask(double, question, patience)).toEqual({ ok: true, value: "red", tries: 1, repaired: false });
    expect(double.requests).toHaveLength(1);
    expect(double.requests[0]).toMatchObject({ messages: question.messages, maxTokens: 20, temperature: 0.7, deadlineMs: 1000 });
  });

  test("tries again after what is no JSON, breaks the schema or the caller's check, each time with another seed", async () => {
    const broken = ['{"colour":"re', '{"colour":"purple"}'];
    const double = model(...broken, '{"colour":"red"}');
    expect(await ask(double, question, patience)).toEqual({ ok: true, value: "red", tries: 3, repaired: false });
    expect(new Set(double.requests.map(({ seed }) => seed)).size).toBe(3);
    const checked = model('{"colour":"grey"}', '{"colour":"red"}');
    expect(await ask(checked, question, patience)).toMatchObject({ ok: true, tries: 2 });
    expect(checked.requests[0]?.seed).toBe(double.requests[0]?.seed); // the same names, the same draw
  });

  test.each([
    ['{"colour":', /not JSON \(cut at 20 tokens\?\): \{"colour":/],
    ['{"color":"red"}', /missing property 'colour'/],
    ['{"colour":"purple"}', /property 'colour' must have at most 5 characters/],
    ['{"colour":"grey"}', /grey is no colour/],
  ])("gives up after three of %s with the reason as a value", async (reply, reason) => {
    const double = model(reply, reply, reply, '{"colour":"red"}');
    const answer = await ask(double, question, patience);
    expect(answer).toMatchObject({
      ok: false,
      failure: { boundary: "tool", code: "invalid_reply", text: expect.stringMatching(reason) },
    });
    expect(double.requests).toHaveLength(3);
  });

  test("mends a cut reply at the last try only, and counts it", async () => {
    const tally = newTally();
    const cut = '{"colour":"gre';
    const double = model(cut, cut, cut);
    expect(await ask(double, question, { ...patience, tally })).toEqual({ ok: true, value: "gre", tries: 3, repaired: true });
    expect(tally).toMatchObject({ replies: 3, unparsed: 3, retried: 2, repaired: 1 });
    expect(await ask(model(cut, '{"colour":"red"}'), question, { ...patience, tally })).toMatchObject({
      value: "red",
      repaired: false,
    });
    expect(tally).toMatchObject({ replies: 5, unparsed: 4, retried: 3, repaired: 1 });
  });

  test("counts retries and tokens of the role, of failed requests too, and a contradiction by its name", async () => {
    const tally = newTally();
    const double: ChatModel = {
      reply: async ({ usage }) => {
        if (usage) usage.read += 7;
        if (tally["tokens_in/tool"] === 0) throw new EngineError("deadline", "late");
        if (usage) usage.written += 5;
        return '{"colour":"red"}';
      },
      choose: async ({ usage }) => {
        if (usage) usage.read += 11;
        return [-1, -2];
      },
      fits: () => true,
    };
    const check = (): Checked<string> => ({ reason: "it was blue before", code: "contradiction" });
    const answer = await ask(double, { ...question, check }, { ...patience, tally });
    expect(answer).toEqual({ ok: false, failure: { boundary: "tool", code: "contradiction", text: "it was blue before" } });
    await weigh(double, "verifier", { messages: [], lead: "", options: [" A", " B"] }, { ...patience, tally });
    expect(counted(tally)).toEqual({
      ...{ replies: 2, retried: 2, contradictions: 2, "retried/tool": 2 },
      ...{ "tokens_in/tool": 21, "tokens_out/tool": 10, "tokens_in/verifier": 11 },
    });
  });

  test("a mended reply that fails its checks is a failure, and not counted as repaired", async () => {
    const tally = newTally();
    const answer = await ask(model('{"colour":"grey'), question, { tries: 1, deadlineMs: 1000, tally });
    expect(answer).toMatchObject({ ok: false, failure: { text: expect.stringMatching(/^not JSON/) } });
    expect(tally).toMatchObject({ replies: 1, unparsed: 1, retried: 0, repaired: 0 });
  });

  test("takes a deadline and a native error for failures that may pass", async () => {
    const late = new EngineError("deadline", "simulator reply gave up after 1000 ms");
    const native = new EngineError("native", "decode failed");
    expect(await ask(model(late, native, '{"colour":"red"}'), question, patience)).toMatchObject({ ok: true, tries: 3 });
    expect(await ask(model(late, late, late), question, patience)).toEqual({
      ok: false,
      failure: { boundary: "tool", code: "deadline", text: "simulator reply gave up after 1000 ms" },
    });
    expect(await ask(model(native, native, native), question, patience)).toMatchObject({
      failure: { code: "error", text: "decode failed" },
    });
  });

  test("does not repeat a prompt that does not fit the context", async () => {
    const double = model(new EngineError("context_full", "too long"), '{"colour":"red"}');
    expect(await ask(double, question, patience)).toMatchObject({ ok: false, failure: { code: "context_full" } });
    expect(double.requests).toHaveLength(1);
  });

  test.each([new EngineError("cancelled", "cancelled"), new EngineError("closed", "closed"), new TypeError("a mistake of ours")])(
    "throws %s on: it is no failure of the world",
    async (error) => {
      await expect(ask(model(error, '{"colour":"red"}'), question, patience)).rejects.toBe(error);
    },
  );
});
