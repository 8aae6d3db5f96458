// The conformance suite of the simulator's side, for the scripted double, for llama.cpp and for a model on a server. What the
// three compute each in its own way (tokens of a prompt, log-probs of a choice) a bench computes in another.
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import type { ChatMessage, ChatModel, Engine } from "../../src/llm/llm.ts";
import { renderChat } from "../../src/llm/text/prompt.ts";
import type { JsonSchema } from "../../src/types.ts";

export interface Bench {
  readonly simulator: ChatModel;
  /** Tokens that are counted as read for a reply. */
  read(messages: readonly ChatMessage[]): number;
  /** Tokens of a prompt as `fits` counts them. */
  counted(messages: readonly ChatMessage[], lead: string): number;
  /** What a choice must give and cost. */
  choice(
    messages: readonly ChatMessage[],
    lead: string,
    options: readonly string[],
  ): Promise<{ readonly weights: readonly number[]; readonly read: number; readonly written: number }>;
  /** Words of which each has a first token of its own. */
  readonly options: readonly string[];
}

/** The bench of an engine: the policy's context computes what the simulator must say, without its adapter. */
export function benchOf(engine: Engine): Bench {
  const length = (messages: readonly ChatMessage[], lead: string) => renderChat(engine.vocabulary, messages, lead).length;
  return {
    simulator: engine.simulator,
    read: (messages) => length(messages, ""),
    counted: length,
    async choice(messages, lead, options) {
      const prompt = renderChat(engine.vocabulary, messages, lead);
      const weights: number[] = [];
      for (const option of options) {
        const scored = await engine.score([...prompt, engine.vocabulary.encode(option)[0] ?? -1]);
        weights.push(scored.at(-1) ?? 0);
      }
      return { weights, read: prompt.length, written: 0 };
    },
    options: [" Yes", " No", " Perhaps"].map((option) => (engine.device === "scripted" ? option.trim() : option)),
  };
}

const deadlineMs = 60_000;
const pet: JsonSchema = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 1, maxLength: 12 },
    kind: { enum: ["cat", "dog", 'a "quoted" one'] },
    born: { type: "string", format: "date" },
    weight: { type: "number", minimum: 0, maximum: 99 },
    tags: { type: "array", items: { type: "string", maxLength: 6 }, minItems: 1, maxItems: 2 },
    owner: { anyOf: [{ type: "null" }, { type: "boolean" }] },
  },
  required: ["name", "kind", "born", "weight", "tags", "owner"],
};

/** Registers the tests; the bench is opened before they run, with `contextTokens` per request. */
export function simulatorTests(
  bench: () => Bench,
  { contextTokens, tolerance }: { readonly contextTokens: number; readonly tolerance: number },
): void {
  const describePet = (seed: number) => ({
    messages: [{ role: "user", content: "Describe a pet as JSON." }] as const,
    ...{ schema: pet, seed, temperature: 1, maxTokens: 180, deadlineMs },
  });

  test("choose weighs the options' first tokens over the full vocabulary", async () => {
    const { simulator, choice, options } = bench();
    const messages = [{ role: "user", content: "Is water wet? Answer Yes or No." }] as const;
    const usage = { read: 0, written: 0 };
    expect(simulator.weighs).toBe(true);
    const weights = await simulator.choose({ messages, lead: "Answer:", options, deadlineMs, usage });
    const { weights: wanted, ...cost } = await choice(messages, "Answer:", options);
    expect(usage).toEqual(cost);
    expect(weights).toHaveLength(options.length);
    for (const [at, weight] of weights.entries())
      expect(Math.abs(weight - (wanted[at] ?? Number.NaN))).toBeLessThanOrEqual(tolerance);
  });

  test("options with the same first token are rejected", async () => {
    const messages = [{ role: "user", content: "?" }] as const;
    const choice = bench().simulator.choose({ messages, lead: "", options: ["aaa", "aaa b"], deadlineMs });
    await expect(choice).rejects.toThrow(/start with the same token/);
  });

  test("a reply at temperature 1 parses and is valid under its schema", async () => {
    const { simulator, read } = bench();
    const ajv = new Ajv({ strict: false, formats: { date: /^\d{4}-\d\d-\d\d$/ } });
    const usage = { read: 0, written: 0 };
    const replies = await Promise.all([1, 2].map((seed) => simulator.reply({ ...describePet(seed), usage })));
    expect(usage.read).toBe(2 * read(describePet(1).messages));
    expect(usage.written).toBeGreaterThan(20);
    expect(usage.written).toBeLessThanOrEqual(360);
    for (const reply of replies) expect(ajv.validate(pet, JSON.parse(reply)), `${reply} ${ajv.errorsText()}`).toBe(true);
  });

  test("more replies at once than are computed in parallel all come", async () => {
    const replies = await Promise.all(Array.from({ length: 12 }, (_, seed) => bench().simulator.reply(describePet(seed))));
    for (const reply of replies) expect(JSON.parse(reply)).toHaveProperty("born");
  });

  test("a property marked x-omit is not written", async () => {
    const properties = { secret: { type: "string", "x-omit": true }, known: { type: "boolean" } };
    const schema: JsonSchema = { type: "object", properties, required: ["known"] };
    const reply = await bench().simulator.reply({ ...describePet(1), schema });
    expect(Object.keys(JSON.parse(reply))).toEqual(["known"]);
  });

  test("a thinking limit changes nothing in a model without thinking markers", async () => {
    const { simulator } = bench();
    const request = {
      messages: [{ role: "user", content: "Name a pet as JSON." }] as const,
      schema: { type: "object", properties: { name: { type: "string", maxLength: 8 } }, required: ["name"] },
      ...{ seed: 3, temperature: 0, maxTokens: 20, deadlineMs },
    };
    const reply = await simulator.reply(request);
    expect(await simulator.reply({ ...request, thinkTokens: 30 })).toBe(reply);
    expect(JSON.parse(reply)).toHaveProperty("name");
  });

  test("a cancelled reply rejects, before and while it is asked for, and others come", async () => {
    const { simulator } = bench();
    const cancelled = simulator.reply({ ...describePet(1), signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled", message: expect.stringContaining("simulator reply") });
    const controller = new AbortController();
    const running = simulator.reply({ ...describePet(2), signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    expect(JSON.parse(await simulator.reply(describePet(3)))).toHaveProperty("kind");
  });

  test("a prompt fits with its reply to the last token, and not one more", () => {
    const { simulator, counted } = bench();
    const messages = [{ role: "user", content: "Is water wet?" }] as const;
    const room = contextTokens - counted(messages, "Answer:");
    expect([0, room, room + 1].map((reply) => simulator.fits(messages, "Answer:", reply))).toEqual([true, true, false]);
  });

  test("a simulator's prompt that does not fit is rejected", async () => {
    const { simulator } = bench();
    const messages = [{ role: "user", content: "a b ".repeat(contextTokens) }] as const;
    const request = { messages, seed: 1, temperature: 1, deadlineMs };
    const schema: JsonSchema = { type: "object", properties: {}, required: [] };
    await expect(simulator.reply({ ...request, schema, maxTokens: 9 })).rejects.toMatchObject({ code: "context_full" });
    const choice = simulator.choose({ ...request, lead: "Answer:", options: [" A", " B"] });
    await expect(choice).rejects.toMatchObject({ code: "context_full" });
  });
}
