// The probe: in which form does the untrained policy write its calls? It plays the same few tasks for one greedy turn under each
// candidate's template, and reads the turn strictly, in that dialect alone. The form with the most right first calls is the
// policy's own: a format that is not costs most of what a small model can do (docs/results.md).
import type { Dialect } from "../config/config.ts";
import type { Engine, Vocabulary } from "../llm/llm.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import type { CallForm } from "../llm/text/dialect.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { parseToolCalls } from "../llm/text/tool-call.ts";
import { seedFrom } from "../rng.ts";
import { isSameCall } from "../rules/values.ts";
import { systemPrompts } from "../simulator/prompts/task.ts";
import { type ProbeTask, probeTasks } from "./probe-tasks.ts";

/** How a policy writes its calls under one template. */
export interface Probed {
  /** Share of tasks whose first call is the right one, in a turn without malformed calls, 0..1. */
  readonly right: number;
  /** Share of tasks with a call and no malformed one, 0..1. */
  readonly wellFormed: number;
}

/** The result of one candidate. */
export interface ProbedForm extends Probed {
  readonly form: CallForm;
}

type Probing = Pick<Engine, "policy" | "vocabulary">;

/** Enough for any of the calls, and for a thought before it. */
const maxTokens = { call: 192, thought: 2048 } as const;
/** For one turn; a machine that does other work is many times slower. */
const deadlineMs = 600_000;

/**
 * The forms that a policy with this vocabulary could write, in the order that decides between equals; of one dialect if given.
 * Pieces of tags that are tokens too are a candidate only where hermes is asked for: a server would write the tokens (template.ts).
 */
export function candidates(vocabulary: Vocabulary, dialect: Dialect | null = null): readonly CallForm[] {
  const hasTokens = vocabulary.hasMarker("<tool_call>");
  const all: readonly CallForm[] = [
    ...(hasTokens ? [{ dialect: "hermes", markers: "tokens" } as const] : []),
    ...(hasTokens && dialect === null ? [] : [{ dialect: "hermes", markers: "pieces" } as const]),
    { dialect: "json-fence", markers: "pieces" },
    { dialect: "llama-3.1", markers: "pieces" },
  ];
  return all.filter((form) => dialect === null || form.dialect === dialect);
}

/** "hermes (tags as tokens)", "hermes (tags in pieces)", "json-fence", "llama-3.1". */
export function nameOf({ dialect, markers }: CallForm): string {
  if (dialect !== "hermes") return dialect;
  return `hermes (tags ${markers === "tokens" ? "as tokens" : "in pieces"})`;
}

/** Plays all candidates together; the engine computes what their prompts share once. // [candidate] */
export function probeForms(
  engine: Probing & Pick<Engine, "chatTemplate">,
  forms: readonly CallForm[],
  signal?: AbortSignal,
): Promise<readonly ProbedForm[]> {
  return Promise.all(
    forms.map(async (form) => {
      const { template } = chooseTemplate(engine, form.markers, form.dialect);
      return { form, ...(await probeTemplate(engine, template, signal)) };
    }),
  );
}

/** Plays the tasks of the probe under one template. */
export async function probeTemplate(engine: Probing, template: EpisodeTemplate, signal?: AbortSignal): Promise<Probed> {
  const played = await Promise.all(probeTasks.map((task, index) => firstTurn(engine, template, { task, index, signal })));
  const share = (key: keyof (typeof played)[number]) => played.filter((turn) => turn[key]).length / played.length;
  return { right: share("right"), wellFormed: share("wellFormed") };
}

async function firstTurn(
  { policy, vocabulary }: Probing,
  template: EpisodeTemplate,
  { task, index, signal }: { readonly task: ProbeTask; readonly index: number; readonly signal: AbortSignal | undefined },
) {
  const episode = template.begin();
  const prompt = [episode.system(systemPrompts[1], task.tools), episode.user(task.firstMessage)];
  const sampled = await policy.sample({
    ids: prompt.flatMap(({ ids }) => ids),
    seed: seedFrom("probe", index),
    temperature: 0,
    maxTokens: maxTokens.call + (template.thinks ? maxTokens.thought : 0),
    stop: template.stop,
    deadlineMs,
    signal,
  });
  const said = sampled.end === "stop" ? sampled.ids.slice(0, -1) : sampled.ids;
  const { calls, errors } = parseToolCalls(template.lead + vocabulary.decode(said), template.dialect);
  const [first] = calls;
  const wellFormed = first !== undefined && errors.length === 0;
  return { wellFormed, right: wellFormed && isSameCall(task.call, first, task.tools) };
}

/**
 * The candidate with the most right first calls; among equals the first. Tags as tokens need one right call: tokens that were
 * never trained are never written, and can hardly be learned.
 */
export function bestForm(probed: readonly ProbedForm[]): CallForm {
  const able = probed.filter(({ form, right }) => form.markers === "pieces" || right > 0);
  const most = Math.max(...able.map(({ right }) => right));
  return able.find(({ right }) => right === most)?.form ?? { dialect: "hermes", markers: "pieces" };
}

/** A policy that seldom makes the right call at all cannot learn by reinforcement: calls that are never sampled get no reward. */
export function needsWarmup({ right }: Probed): boolean {
  return right < 0.5;
}
