// A run whose simulator plays on a server, from its start, where everything wrong with the server is one sentence, to its usage in
// the store.
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { modelsOf } from "../../src/config/needed-models.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { serverOf } from "../../src/config/server.ts";
import type { ProgressEvent } from "../../src/run/session.ts";
import { checkSimulatorServer, looseServer, openSimulatorServer } from "../../src/run/simulator-server.ts";
import { temporaryStore } from "../store/temporary.ts";
import { answered, type ChatServer, chatServer, type Fault, json } from "../support/chat-server.ts";
import { life, newRun, outcome, simulatorReply, wholeConfig } from "../support/whole-run.ts";

const key = "sk-playact-0123456789";
afterEach(() => vi.unstubAllEnvs());

function configOf(server: Pick<ChatServer, "url">, ...set: readonly string[]): Config {
  return resolveConfig({ preset: "tiny", set: [`models.simulator=${server.url}#org/big`, ...set] }).config;
}

describe("an address", () => {
  test("names the server and its model, which is no file of this machine", () => {
    expect(serverOf("https://host:8000/v1/#Qwen/Qwen3-32B")).toEqual({ url: "https://host:8000/v1", model: "Qwen/Qwen3-32B" });
    expect(serverOf("http://[::1]/#a%20b")).toEqual({ url: "http://[::1]", model: "a b" });
    expect(serverOf("qwen2.5-coder-1.5b-instruct")).toBe(null);
    expect(modelsOf(configOf({ url: "http://host/v1" }))).toEqual(["smollm2-135m-instruct"]);
  });
});

