// The examples of docs/examples, run as a reader runs them: on the built package.
import { execFile } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chains, userTools } from "../src/tools/toolset.ts";
import { type Built, buildPackage } from "./support/built.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const examples = join(root, "docs/examples");
let built: Built;
const copy = () => built.path("../docs/examples");
/** What a program of Node prints, run in the folder that the examples name their files from. Fails where it fails. */
const printed = async (...words: readonly string[]) => (await promisify(execFile)(process.execPath, words, { cwd: root })).stdout;

beforeAll(() => {
  built = buildPackage();
  cpSync(examples, copy(), { recursive: true });
});
afterAll(() => built[Symbol.dispose]());

describe("your own tools", () => {
  test("the second tool needs a result of the first", () => {
    const found = userTools(join(examples, "my-tools.json")).flatMap(chains);
    expect(found.map(({ first, second, links }) => `${first.name} ${links.join()} ${second.name}`)).toEqual([
      "book_table booking_id cancel_booking",
    ]);
  });
});

describe("the config file", () => {
  test("is accepted with the tools that it names, and sets what it says", async () => {
    const config = await printed(built.path("cli.js"), "train", join(copy(), "small-run.yaml"), "--dry-run");
    expect(JSON.parse(config)).toMatchObject({
      steps: 8,
      tasks: { tools: expect.stringMatching(/^\/.*docs\/examples\/my-tools\.json$/), perStep: 2, decline: 0.25 },
      curriculum: { start: 10, floor: 1 },
      rollout: { groupSize: 4 },
      learner: { learningRate: 1e-4 },
      evaluation: { tasks: 0 },
    });
  });
});

describe("the library", () => {
  test("prints what its comments say", async () => {
    const text = readFileSync(join(examples, "library.mjs"), "utf8");
    const promised = [...text.matchAll(/\/\/ prints (.+)$/gm)].map(([, line]) => line);
    expect(promised.length).toBeGreaterThan(4);
    expect((await printed(join(copy(), "library.mjs"))).trimEnd().split("\n")).toEqual(promised);
  });
});
