// A small suite in the shape of BFCL's files, a checker of such rows, and policies for both.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checker } from "../../src/benchmark/checker.ts";
import type { BenchmarkRow } from "../../src/benchmark/rows.ts";
import type { BenchmarkPolicy } from "../../src/benchmark/run.ts";
import type { Dialect } from "../../src/config/config.ts";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { episodeTemplate } from "../../src/llm/text/template.ts";

export interface Suite extends Disposable {
  readonly data: string;
}

/** Row n of a category asks for "tool.n" with the value n. */
export function smallSuite(sizes: Readonly<Record<string, number>>): Suite {
  const data = mkdtempSync(join(tmpdir(), "playact-suite-"));
  mkdirSync(join(data, "possible_answer"));
  for (const [category, size] of Object.entries(sizes)) {
    const names = Array.from({ length: size }, (_, at) => `${category}_${at}`);
    const lines = (of: (name: string, at: number) => object) =>
      `${names.map((name, at) => JSON.stringify(of(name, at))).join("\n")}\n`;
    const parameters = { type: "dict", properties: { value: { type: "integer", description: "A value." } }, required: ["value"] };
    const rows = lines((id, at) => ({
      id,
      question: [[{ role: "user", content: `Question ${id}.` }]],
      function: [{ name: `tool.${at}`, description: "A tool.", parameters }],
    }));
    writeFileSync(join(data, `BFCL_v4_${category}.json`), rows);
    const answers = lines((id, at) => ({ id, ground_truth: [{ [`tool.${at}`]: { value: [at] } }] }));
    if (category !== "irrelevance") writeFileSync(join(data, "possible_answer", `BFCL_v4_${category}.json`), answers);
  }
  return { data, [Symbol.dispose]: () => rmSync(data, { recursive: true }) };
}

/** Right if the calls are those of the answer; on these rows BFCL's own decides alike (verdict.test.ts). `asked` counts its questions. */
export function smallChecker(): Checker & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    data: "",
    version: "1",
    async check({ calls, answer }) {
      asked.push(calls);
      const inLists = (made: object) =>
        Object.fromEntries(
          Object.entries(made).map(([name, values]) => [
            name,
            Object.fromEntries(Object.entries(values).map(([key, value]) => [key, [value]])),
          ]),
        );
      const right = JSON.stringify((JSON.parse(calls) as object[]).map(inLists)) === JSON.stringify(JSON.parse(answer));
      return right ? { right } : { right, error: "simple_function_checker:wrong_func_name", detail: "another call" };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

export const templateOf = (dialect: Dialect, markers: "tokens" | "pieces" = "pieces") =>
  episodeTemplate(scriptedVocabulary(), { dialect, markers });
export const tags = templateOf("hermes");

export function candidate(change: Partial<BenchmarkPolicy["series"]> = {}): BenchmarkPolicy {
  const series = { suite: "bfcl", version: "1", model: "m", adapter: null, dialect: "hermes", template: "t", ...change };
  return { series, from: null, template: tags };
}

/** A call of the dialect hermes. */
export const tagged = (name: string, value: string | number): string =>
  `<tool_call>\n{"name": "${name}", "arguments": {"value": ${value}}}\n</tool_call>`;

export const rightCall = ({ position }: Pick<BenchmarkRow, "position">): string => tagged(`tool.${position}`, position);
