import { describe, expect, test } from "vitest";
import { countCases, examine, type Finding, type Kind, kinds } from "../../src/health/examine.ts";
import { type Change, menuOf, type Play, stage } from "../support/stage.ts";

async function found(play: Play, wanted: readonly Kind[], change: Change = {}): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { simulator } = stage(play, { tries: 1, ...change });
  for await (const finding of examine(simulator, wanted)) findings.push(finding);
  return findings;
}

describe("the health check", () => {
  test("asks every case of every wanted kind once, and knows beforehand how many there are", async () => {
    const findings = await found({ reply: () => "no JSON", choose: ({ options }) => options.map(() => -1) }, kinds);
    expect(findings).toHaveLength(countCases(kinds));
    expect(new Set(findings.map(({ kind, name }) => `${kind} ${name}`)).size).toBe(findings.length);
    expect(countCases(["user/chosen"])).toBe(findings.filter(({ kind }) => kind === "user/chosen").length);
    expect(findings.filter(({ heldOut }) => heldOut).length).toBeGreaterThan(findings.length / 3);
  });

  test("does not ask the simulator what rules decide", async () => {
    const findings = await found({}, ["verdict/rules"]);
    expect(findings.every(({ reward }) => reward !== null)).toBe(true);
    expect(findings.find(({ name }) => name === "forecast: calls another tool")?.reward).toBe(-1);
  });

  test("takes a simulator that answers nothing as a finding: no reward, nothing right", async () => {
    const findings = await found({ reply: () => "no JSON" }, ["verdict/written", "user/written"]);
    const asked = findings.filter(({ came }) => came.startsWith("failed (invalid_reply)"));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.every(({ reward, right }) => reward === null && right !== true)).toBe(true);
  });

  test("reads users: the end, a complaint, a value that was asked for", async () => {
    // a user who complains whenever that is on the menu is right if the conversation must go on, and when it is not on the menu
    const complains = await found(
      {
        choose: (request) =>
          menuOf(request).map((said) =>
            said.startsWith("That is not") && !request.messages.at(-1)?.content.includes("Assistant: ...") ? -0.1 : -3,
          ),
      },
      ["user/chosen"],
    );
    const right = complains.filter((finding) => finding.right).map(({ name }) => name);
    const byRule = "table: is asked for the guests"; // by name: no model is asked
    expect(right).toEqual(expect.arrayContaining(["forecast: hears the forecast", "forecast: hears about another city", byRule]));
    expect(right.length).toBeLessThan(complains.length);
    const says = (message: string) => ({ reply: () => ({ reason: "none", reward: 0, done: message === "", message }) });
    const guests = await found(says("We are four people."), ["user/written"]);
    expect(guests.filter(({ right }) => right).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["table: is asked for the guests", "forecast: hears about another city"]),
    );
    expect(guests.filter(({ right }) => right).map(({ name }) => name)).not.toContain("forecast: hears the forecast");
    const silent = await found(says(""), ["user/written"]);
    expect(silent.filter(({ right }) => right).map(({ name }) => name)).toContain("forecast: hears the forecast");
  });

  test("reads tools: errors by rule, results by their shape and by what was said before", async () => {
    const of = (findings: readonly Finding[], name: string) => findings.find((one) => one.name === name)?.right;
    const right = await found({ reply: () => ({ booking_id: "B1", seats: 3, total_price: 138 }) }, ["tools/blueprint"]);
    const wrong = await found({ reply: () => ({ booking_id: "B1", seats: 3, total_price: 46 }) }, ["tools/blueprint"]);
    expect([of(right, "seats: the price of three seats"), of(wrong, "seats: the price of three seats")]).toEqual([true, false]);
    for (const findings of [right, wrong]) {
      expect(of(findings, "forecast: a missing argument")).toBe(true);
      expect(of(findings, "forecast: another city")).toBe(false); // that result has no shape of a forecast
    }
  });

  test("counts what the simulator read and wrote for each case, and nothing if rules decide", async () => {
    const findings = await found({ choose: ({ options }) => options.map(() => -1) }, ["user/chosen", "verdict/rules"]);
    const of = (kind: Kind) => findings.filter((finding) => finding.kind === kind).map(({ tokens }) => tokens);
    expect(Math.max(...of("verdict/rules"))).toBe(0);
    expect(Math.max(...of("user/chosen"))).toBeGreaterThan(100);
    expect(Math.min(...of("user/chosen"))).toBe(0); // one sentence is left: nobody is asked
  });

  test("ends in silence when it is stopped, and keeps what was found", async () => {
    const stop = new AbortController();
    const findings = await found(
      {
        choose: ({ options }) => {
          stop.abort();
          return options.map(() => -1);
        },
      },
      ["user/chosen"],
      { signal: stop.signal },
    );
    expect(findings.map(({ kind }) => kind)).toContain("user/chosen");
    expect(findings.length).toBeLessThan(countCases(["user/chosen"]));
  });
});
