// Three hundred tasks of every kind of drift and all 15 domains, each played by two scripted policies: one that trusts the pages,
// and one that tries, reads what it is told and acts by it. That the second solves all and the first does not is the point of
// trials. The double's ids are bytes: limits are multiplied by the bytes of a token.
import { beforeAll, describe, expect, test } from "vitest";
import { actingTurn } from "../../src/llm/text/trial.ts";
import { trialCounts } from "../../src/reward/trials.ts";
import { isSolved } from "../../src/reward/verdict.ts";
import { pageCall } from "../../src/rules/drift.ts";
import { spoken } from "../../src/rules/language/spoken.ts";
import { isSameCall } from "../../src/rules/values.ts";
import type { Task, ToolCall, Trajectory } from "../../src/types.ts";
import { says } from "../support/blueprint.ts";
import { type Drifted, driftedTasks } from "../support/drifting.ts";
import { episodeOf, isSilent, menuOf, stage, verdictOn } from "../support/stage.ts";
import { trials, tries } from "../support/trials.ts";

const bytesOfToken = 4;
const contextTokens = 2048;
const fourTrials = trials({ turns: 4 });

let drifted: readonly Drifted[] = [];
beforeAll(async () => {
  drifted = await driftedTasks(100);
});

/** What a policy says next, after the result of its last call; null: it begins, or the user has spoken. */
type Speaker = (result: string | null) => string;

/** A call by the pages: of a pair whose pages are alike, the first. */
function byThePage({ drift, tools }: Task, call: ToolCall): ToolCall {
  if (drift === undefined || call.name !== drift.tool) return call;
  if (drift.kind !== "decoy") return pageCall(drift, call);
  const first = tools.find(({ name }) => name === drift.tool || name === drift.decoy);
  return { ...call, name: first?.name ?? call.name };
}

/** The calls in the turns in which they can be made. */
function turnsOf({ dependent, expected }: Task, calls: readonly ToolCall[]): readonly (readonly ToolCall[])[] {
  return dependent || expected.length === 0 ? calls.map((call) => [call]) : [calls];
}

function questions({ heldBack }: Task): readonly string[] {
  return heldBack.map(({ argument }) => `Could you tell me the ${spoken(argument)}?`);
}

/** Asks for what is held back, calls as the pages say, and reports. */
function trusting(task: Task): Speaker {
  const calls = task.expected.map((call) => byThePage(task, call));
  const left = [...questions(task), ...turnsOf(task, calls).map((turn) => says(...turn)), task.report];
  return () => left.shift() ?? task.report;
}

/** As an error says it: `"date" is now "in_date"`, or `"cabin" takes "K4" (economy) or "M1" (business)`. */
function corrected(call: ToolCall, error: string): ToolCall | null {
  const [, old, name] = /"([^"]+)" is now "([^"]+)"/.exec(error) ?? [];
  if (old !== undefined && name !== undefined) {
    const entries = Object.entries(call.arguments).map(([key, value]) => [key === old ? name : key, value] as const);
    return { ...call, arguments: Object.fromEntries(entries) };
  }
  const [, argument, listed] = /"([^"]+)" takes (.*)$/.exec(error) ?? [];
  if (argument === undefined || listed === undefined) return null;
  const codes = [...listed.matchAll(/"([^"]+)" \(([^)]*)\)/g)].map(([, code = "", word = ""]) => [word, code] as const);
  const code = codes.find(([word]) => word === call.arguments[argument])?.[1];
  return code === undefined ? null : { ...call, arguments: { ...call.arguments, [argument]: code } };
}

/** Tries each call, again where an error said how and with the other of two tools alike where the result is of no use; then acts. */
function trying(task: Task): Speaker {
  const asks = [...questions(task)];
  const open = task.expected.map((call) => ({ call: byThePage(task, call), wanted: Object.keys(Object(call.result)) }));
  const found: ToolCall[] = [];
  let acts: string[] | null = null;
  const learn = (result: string) => {
    const tried = open.shift();
    if (tried === undefined) return;
    const { call, wanted } = tried;
    const isError = result.startsWith('{"error": ');
    const isUseless = wanted.length > 0 && !wanted.some((field) => result.includes(`"${field}"`));
    const better = isError ? corrected(call, String(JSON.parse(result).error)) : isUseless ? otherOf(task, call) : null;
    if (better === null) found.push(call);
    else open.unshift({ call: better, wanted });
  };
  return (result) => {
    const question = asks.shift();
    if (question !== undefined) return question;
    if (result !== null) learn(result);
    const [next] = open;
    if (next !== undefined) return tries(next.call);
    acts ??= acting(task, found);
    return acts.shift() ?? task.report;
  };
}

