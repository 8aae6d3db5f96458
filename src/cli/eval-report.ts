// The report of `playact eval`: a table a policy, what one gains over the other row by row, and what the errors are.
import { type Comparison, compareMarks, type Scored, scoreMarks } from "../benchmark/score.ts";
import type { Gain, Interval } from "../statistics/interval.ts";
import type { BenchmarkSeries, PlayedStep, StoredMark } from "../store/benchmark.ts";
import type { Json } from "../types.ts";
import { formatTable } from "./output.ts";

/** A policy with its marks. */
export interface Played {
  readonly name: string;
  readonly from: PlayedStep | null;
  readonly series: BenchmarkSeries;
  readonly marks: readonly StoredMark[];
}

type PolicyReport = Pick<BenchmarkSeries, "model" | "adapter" | "dialect" | "template"> &
  Scored & { readonly name: string; readonly step: number | null };

type Report = {
  readonly suite: string;
  readonly version: string;
  readonly policies: readonly PolicyReport[];
  /** The last policy against the first; null for one policy. */
  readonly comparison: (Comparison & { readonly before: string; readonly after: string }) | null;
};

/** The report as plain data, as --json prints it. Policies without a row are left out. */
export function evalReport(suite: Pick<Report, "suite" | "version">, played: readonly Played[]): Report & Json {
  const shown = played.filter(({ marks }) => marks.length > 0);
  const [before, after] = [shown[0], shown.at(-1)];
  const report: Report = {
    ...suite,
    policies: shown.map(({ name, from, series: { model, adapter, dialect, template }, marks }) => {
      return { name, step: from?.step ?? null, model, adapter, dialect, template, ...scoreMarks(marks) };
    }),
    comparison:
      before === undefined || after === undefined || before === after
        ? null
        : { before: before.name, after: after.name, ...compareMarks(before.marks, after.marks) },
  };
  return report as Report & Json; // plain data
}

/** The report for people. */
export function reportText({ suite, version, policies, comparison }: Report): string {
  const parts = policies.map(
    ({ name, model, adapter, dialect, categories, mean }) =>
      `${name}: ${model}${adapter === null ? ", untrained" : `, adapter ${adapter.slice(0, 16)}`}, ${dialect}\n${formatTable(
        ["category", "rows", "right", "score", "95 %"],
        [
          ...categories.map((one) => [one.category, one.rows, one.right, share(one.score), range(one)]),
          ...(mean === null ? [] : [[meanName(mean.categories), "", "", share(mean.score), range(mean)]]),
        ],
      )}`,
  );
  return [`${suite} ${version}\n`, ...parts, ...(comparison === null ? [] : [gains(comparison)]), errors(policies)].join("\n");
}

function gains({ before, after, categories, mean }: NonNullable<Report["comparison"]>): string {
  const row = (name: string, rows: number | string, gain: Gain) => [
    name,
    rows,
    signed(gain.gain),
    range(gain, signed),
    verdict(gain),
  ];
  return `${after} against ${before}, row by row\n${formatTable(
    ["category", "rows", "gain", "95 %", ""],
    [
      ...categories.map((one) => row(one.category, one.rows, one)),
      ...(mean === null ? [] : [row(meanName(mean.categories), "", mean)]),
    ],
  )}`;
}

function verdict({ distinguishable }: Gain): string {
  return distinguishable ? "" : "not distinguishable";
}

/** Kinds of error with their rows, one column a policy. */
function errors(policies: readonly PolicyReport[]): string {
  const kinds = [...new Set(policies.flatMap((policy) => Object.keys(policy.errors)))];
  if (kinds.length === 0) return "no errors\n";
  return formatTable(
    ["error", ...policies.map(({ name }) => name)],
    kinds.map((kind) => [kind, ...policies.map((policy) => policy.errors[kind] ?? 0)]),
  );
}

const meanName = (categories: readonly string[]) => `mean of ${categories.join(", ")}`;
const share = (value: number) => value.toFixed(2);
const signed = (value: number) => `${value < 0 ? "" : "+"}${value.toFixed(2)}`;
const range = ({ low, high }: Interval, shown: (value: number) => string = share) => `${shown(low)} to ${shown(high)}`;
