// `playact eval bfcl`: plays the rows of the Berkeley Function-Calling Leaderboard with a checkpoint, its untrained model, or both,
// and prints scores with intervals. Every row is stored; what is stored is not played again (docs/benchmarks.md).
import { Command } from "commander";
import type { Checker } from "../benchmark/checker.ts";
import type { BenchmarkRow } from "../benchmark/rows.ts";
import type { BenchmarkPolicy } from "../benchmark/run.ts";
import { type Config, configSchema } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import type { Engine } from "../llm/llm.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import type { CallForm } from "../llm/text/dialect.ts";
import { bfclPython, bfclVersion, installBfcl } from "../models/bfcl.ts";
import { findOnDisk, type Model } from "../models/model.ts";
import { adapterFile, checkpointFault } from "../store/checkpoints.ts";
import { resolveHome, storePath } from "../store/home.ts";
import { findNamedStep } from "../store/named-step.ts";
import { isThinking } from "../store/runs.ts";
import { openStore, type Store } from "../store/store.ts";
import { evalReport, type Played, reportText } from "./eval-report.ts";
import { homeHelp, type Print, printJson, toStderr, toStdout } from "./output.ts";
import { findStartedPolicy, startedPolicy } from "./same-models.ts";
import { step } from "./step.ts";
import { stoppable } from "./stoppable.ts";

interface Options {
  readonly base?: boolean;
  readonly model?: string;
  readonly rows: readonly string[];
  readonly home?: string;
  readonly json?: boolean;
}

/** The command with its one suite; `print` receives the data, `progress` the progress. */
export function evalCommand(print: Print = toStdout, progress: Print = toStderr): Command {
  const bfcl = new Command("bfcl")
    .description("play public rows of the Berkeley Function-Calling Leaderboard; its own checker marks them")
    .argument("[run]", "RUN, RUN@STEP, RUN@best or RUN@last: a checkpoint, by default the best; without it, the untrained model")
    .option("--base", "also the untrained model on the same rows, and the paired difference")
    .option("--model <name>", "without a run: an untrained model (default: the laptop preset's policy)")
    .option("--rows <ranges...>", "CATEGORY:FROM:TO, TO left out (default: all rows of all five categories)", [])
    .option("--home <folder>", homeHelp)
    .option("--json", "print one JSON document")
    .action(async (run: string | undefined, options: Options) => {
      const { rowRange, selectRows } = await import("../benchmark/rows.ts");
      const ranges = options.rows.map(rowRange); // a mistake is told before anything is installed
      using store = openStore(storePath(resolveHome(options.home)));
      const chosen = await chosenPolicies(store, run, { ...options, progress });
      await step(`BFCL ${bfclVersion}`, installBfcl);
      const { openChecker } = await import("../benchmark/checker.ts");
      await using checker = await openChecker(bfclPython() ?? "python3");
      const rows = selectRows(checker.data, ranges);
      const played = await play({ store, checker, rows, progress }, chosen);
      const report = evalReport({ suite: "bfcl", version: checker.version }, played);
      if (options.json) printJson(print, report);
      else print(reportText(report));
    });
  return new Command("eval").description("score policies on public benchmarks").addCommand(bfcl);
}

/** A policy that was asked for, and how it writes calls. */
interface Policy {
  /** For people: "laptop-1@4", or "base". */
  readonly name: string;
  readonly from: BenchmarkPolicy["from"];
  /** Null: the untrained model. */
  readonly adapter: { readonly path: string; readonly hash: string } | null;
  readonly form: CallForm;
  /** As its run asked for it (policy.thinking). */
  readonly thinking: boolean;
}

interface Chosen {
  readonly model: Model;
  readonly engine: Config["engine"];
  /** The untrained one first. */
  readonly policies: readonly Policy[];
}

async function chosenPolicies(
  store: Store,
  name: string | undefined,
  { progress, ...options }: Options & { readonly progress: Print },
): Promise<Chosen> {
  const { models, engine } = configSchema.parse({});
  const untrained = async (model: Model, thinking: boolean): Promise<Policy> => ({
    ...{ name: "base", from: null, adapter: null },
    ...{ form: await untrainedForm(model, engine, progress), thinking },
  });
  if (name === undefined) {
    const model = await findOnDisk(options.model ?? models.policy);
    return { model, engine, policies: [await untrained(model, false)] };
  }
  if (options.model !== undefined)
    throw new PlayactError("usage", `--model ${options.model}: a run has its own model. Leave out either the run or --model.`);
  const { run, checkpoint } = findNamedStep(store, name);
  const fault = await checkpointFault(store, checkpoint);
  if (fault !== null) throw new PlayactError("store", `The checkpoint of step ${checkpoint.step} cannot be played: ${fault}.`);
  const path = adapterFile(store, checkpoint);
  if (path === null) throw new PlayactError("store", `The checkpoint of step ${checkpoint.step} has no adapter for llama.cpp.`);
  const model = await findStartedPolicy(startedPolicy(store, run));
  const thinking = isThinking(store, run.id);
  const trained: Policy = {
    name: `${run.name}@${checkpoint.step}`,
    from: { run: run.id, step: checkpoint.step },
    adapter: { path, hash: checkpoint.adapterHash },
    form: run.form ?? (await untrainedForm(model, engine, progress)),
    thinking,
  };
  const base = options.base ? [await untrained(model, thinking)] : [];
  return { model, engine: run.config?.engine ?? engine, policies: [...base, trained] };
}

