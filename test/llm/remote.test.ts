// A simulator on a server: the suite of the simulator's side over HTTP, then what a server may do wrong, each of which ends as a
// value with its reason.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReplyRequest, SimulatorSide } from "../../src/llm/llm.ts";
import { serverKey } from "../../src/llm/remote/http.ts";
import { estimatedTokens, openServer, type ServerOptions } from "../../src/llm/remote/server.ts";
import { scriptedEngine, scriptedVocabulary } from "../../src/llm/scripted.ts";
import { asEnum } from "../../src/llm/text/options.ts";
import { renderChat } from "../../src/llm/text/prompt.ts";
import { openSimulator, type Question } from "../../src/simulator/simulator.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import type { Json } from "../../src/types.ts";
import { type Bench, simulatorTests } from "../suites/simulator.suite.ts";
import { answered, type ChatServer, chatServer, type Fault, json } from "../support/chat-server.ts";

const contextTokens = 256;
const key = "sk-playact-0123456789";

function sideOf(server: Pick<ChatServer, "url">, change: Partial<ServerOptions> = {}): Promise<SimulatorSide> {
  const address = { url: server.url, model: "big/model" };
  return openServer({ address, key, contextTokens, requests: 3, thinkTokens: 0, deadlineMs: 5_000, ...change });
}