describe("a start is refused in one sentence if the server", () => {
  const status =
    (code: number, message: string): Fault =>
    (response) =>
      json(response, code, { error: { message } });
  const never: Fault = () => undefined;
  test.each<[string, Fault, string, RegExp]>([
    [
      "asks for a key",
      status(401, "no key"),
      "environment",
      /answered 401: no key: set the environment variable PLAYACT_API_KEY/,
    ],
    ["does not know the model", status(404, "no such model"), "model", /answered 404: .*knows the model org\/big \(after #\)/],
    ["is rate-limited", status(429, "slow down"), "environment", /answered 429: slow down: it is busy or still loading/],
    ["fails", status(500, "no memory"), "environment", /answered 500: no memory: expected an answer to a short question/],
    ["is none of these", (response) => response.end("<html>"), "environment", /no JSON: <html>: expected .* ends in \/v1/],
    ["answers other JSON", (response) => json(response, 200, { ok: true }), "environment", /not with a chat completion/],
    ["is slow", never, "environment", /did not answer within 0\.3 s \(rollout\.deadlineSeconds\)/],
  ])("%s", async (_, fault, boundary, message) => {
    await using server = await chatServer({}, fault);
    const config = configOf(server, `rollout.deadlineSeconds=${fault === never ? 0.3 : 60}`);
    await expect(checkSimulatorServer(config)).rejects.toMatchObject({ boundary, message: expect.stringMatching(message) });
  });

  test("takes another key, which is not repeated", async () => {
    vi.stubEnv("PLAYACT_API_KEY", key);
    await using server = await chatServer({}, status(401, `Incorrect API key provided: ${key}`));
    const message = expect.stringMatching(/^(?!.*sk-playact).*PLAYACT_API_KEY is not a key for it/);
    await expect(checkSimulatorServer(configOf(server))).rejects.toMatchObject({ boundary: "environment", message });
  });

  test("gives no log-probs to a verdict that needs them; any other verdict plays", async () => {
    const plain: Fault = (response, { model }) => json(response, 200, answered(model, '{"answer":"no"}'));
    await using server = await chatServer({}, plain);
    await expect(checkSimulatorServer(configOf(server, "reward.verdict=mixed"))).rejects.toMatchObject({
      boundary: "config",
      message: expect.stringMatching(/"reward\.verdict": mixed rates the report by log-probs.*set reward\.verdict=rules/),
    });
    await expect(checkSimulatorServer(configOf(server))).resolves.toBeUndefined();
  });
});

test("a server that ignores schemas is warned about", async () => {
  const chatty: Fault = (response, { model }) => json(response, 200, answered(model, "It rains."));
  for (const [fault, warnings] of [[chatty, 1] as const, [null, 0] as const]) {
    await using server = await chatServer({}, fault);
    await using side = await openSimulatorServer(configOf(server));
    const simulator = side?.weights ?? expect.fail("there is a server");
    expect(looseServer({ weights: { policy: { dtype: "", gpuLayers: 0, layers: 0 }, simulator } })).toHaveLength(warnings);
  }
});

test.each<[string, Fault, RegExp]>([
  ["takes no question any more", (response) => json(response, 402, { error: { message: "no credit" } }), /402: no credit/],
  ["fails every question", (response) => json(response, 500, { error: { message: "no memory" } }), /500: no memory/],
])("a run whose server %s ends, closes no step without a world, and goes on", async (_, ended, said) => {
  using temporary = temporaryStore();
  const run = newRun(temporary, {
    models: { ...wholeConfig.models, simulator: "http://127.0.0.1:9/v1#org/big" },
    rollout: { ...wholeConfig.rollout, groupSize: 8 }, // as many questions in a step as it takes
  });
  const play = async (token: string, endsAt: string | null) => {
    await using server = await chatServer({ reply: simulatorReply });
    await using side = await openSimulatorServer(configOf(server, "engine.simulatorContext=100000"));
    const progress = (event: ProgressEvent) => {
      if (endsAt !== null && "text" in event && event.text.startsWith(endsAt)) server.fail(...Array<Fault>(1000).fill(ended));
    };
    await life(temporary, run, { token, progress, simulator: side?.simulator ?? expect.fail("there is a server") });
  };
  const closed = () => temporary.store.database.prepare("SELECT count(*) FROM step WHERE closed_at IS NOT NULL").pluck().get();
  const ends = { boundary: "environment", message: expect.stringMatching(new RegExp(`${said.source}.*train --resume`)) };
  await expect(play("one", "warm-up: drawing")).rejects.toMatchObject(ends);
  expect(closed()).toBe(0);
  await expect(play("two", "rolling out")).rejects.toMatchObject(ends);
  expect(closed()).toBe(1);
  await play("three", null);
  expect(closed()).toBe(3);
  const missing = "SELECT count(*) FROM metric WHERE name = 'tasks/missing' AND value > 0";
  expect(temporary.store.database.prepare(missing).pluck().get()).toBe(0);
});

test.each([true, false])("a whole run plays on a server (log-probs: %s), and its usage is stored by role", async (weighs) => {
  vi.stubEnv("PLAYACT_API_KEY", key);
  await using server = await chatServer({ reply: simulatorReply }, null, { weighs });
  await using side = await openSimulatorServer(configOf(server, "engine.simulatorContext=100000"));
  const simulator = side?.simulator ?? expect.fail("there is a server");
  expect(simulator.weighs).toBe(weighs);
  using temporary = temporaryStore();
  const run = newRun(temporary);
  await life(temporary, run, { token: "one", simulator });
  const { steps, metrics, exchanges } = outcome(temporary, run);
  expect(steps).toHaveLength(3);
  const usage = temporary.store.database
    .prepare<[], [string, number]>("SELECT name, sum(value) FROM metric WHERE name LIKE 'simulator/tokens%' GROUP BY name")
    .raw()
    .all();
  const totals = new Map(usage);
  expect(totals.get("simulator/tokens_in/task")).toBeGreaterThan(500);
  expect(totals.get("simulator/tokens_out/task")).toBeGreaterThan(100);
  expect(totals.get("simulator/tokens_in/user")).toBeGreaterThan(20);
  expect(metrics.filter(([, name, value]) => name === "rollout/aborted" && value !== 0)).toEqual([]);
  expect(exchanges.length).toBeGreaterThan(10);
  const stored = temporary.store.database.serialize();
  expect(stored.includes("sk-playact")).toBe(false);
  expect(server.asked.every(({ authorization }) => authorization === `Bearer ${key}`)).toBe(true);
});