/** How the untrained model writes calls: as the manifest says, else as the probe finds. */
async function untrainedForm({ path, entry }: Model, options: Config["engine"], progress: Print): Promise<CallForm> {
  if (entry?.dialect !== undefined) return { dialect: entry.dialect, markers: entry.markers ?? "pieces" };
  const { openEngine } = await import("../llm/engine/llama.ts");
  const { callFormOf } = await import("../run/form.ts");
  await using engine = await openEngine({ ...options, policyModel: path, simulatorModel: null, simulatorContext: 256 });
  return callFormOf(engine, { config: { policy: { dialect: null } }, form: null }, {}, (text) => progress(`${text}\n`));
}

interface Evaluation {
  readonly store: Store;
  readonly checker: Checker;
  readonly rows: readonly BenchmarkRow[];
  readonly progress: Print;
}

/** Plays what is not stored yet, then reads the marks of all. */
async function play({ store, checker, rows, progress }: Evaluation, chosen: Chosen): Promise<Played[]> {
  const { leftOf, marksOn, playRows } = await import("../benchmark/run.ts");
  const { promptOf, replyTokensOf, templateDigest } = await import("../benchmark/play.ts");
  const { openVocabularyOf } = await import("../llm/engine/llama-vocabulary.ts"); // late: the engine is slow to load for --help
  const { model, policies } = chosen;
  const policyModel = model.path;
  const text = await openVocabularyOf(policyModel);
  const candidates = policies.map((policy) => {
    const { adapter, form, from, thinking } = policy;
    const { dialect, markers } = form;
    const { template } = chooseTemplate(text, markers, dialect, thinking);
    const series = {
      suite: "bfcl",
      version: checker.version,
      // scores of two files are never mixed
      model: model.entry === null ? `${model.name}@${model.sha256.slice(0, 12)}` : model.name,
      adapter: adapter?.hash ?? null,
      dialect,
      template: templateDigest(template),
    };
    return { policy, candidate: { series, from, template } };
  });

  const longest = candidates
    .flatMap(({ candidate: { template, ...candidate } }) => {
      const most = replyTokensOf(template);
      return leftOf(store, { ...candidate, template }, rows).map((row) => promptOf(template, row).length + most);
    })
    .reduce((most, length) => Math.max(most, length), 0);
  if (longest > 0) {
    const policyContext = Math.min(256 * Math.ceil(longest / 256), model.facts.contextTrained);
    const { openEngine } = await import("../llm/engine/llama.ts");
    const simulator = { simulatorModel: null, simulatorSequences: 1, simulatorContext: 256 };
    await using engine = await openEngine({ ...chosen.engine, policyModel, policyContext, ...simulator });
    await stoppable(
      async (pause) => {
        // the adapter first: a run that trains meanwhile may remove its checkpoint
        for (const { policy, candidate } of candidates.toReversed()) {
          const onRow = lines(policy.name, progress);
          await seat(engine, policy.adapter);
          await playRows({ store, engine, checker, pause, onRow }, candidate, rows);
        }
      },
      stopWords,
      progress,
    );
  }
  return candidates.map(({ policy, candidate }) => ({
    name: policy.name,
    from: candidate.from,
    series: candidate.series,
    marks: marksOn(store, candidate, rows),
  }));
}

async function seat(engine: Engine, adapter: Policy["adapter"]): Promise<void> {
  if (engine.policy.adapter !== (adapter?.hash ?? null)) await engine.swap(adapter, engine.policy.version + 1);
}

const stopWords = {
  pieces: "rows",
  stopped: () => "The scores are of the rows played so far; the same command goes on.",
};

const lineMs = 10_000;

/** A line of progress now and then. */
function lines(name: string, progress: Print): (done: number, of: number) => void {
  let shown = 0;
  return (done, of) => {
    if (done < of && Date.now() - shown < lineMs) return;
    shown = Date.now();
    progress(`${name}: ${done} of ${of} rows\n`);
  };
}
