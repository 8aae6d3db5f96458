import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { evalCommand } from "../../src/cli/eval.ts";
import { evalReport, type Played, reportText } from "../../src/cli/eval-report.ts";
import { piecesOf } from "../../src/cli/pieces.ts";
import { startedPolicy } from "../../src/cli/same-models.ts";
import { configSchema } from "../../src/config/config.ts";
import { acquireLease } from "../../src/store/lease.ts";
import { createRun } from "../../src/store/runs.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { emptyPlace } from "../models/tiny-model.ts";
import { newWriter, temporaryStore } from "../store/temporary.ts";
import { writeGguf } from "../support/tiny-gguf.ts";

/** A policy that was right in so many of 20 rows of a category. */
function played(name: string, right: Readonly<Record<string, number>>): Played {
  const step = name === "base" ? null : 4;
  const marks = Object.entries(right).flatMap(([category, most]) =>
    Array.from({ length: 20 }, (_, position) => ({
      ...{ category, position, name: `${category}_${position}`, reply: "", ended: "stop", calls: "[]" },
      ...{ correct: position < most, error: position < most ? null : "no_call", detail: null },
    })),
  );
  const adapter = step === null ? null : "0123456789abcdef0123";
  const series = { suite: "bfcl", version: "1", model: "m", adapter, dialect: "hermes", template: "t" };
  return { name, from: step === null ? null : { run: 1, step }, series, marks };
}

describe("the report", () => {
  const before = played("base", { simple_python: 5, irrelevance: 10 });
  const after = played("laptop-1@4", { simple_python: 19, irrelevance: 11 });

  test("says which gains cannot be told from 0, and counts the errors of each policy", () => {
    const text = reportText(evalReport({ suite: "bfcl", version: "1" }, [before, after]));
    const line = (start: RegExp) =>
      text
        .split("\n")
        .filter((one) => start.test(one))
        .at(-1);
    expect(line(/^simple_python/)).toMatch(/20 +\+0\.70 +\+0\.43 to \+0\.85$/);
    expect(line(/^irrelevance/)).toMatch(/\+0\.05 +-0\.12 to \+0\.24 +not distinguishable$/);
    expect(line(/^mean of simple_python, irrelevance/)).toMatch(/\+0\.3[78]/);
    expect(line(/^no_call/)).toMatch(/25 +10$/);
  });

  test("of one policy has no comparison", () => {
    expect(evalReport({ suite: "bfcl", version: "1" }, [before])).toMatchObject({ comparison: null, policies: [{ step: null }] });
  });
});

describe("nothing is installed or loaded for", () => {
  test("a run that does not exist, a model beside a run, or a checkpoint whose files were changed", async () => {
    using temporary = temporaryStore();
    const { store, home } = temporary;
    const writer = newWriter(store, "mine");
    openStep(writer, 1, { level: 1, policyVersion: 0 });
    mkdirSync(join(home, "one"));
    writeFileSync(join(home, "one", "adapter.gguf"), "other bytes");
    const checkpoint = { folder: "one", adapterHash: "ab", files: { "adapter.gguf": "0".repeat(64) } };
    closeStep(writer, 1, { nextLevel: 1, nextPolicyVersion: 1, metrics: {}, checkpoint });

    const said: string[] = [];
    const command = (...words: string[]) => {
      const print = (text: string) => void said.push(text);
      return evalCommand(print, print).parseAsync(["bfcl", ...words, "--home", home], { from: "user" });
    };
    await expect(command("other")).rejects.toThrow("There is no run named other");
    await expect(command("mine@7")).rejects.toMatchObject({ boundary: "usage" });
    await expect(command("mine", "--model", "smollm2-135m-instruct")).rejects.toThrow("a run has its own model");
    await expect(command("mine@1")).rejects.toThrow("was changed after it was saved");
    await expect(command("--model", "nobody")).rejects.toThrow("Known models");
    expect(said).toEqual([]);
  });

  test("a run whose policy's file is not the one that it was started with; nor are its tokens shown", async () => {
    using place = emptyPlace();
    using temporary = temporaryStore();
    const { store, home } = temporary;
    const path = writeGguf(join(place.wheels, "mine.gguf"));
    const models = { policy: "0".repeat(64), simulator: null, tools: null, doubt: null };
    const config = configSchema.parse({ models: { policy: path } });
    const run = createRun(store, { name: "mine", preset: "tiny", config, versions: {}, models });
    const writer = acquireLease(store, run, { pid: process.pid, token: "mine" });
    openStep(writer, 1, { level: 1, policyVersion: 0 });
    mkdirSync(join(home, "one"));
    writeFileSync(join(home, "one", "adapter.gguf"), "adapter");
    const files = { "adapter.gguf": createHash("sha256").update("adapter").digest("hex") };
    const checkpoint = { folder: "one", adapterHash: "ab", files };
    closeStep(writer, 1, { nextLevel: 1, nextPolicyVersion: 1, metrics: {}, checkpoint });

    const refused = {
      boundary: "model",
      message: expect.stringMatching(/^The policy of run mine has changed: .*0{64}.*mine\.gguf/),
    };
    const print = () => undefined;
    const played = evalCommand(print, print).parseAsync(["bfcl", "mine@1", "--home", home], { from: "user" });
    await expect(played).rejects.toMatchObject(refused);
    await expect(piecesOf(startedPolicy(store, run))).rejects.toMatchObject(refused);
  });
});