function acting(task: Task, found: readonly ToolCall[]): string[] {
  const [first, ...later] = turnsOf(task, found).map((turn) => says(...turn));
  const notes = found.map(({ name }) => `${name} does it.`);
  return [...(first === undefined ? [] : [actingTurn(notes, "make the calls, then report.", first)]), ...later, task.report];
}

/** The other tool with the same page but for its name. */
function otherOf({ tools }: Task, call: ToolCall): ToolCall {
  const page = tools.find(({ name }) => name === call.name);
  const other = tools.find(({ name, description }) => name !== call.name && description === page?.description);
  return { ...call, name: other?.name ?? call.name };
}

async function play(task: Task, policy: (task: Task) => Speaker): Promise<Trajectory> {
  const { limits } = task;
  const tokens = { responseTokens: limits.responseTokens * bytesOfToken, tokensPerTurn: limits.tokensPerTurn * bytesOfToken };
  const wide = { ...task, limits: { ...limits, ...tokens } };
  const speak = policy(wide);
  const played = stage(
    {
      say: (prompt) => speak(resultIn(prompt)),
      choose: (request) => menuOf(request).map((_, at) => (isSilent(request) ? -1 : at === 0 ? -0.1 : -3)),
      contextTokens: contextTokens * bytesOfToken,
    },
    { trial: fourTrials },
  );
  return verdictOn(played, await episodeOf(played, wide), "rules");
}

/** The last result at the end of the prompt; null if somebody has spoken since. */
function resultIn(prompt: string): string | null {
  const last = prompt.slice(prompt.lastIndexOf("<|im_start|>user"));
  return /<tool_response>\n(.*)\n<\/tool_response>/.exec(last)?.[1] ?? null;
}

const refusedIn = ({ messages }: Trajectory) =>
  messages.flatMap(({ calls }) => calls.filter(({ refused }) => refused !== undefined));
const solves = (trajectory: Trajectory) => trialCounts(trajectory)["trial/solved"] === 1;
const doesHarm = (trajectory: Trajectory) => trialCounts(trajectory)["trial/harm"] !== 0;
const ends = ({ stopReason }: Trajectory) => stopReason;

describe("three hundred tasks", () => {
  test("are of every domain and kind", () => {
    expect(drifted).toHaveLength(300);
    expect(new Set(drifted.map(({ task }) => task.domain)).size).toBe(15);
  });

  test("whose errors tell meet who trusts the page with an error each, and are not solved so", async () => {
    for (const { kind, task } of drifted) {
      if (kind === "decoy") continue;
      const trajectory = await play(task, trusting);
      const what = `${task.id}: ${ends(trajectory)}`;
      expect(
        refusedIn(trajectory).map(({ refused }) => refused),
        what,
      ).toContain("wrong_arguments");
      expect(solves(trajectory), what).toBe(false);
    }
  });

  test("with a decoy cost who trusts the page harm in about half, and tell nothing", async () => {
    const decoys = drifted.filter(({ kind }) => kind === "decoy");
    const episodes = await Promise.all(decoys.map(({ task }) => play(task, trusting)));
    expect(episodes.flatMap(refusedIn)).toEqual([]);
    const harmed = episodes.filter(doesHarm).length;
    expect(harmed).toBeGreaterThan(35);
    expect(harmed).toBeLessThan(65);
    expect(episodes.filter(solves)).toHaveLength(decoys.length - harmed);
  });

  test("are all solved by who tries, reads and acts, without harm, within limits and context", async () => {
    for (const { task } of drifted) {
      const trajectory = await play(task, trying);
      const what = `${task.id}: ${JSON.stringify(trajectory.verdict)} ${ends(trajectory)}`;
      expect(trajectory.verdict !== null && isSolved(trajectory.verdict), what).toBe(true);
      expect(solves(trajectory), what).toBe(true);
      expect(trajectory.status, what).toBe("terminated");
      expect(trialCounts(trajectory)["trial/telling"], what).toBeGreaterThan(0);
      const [called] = trajectory.messages.flatMap(({ calls, phase }) => (phase === "execution" ? calls : []));
      expect(called !== undefined && task.expected.some((call) => isSameCall(call, called, task.world)), what).toBe(true);
    }
  });

  test("are all solved by both where the pages are true", async () => {
    for (const { plain } of drifted)
      for (const policy of [trusting, trying]) {
        const trajectory = await play(plain, policy);
        const what = `${policy.name} ${plain.id}: ${JSON.stringify(trajectory.verdict)} ${ends(trajectory)}`;
        expect(trajectory.verdict !== null && isSolved(trajectory.verdict) && solves(trajectory), what).toBe(true);
      }
  });
});
