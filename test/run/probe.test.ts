import { describe, expect, test } from "vitest";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { chooseTemplate } from "../../src/llm/text/choose-template.ts";
import type { CallForm } from "../../src/llm/text/dialect.ts";
import { formatToolCall } from "../../src/llm/text/tool-call.ts";
import { argumentErrors } from "../../src/rules/validate.ts";
import { callFormOf } from "../../src/run/form.ts";
import { bestForm, candidates, nameOf, needsWarmup, probeForms, probeTemplate } from "../../src/run/probe.ts";
import { probeTasks as tasks } from "../../src/run/probe-tasks.ts";
import type { ToolCall } from "../../src/types.ts";

/** A policy that answers a task's first message with what `write` makes of the right call. */
function answering(write: (call: ToolCall, prompt: string) => string) {
  return scriptedEngine({
    say: (prompt) => {
      const task = tasks.find(({ firstMessage }) => prompt.includes(firstMessage));
      return task === undefined ? "Yes?" : write(task.call, prompt);
    },
  });
}

const tokens: CallForm = { dialect: "hermes", markers: "tokens" };
const pieces: CallForm = { dialect: "hermes", markers: "pieces" };
const fence: CallForm = { dialect: "json-fence", markers: "pieces" };
const llama: CallForm = { dialect: "llama-3.1", markers: "pieces" };
const probed = async (engine: ReturnType<typeof scriptedEngine>) =>
  Object.fromEntries((await probeForms(engine, candidates(engine.vocabulary))).map((one) => [nameOf(one.form), one]));

describe("the tasks of the probe", () => {
  test.each(tasks.map((task) => [task.firstMessage, task] as const))(
    "%s: the call is possible, and every value is said",
    (says, task) => {
      const tool = task.tools.find(({ name }) => name === task.call.name);
      if (tool === undefined) expect.fail("the needed tool is not offered");
      expect(argumentErrors(tool, task.call.arguments)).toEqual([]);
      const values = Object.values(task.call.arguments).flat();
      for (const value of values) if (typeof value !== "boolean") expect(says).toContain(String(value));
      expect(task.tools.length).toBeGreaterThan(1);
    },
  );
});

describe("the probe", () => {
  test.each([fence, llama, pieces])("takes the form in which the policy answers right: $dialect", async (form) => {
    const engine = answering((call) => formatToolCall(call, form.dialect));
    const shares = Object.values(await probed(engine));
    expect(shares.find((one) => one.form === bestForm(shares))?.right).toBe(1);
    expect(bestForm(shares).dialect).toBe(form.dialect);
  });

  test("gives each candidate its own prompt: a policy that does what it is asked for is right in all, and the first wins", async () => {
    const engine = answering((call, prompt) => {
      if (prompt.includes("json code block")) return formatToolCall(call, "json-fence");
      return formatToolCall(call, prompt.includes("dictionary of argument name") ? "llama-3.1" : "hermes");
    });
    const shares = await probed(engine);
    expect(Object.values(shares).map(({ right }) => right)).toEqual([1, 1, 1]);
    expect(bestForm(Object.values(shares))).toEqual(tokens);
  });

  test("a call of the wrong value is well formed and not right, and a broken one beside a right one is neither", async () => {
    const wrong = await probed(answering((call) => formatToolCall({ ...call, arguments: {} }, "json-fence")));
    expect(wrong["json-fence"]).toMatchObject({ right: 0, wellFormed: 1 });
    const broken = await probed(answering((call) => `${formatToolCall(call, "json-fence")}\n\`\`\`json\n{"arguments": `));
    expect(broken["json-fence"]).toMatchObject({ right: 0, wellFormed: 0 });
  });

  test("tags as tokens are not taken for a policy that never calls right with them", async () => {
    expect(bestForm(Object.values(await probed(answering(() => "I cannot."))))).toEqual(fence);
    expect(candidates({ ...scriptedEngine().vocabulary, hasMarker: () => false })).toEqual([pieces, fence, llama]);
  });

  test("a form that a server reads otherwise is taken only where it is asked for", () => {
    const engine = scriptedEngine();
    const caveatOf = ({ markers, dialect }: CallForm) => chooseTemplate(engine, markers, dialect).template.caveat;
    for (const form of candidates(engine.vocabulary)) expect(caveatOf(form) ?? "").not.toContain("<tool_call>");
    expect(candidates(engine.vocabulary, "hermes")).toEqual([tokens, pieces]);
    expect(caveatOf(pieces)).toContain("<tool_call>");
  });

  test("a policy that calls right in less than half of the tasks needs a warm-up", async () => {
    const half = (below: number) =>
      answering((call) => (tasks.findIndex((task) => task.call === call) < below ? formatToolCall(call, "json-fence") : "No."));
    const shareOf = async (below: number) => {
      const engine = half(below);
      return probeTemplate(engine, chooseTemplate(engine, "pieces", "json-fence").template);
    };
    const [few, many] = [await shareOf(tasks.length / 2 - 1), await shareOf(tasks.length / 2)];
    expect([few.right < 0.5, needsWarmup(few)]).toEqual([true, true]);
    expect([many.right, needsWarmup(many)]).toEqual([0.5, false]);
  });
});

describe("the form of a run", () => {
  const engine = answering((call) => formatToolCall(call, "llama-3.1"));
  const told: string[] = [];
  const formOf = (stored: CallForm | null, config: CallForm["dialect"] | null, entry: Partial<CallForm>) =>
    callFormOf(engine, { form: stored, config: { policy: { dialect: config } } }, entry, (text) => void told.push(text));

  test("is the stored one, though manifest and config say another; then the config's, the manifest's, the probe's", async () => {
    expect(await formOf(tokens, "llama-3.1", fence)).toEqual(tokens);
    expect(await formOf(null, "json-fence", pieces)).toEqual(fence);
    expect(await formOf(null, null, fence)).toEqual(fence);
    expect(await formOf(null, "hermes", tokens)).toEqual(tokens);
    expect(told).toEqual([]); // nothing had to be played
    expect(await formOf(null, null, {})).toEqual(llama);
    expect(told.at(-1)).toMatch(/llama-3\.1 1\.00/);
    expect(await formOf(null, "hermes", {})).toEqual(pieces);
  });
});