describe("a model on a server keeps the simulator's port", () => {
  let server: ChatServer;
  let side: SimulatorSide;
  beforeAll(async () => {
    server = await chatServer({ contextTokens });
    side = await sideOf(server);
  });
  afterAll(async () => {
    await side[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const bench = (): Bench => {
    const length = (messages: ReplyRequest["messages"]) => renderChat(scriptedVocabulary(), messages, "").length;
    return {
      simulator: side.simulator,
      read: length,
      counted: estimatedTokens,
      async choice(messages, _lead, options) {
        const asked = asEnum(messages, options).messages;
        const weights = await scriptedEngine().simulator.choose({ messages: asked, lead: "", options, deadlineMs: 1_000 });
        return { weights, read: length(asked), written: 6 };
      },
      options: ["Yes", "No", "Perhaps"],
    };
  };
  simulatorTests(bench, { contextTokens, tolerance: 1e-9 });

  test("asks under the schema, with the server's name of the model and the key in one header", () => {
    const { body, authorization } = server.asked.at(-3) ?? server.asked[0] ?? expect.fail("nothing was asked");
    expect(authorization).toBe(`Bearer ${key}`);
    expect(JSON.stringify(body)).not.toContain(key);
    expect(body).toMatchObject({ model: "big/model", stream: false, response_format: { type: "json_schema" } });
  });

  test("never has more requests in flight than it is allowed, and counts what it does", async () => {
    const slow: Fault = (response, { model }) => setTimeout(() => json(response, 200, answered(model, "{}")), 20);
    server.fail(...Array.from({ length: 7 }, () => slow));
    const before = side.counters();
    const replies = Promise.all(
      Array.from({ length: 7 }, () => side.simulator.reply({ ...question, seed: 1, deadlineMs: 5_000 })),
    );
    expect(side.counters()).toMatchObject({ queued: 4, running: 3 });
    await replies;
    expect(server.mostAtOnce()).toBe(side.sequences);
    const after = side.counters();
    expect(after).toMatchObject({ queued: 0, running: 0, prefilled: before.prefilled + 7 * 7, decoded: before.decoded + 7 * 3 });
    expect(after.seconds - before.seconds).toBeGreaterThan(0.05); // three rounds of 20 ms
  });

  test("is named as the server names it", () => {
    expect(side.weights).toEqual({ server: `${server.url}#big/model-served`, constrains: true });
  });
});

const schema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
const question: Question<Json> = {
  ...{ role: "tool", messages: [{ role: "user", content: "Name it." }], schema, seedNames: ["x"], maxTokens: 20, temperature: 0 },
  check: (value) => ({ value }),
};

/** One question with two tries to a server that greets well and then does this. */
async function asked(faults: readonly Fault[], { deadlineMs = 5_000, tries = 2 } = {}) {
  await using server = await chatServer();
  await using side = await sideOf(server);
  server.fail(...faults);
  const usage = newUsage();
  const answer = await openSimulator(side.simulator, { tries, deadlineMs, usage }).ask(question);
  return { answer, usage, requests: server.asked.length - 1 };
}

const twice = (fault: Fault) => [fault, fault];
const status =
  (code: number, message: string, headers = {}): Fault =>
  (response) =>
    json(response, code, { error: { message } }, headers);
const says =
  (content: string): Fault =>
  (response, { model }) =>
    json(response, 200, answered(model, content));

describe("a fault of a server is a value:", () => {
  test.each<[string, readonly Fault[], string, RegExp]>([
    ["an error of the server", twice(status(500, "out of memory")), "error", /answered 500: out of memory/],
    ["a schema that it does not take", twice(status(400, "unsupported keyword")), "error", /answered 400: unsupported keyword/],
    ["an address that moved", twice((response) => response.writeHead(307, { location: "/v2" }).end()), "error", /answered 307/],
    ["an answer that is no JSON", twice((response) => response.end("<html>hello")), "error", /no JSON: <html>hello/],
    ["JSON that is no completion", twice((response) => json(response, 200, { choices: [] })), "error", /than a chat completion/],
    [
      "an error that comes as an answer",
      twice((response) => json(response, 200, { error: { code: 400, message: "no such provider" } })),
      "error",
      /answered 400: no such provider/,
    ],
    ["words in place of JSON", twice(says("Its name is Rex.")), "invalid_reply", /not JSON.*Its name is Rex/],
    ["JSON against the schema", twice(says('{"name": 7}')), "invalid_reply", /name/],
    [
      "an answer that is cut",
      twice((response) => {
        response.writeHead(200, { "content-length": "900" });
        response.write('{"choices": [{"mess', () => response.destroy());
      }),
      "error",
      /the answer was cut/,
    ],
    [
      "a model that declines",
      twice((response) =>
        json(response, 200, { choices: [{ message: { content: null, refusal: "I cannot help with that." } }] }),
      ),
      "refused",
      /declined to answer: I cannot help with that/,
    ],
    [
      "a filter that lets a question not through",
      twice((response) =>
        json(response, 400, { error: { code: "content_filter", message: "The prompt triggered our management policy." } }),
      ),
      "refused",
      /answered 400: The prompt triggered our management policy/,
    ],
  ])("%s", async (_, faults, code, text) => {
    const { answer, usage, requests } = await asked(faults);
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "tool", code, text: expect.stringMatching(text) } });
    expect(requests).toBe(2); // asked again, as often as the config allows
    expect(usage["retried/tool"]).toBe(1);
  });

  test("a server that does not answer in time", async () => {
    const { answer } = await asked(
      twice(() => undefined),
      { deadlineMs: 50 },
    );
    expect(answer).toMatchObject({ ok: false, failure: { code: "deadline", text: "simulator reply gave up after 50 ms" } });
  });

  test("a server that went down, asked once until the deadline", async () => {
    const server = await chatServer();
    await using side = await sideOf(server);
    await server[Symbol.asyncDispose]();
    const answer = await openSimulator(side.simulator, { tries: 5, deadlineMs: 900 }).ask(question);
    expect(answer).toMatchObject({
      ok: false,
      failure: { code: "unavailable", text: expect.stringMatching(/no server answers at .*given up/) },
    });
  });

  describe("a server that answers nothing, however it does that, is unavailable after a while:", () => {
    const page: Fault = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>");
    const codes = async (faults: readonly Fault[], deadlineMs = 5_000) => {
      await using server = await chatServer();
      await using side = await sideOf(server);
      server.fail(...faults);
      const simulator = openSimulator(side.simulator, { tries: 1, deadlineMs });
      const came: string[] = [];
      for (const _ of faults) {
        const answer = await simulator.ask(question);
        came.push(answer.ok ? "answer" : `${answer.failure.code}: ${answer.failure.text}`);
      }
      return came;
    };
    const times = (count: number, fault: Fault) => Array<Fault>(count).fill(fault);

    test.each<[string, Fault, RegExp, number]>([
      [
        "an error each time",
        status(500, "no memory"),
        /answered 500: no memory; the server has answered none of the last 8/,
        5_000,
      ],
      ["a page of a proxy", page, /no JSON: <html>Sign in.*none of the last 8 questions/, 5_000],
      ["an address that moved", (response) => response.writeHead(302, { location: "/login" }).end(), /302/, 5_000],
      ["a schema that it never takes", status(400, "unsupported keyword"), /400: unsupported keyword; the/, 5_000],
      ["other JSON", (response) => json(response, 200, { status: "ok" }), /something else than a chat completion; the/, 5_000],
      ["no word at all", () => undefined, /gave up after 30 ms; the server/, 30],
    ])("%s", async (_, fault, text, deadlineMs) => {
      const came = await codes(times(8, fault), deadlineMs);
      expect(came.slice(0, 7).filter((one) => !/^(error|deadline): /.test(one))).toEqual([]);
      expect(came[7]).toMatch(/^unavailable: /);
      expect(came[7]).toMatch(text);
    });

    test("not if it has answered between, nor if the questions themselves were refused", async () => {
      const between = await codes([...times(7, page), says('{"name": "Rex"}'), ...times(7, page)]);
      expect(between.filter((one) => one.startsWith("unavailable"))).toEqual([]);
      const longer = status(400, "maximum context length is 256 tokens");
      const unasked = [longer, status(400, "content_filter"), status(500, "exceeds the context size")];
      const refused = await codes(unasked.flatMap((fault) => times(20, fault)));
      expect(refused.filter((one) => one.startsWith("unavailable"))).toEqual([]);
    });
  });

  test.each([
    ["seconds", () => "30"],
    ["a date", () => new Date(Date.now() + 30_000).toUTCString()],
  ])("a rate limit beyond the deadline, in %s, which is not waited for", async (_, wait) => {
    const { answer, requests } = await asked([status(429, "slow down", { "retry-after": wait() })], { deadlineMs: 2_000 });
    expect(answer).toMatchObject({
      ok: false,
      failure: { code: "unavailable", text: expect.stringContaining("429: slow down") },
    });
    expect(requests).toBe(1);
  });

  test("but a server that is busy is asked again, and answers", async () => {
    const busy = [status(429, "slow down", { "retry-after": "0.4" }), status(503, "loading")];
    const { answer, usage, requests } = await asked(busy, { tries: 1 });
    expect(answer).toEqual({ ok: true, value: { name: "example" } });
    expect(requests).toBe(3);
    expect(usage["retried/tool"]).toBe(0);
    expect(usage["tokens_in/tool"]).toBeGreaterThan(10); // the two that were busy cost nothing
    expect(usage["tokens_out/tool"]).toBe('{"name":"example"}'.length);
  });

  test("a slow server is waited for as long as the deadline says, and asked once: fetch's own limits do not count", async () => {
    const dispatcher = Symbol.for("undici.globalDispatcher.1");
    await fetch("data:,"); // makes fetch's dispatcher
    const usual = Reflect.get(globalThis, dispatcher);
    Reflect.set(globalThis, dispatcher, Reflect.construct(usual.constructor, [{ headersTimeout: 200, bodyTimeout: 200 }]));
    const slow: Fault = (response, { model }) => {
      const body = JSON.stringify(answered(model, '{"name": "Rex"}'));
      setTimeout(() => response.write(body.slice(0, 9)), 1_500);
      setTimeout(() => response.end(body.slice(9)), 3_000);
    };
    try {
      const { answer, requests } = await asked([slow], { tries: 1, deadlineMs: 20_000 });
      expect(answer).toEqual({ ok: true, value: { name: "Rex" } });
      expect(requests).toBe(1);
    } finally {
      Reflect.set(globalThis, dispatcher, usual);
    }
  });

  test("thinking that a server leaves in the answer is not part of it", async () => {
    const { answer } = await asked([says('<think>\nA dog.\n</think>\n\n{"name": "Rex"}')], { tries: 1 });
    expect(answer).toEqual({ ok: true, value: { name: "Rex" } });
  });

  test("a fence around the whole reply is not part of it, one with words beside it makes it no JSON", async () => {
    const fenced = '```json\n{\n  "name": "Rex"\n}\n```';
    expect((await asked([says(fenced)], { tries: 1 })).answer).toEqual({ ok: true, value: { name: "Rex" } });
    expect((await asked([says(`Here it is:\n${fenced}`)], { tries: 1 })).answer).toMatchObject({ ok: false });
  });

  test.each([
    ["that ignores schemas is told each one in words", "It rained all day.", true],
    ["that keeps to schemas is not", '{"answer":"yes"}', false],
  ])("a server %s", async (_, greeted, told) => {
    await using server = await chatServer({}, says(greeted));
    await using side = await sideOf(server);
    await side.simulator.reply({ ...question, seed: 1, deadlineMs: 5_000 });
    const content = server.asked.at(-1)?.body.messages.at(-1)?.content ?? "";
    expect(content.startsWith("Name it.")).toBe(true);
    expect(content.includes('"name":{"type":"string"')).toBe(told);
  });

  test("a server that takes no response_format is asked without one, and told each schema in words", async () => {
    const unable: Fault = (response, body) =>
      "response_format" in body
        ? json(response, 400, { error: { message: "This response_format type is unavailable now" } })
        : json(response, 200, answered(body.model, '{"name":"Rex"}'));
    await using server = await chatServer({}, unable);
    await using side = await sideOf(server);
    expect(side.weights).toMatchObject({ constrains: false });
    expect(await side.simulator.reply({ ...question, seed: 1, deadlineMs: 5_000 })).toBe('{"name":"Rex"}');
    expect(server.asked.at(-1)?.body.messages.at(-1)?.content).toContain('"name":{"type":"string"');
  });

  test("what a closed side is asked, and what was under way", async () => {
    await using server = await chatServer();
    const side = await sideOf(server);
    server.fail(() => undefined);
    const request = { ...question, seed: 1, deadlineMs: 5_000 };
    const running = side.simulator.reply(request);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await side[Symbol.asyncDispose]();
    await expect(running).rejects.toMatchObject({ code: "closed" });
    await expect(side.simulator.reply(request)).rejects.toMatchObject({ code: "closed" });
  });
});

