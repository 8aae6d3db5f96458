// Measures the simulator of the preset `laptop`: replies under a grammar (how many parse, how many are retried), several
// verdict questions on one transcript compared with one question, and how much a choice depends on the batch's shape.
//   node scripts/bench-simulator.mjs [--replies 200] [--questions 12] [--repeats 3] [--sequences 6]
//     [--model NAME] [--threads N] [--json]
// Needs a build (`npm run build`). Times in seconds, log-probs in nats.
import { parseArgs } from "node:util";
import { load } from "./measure/desk.mjs";

const { openEngine } = await load("llm/engine/llama.js");
const { modelPath } = await load("models/model.js");
const { resolveConfig } = await load("config/resolve.js");
const { toolsetsOf } = await load("run/toolsets.js");
const { simulatorOf } = await load("run/session.js");
const { newUsage } = await load("simulator/usage.js");
const { taskOrders } = await load("tasks/orders.js");
const { anyTools } = await load("tools/distractors.js");
const { writeDraft } = await load("tasks/write-task.js");

const { values } = parseArgs({
  options: {
    replies: { type: "string", default: "200" },
    questions: { type: "string", default: "12" },
    repeats: { type: "string", default: "3" },
    sequences: { type: "string", default: "6" },
    model: { type: "string" },
    threads: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const { config } = resolveConfig({ preset: "laptop", set: [] });
const model = values.model ?? config.models.simulator;
const [questions, sequences] = [Number(values.questions), Number(values.sequences)];

/**
 * @template T
 * @param {number} simulatorSequences
 * @param {"fast" | "reproducible"} mode
 * @param {(engine: import("../src/llm/llm.ts").Engine) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withEngine(simulatorSequences, mode, work) {
  const path = await modelPath(model);
  const engine = await openEngine({
    policyModel: path,
    simulatorModel: null,
    gpu: "off",
    mode,
    threads: values.threads === undefined ? null : Number(values.threads),
    policySequences: 1,
    policyContext: 256,
    simulatorSequences,
    simulatorContext: config.engine.simulatorContext,
  });
  try {
    return await work(engine);
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

/** Writes task drafts as a run does, until there are enough replies. */
async function replies(/** @type {import("../src/llm/llm.ts").Engine} */ engine) {
  const wanted = Number(values.replies);
  const usage = newUsage();
  const simulator = simulatorOf({ config, engine, usage });
  const toolsets = toolsetsOf(config);
  const started = performance.now();
  for (let first = 0; usage.replies < wanted; first += sequences) {
    const series = { id: "bench", names: ["bench"], first, count: sequences, level: 40 };
    const orders = taskOrders(config, { ...series, declineShare: 0.25, epsilon: 0 });
    await Promise.all(
      orders.map((/** @type {unknown} */ order) =>
        writeDraft(order, {
          toolsets: toolsets.train,
          distractors: anyTools,
          simulator,
        }),
      ),
    );
  }
  const seconds = (performance.now() - started) / 1000;
  const { decoded, prefilled, reused } = engine.counters().simulator;
  return {
    ...usage,
    parsed: (usage.replies - usage.unparsed) / usage.replies,
    retried_share: usage.retried / usage.replies,
    seconds,
    prefilled,
    decoded,
    reused,
  };
}

const aspects = ["date", "price", "name", "place", "time", "order", "seat", "tone", "tool", "value", "result", "answer"];

/**
 * Question `number`, of up to 24 tokens, after a transcript of about 600 tokens; each `talk` has a different transcript.
 * @param {number} talk
 * @param {number} number
 * @returns {import("../src/llm/llm.ts").ChooseRequest}
 */
function verdict(talk, number) {
  const turn = (/** @type {number} */ at) =>
    `User: Please book table ${at} for ${talk + 2} guests on day ${at + talk}.\nAssistant: Table ${at} is booked for ${talk + 2} guests, reference ${talk}${at}.`;
  const transcript = Array.from({ length: 17 }, (_, at) => turn(at + 1)).join("\n");
  const aspect = aspects[number % aspects.length];
  return {
    messages: [
      { role: "system", content: `You judge talk number ${talk} between a user and an assistant.` },
      { role: "user", content: `${transcript}\n\nWas the ${aspect} right in all of it? Answer Yes or No.` },
    ],
    lead: "Answer:",
    options: [" Yes", " No"],
    deadlineMs: 600_000,
  };
}

const median = (/** @type {number[]} */ all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;

/** One question compared with many, each time on a new transcript; both have the same number of slots. */
async function verdicts(/** @type {import("../src/llm/llm.ts").Engine} */ engine) {
  const { renderChat } = await load("llm/text/prompt.js");
  const ids = renderChat(engine.vocabulary, verdict(1, 0).messages, "Answer:").length;
  const own = ids - renderChat(engine.vocabulary, [verdict(1, 0).messages[0], { role: "user", content: "" }], "Answer:").length;
  let talk = 100;
  const timed = async (/** @type {number} */ count) => {
    talk++;
    const before = engine.counters().simulator;
    const [started, used] = [performance.now(), process.cpuUsage()];
    await Promise.all(Array.from({ length: count }, (_, number) => engine.simulator.choose(verdict(talk, number))));
    const after = engine.counters().simulator;
    const { user, system } = process.cpuUsage(used);
    return {
      seconds: (performance.now() - started) / 1000,
      processor: (user + system) / 1e6,
      prefilled: after.prefilled - before.prefilled,
      reused: after.reused - before.reused,
    };
  };
  await timed(1); // the first decode of a context is slower
  /** @type {Awaited<ReturnType<typeof timed>>[]} */
  const one = [];
  /** @type {typeof one} */
  const many = [];
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    one.push(await timed(1));
    many.push(await timed(questions));
  }
  /** @param {"seconds" | "processor"} of */
  const medians = (of) => ({ one: median(one.map((run) => run[of])), many: median(many.map((run) => run[of])) });
  const [seconds, processor] = [medians("seconds"), medians("processor")];
  return {
    prompt: ids,
    transcript_and_question: own,
    questions,
    prefilled: { one: one[0]?.prefilled, many: many[0]?.prefilled },
    reused: { one: one[0]?.reused, many: many[0]?.reused },
    seconds,
    processor,
    // on a busy machine CPU seconds (with --threads 1) are more reliable than elapsed ones
    cost: { seconds: seconds.many / seconds.one, processor: processor.many / processor.one },
  };
}

/** The same questions asked one by one without a cache, then all at once on shared cells: how much do log-probs differ? */
async function shapes() {
  const numbers = Array.from({ length: questions }, (_, number) => number);
  const alone = await withEngine(1, "reproducible", async ({ simulator }) => {
    const rows = [];
    for (const number of numbers) rows.push(await simulator.choose(verdict(7, number)));
    return rows;
  });
  const together = await withEngine(sequences, "fast", ({ simulator }) =>
    Promise.all(numbers.map((number) => simulator.choose(verdict(7, number)))),
  );
  const differences = alone.flatMap((row, at) => row.map((value, option) => Math.abs(value - (together[at]?.[option] ?? 0))));
  const odds = alone.map(([yes = 0, no = 0], at) => {
    const [otherYes = 0, otherNo = 0] = together[at] ?? [];
    return Math.abs(yes - no - (otherYes - otherNo));
  });
  const mean = (/** @type {number[]} */ all) => all.reduce((sum, value) => sum + value, 0) / all.length;
  return { mean: mean(differences), max: Math.max(...differences), odds_mean: mean(odds), odds_max: Math.max(...odds) };
}

/**
 * @param {boolean} wanted
 * @param {() => Promise<object>} work
 */
async function part(wanted, work) {
  if (!wanted) return null;
  const result = await work();
  process.stderr.write(`${JSON.stringify(result)}\n`);
  return result;
}

const result = {
  model,
  verdicts: await part(questions > 0, () => withEngine(sequences, "fast", verdicts)),
  shapes: await part(questions > 0, shapes),
  replies: await part(Number(values.replies) > 0, () => withEngine(sequences, "fast", replies)),
};
process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