describe("the key", () => {
  test("is not in a message, although the server repeats it", async () => {
    const { answer } = await asked(twice(status(500, `Bearer ${key} is out of credit`)));
    expect(JSON.stringify(answer)).not.toContain(key);
    expect(answer).toMatchObject({ failure: { text: expect.stringContaining("[PLAYACT_API_KEY] is out of credit") } });
  });

  test("is not taken out of what the model says, which never saw it: a key may be a word", async () => {
    await using server = await chatServer({ reply: () => '{"answer":"whatever you like"}' });
    await using side = await sideOf(server, { key: "whatever" });
    const reply = await side.simulator.reply({ ...question, seed: 1, deadlineMs: 5_000 });
    expect(reply).toContain("whatever you like");
  });

  test("comes from PLAYACT_API_KEY alone; without it none is sent", async () => {
    expect(serverKey({ OPENAI_API_KEY: key })).toBe(null);
    expect(serverKey({ PLAYACT_API_KEY: ` ${key}\n` })).toBe(key);
    await using server = await chatServer();
    await using _side = await sideOf(server, { key: null });
    expect(server.asked[0]?.authorization).toBeUndefined();
  });

  test("that no header can hold is refused without being repeated", () => {
    expect(() => serverKey({ PLAYACT_API_KEY: "sk two" })).toThrow(/^PLAYACT_API_KEY has blanks/);
  });
});

describe("a server without log-probs", () => {
  const unable: Fault = (response, body) =>
    body.logprobs === true
      ? json(response, 400, { error: { message: "logprobs are not supported" } })
      : json(response, 200, answered(body.model, '{"answer":"yes"}'));
  const silent: Fault = (response, { model }) => json(response, 200, answered(model, '{"answer":"yes"}'));

  test.each<[string, Fault, number]>([
    ["that refuses to be asked for them", unable, 2],
    ["that says nothing of them", silent, 1],
  ])("%s does not weigh, which is known from the start", async (_, always, requests) => {
    await using server = await chatServer({}, always);
    await using side = await sideOf(server);
    expect(side.simulator.weighs).toBe(false);
    expect(side.weights).toMatchObject({ constrains: true });
    expect(server.asked).toHaveLength(requests);
    const choice = { messages: [], lead: "", options: [" A", " B"], deadlineMs: 1_000 };
    await expect(side.simulator.choose(choice)).rejects.toMatchObject({ code: "native" });
  });
});
