// Which models fit which seat, told from the header of their file before anything is loaded.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { findSeats, findTeacher } from "../../src/run/seats.ts";
import { changed, smallestPolicy, type TinyGguf, writeGguf } from "../support/tiny-gguf.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-seats-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, of: TinyGguf = smallestPolicy) => writeGguf(join(folder, `${name}.gguf`), of);
const bare = { "tokenizer.ggml.tokens": ["a", "[INST]"], "tokenizer.ggml.token_type": [1, 3] };
const moe = changed(smallestPolicy, {
  ...Object.fromEntries(
    Object.entries(smallestPolicy.metadata ?? {}).map(([key, value]) => [key.replace("qwen2.", "qwen2moe."), value]),
  ),
  "general.architecture": "qwen2moe",
});

test("one file may take both seats, and so may two", async () => {
  const [one, two] = [file("one"), file("two")];
  const same = await findSeats({ models: { policy: one, simulator: one } });
  expect(same.policy).toBe(same.simulator);
  expect((await findSeats({ models: { policy: one, simulator: two } })).simulator?.path).toBe(two);
});

test("an architecture that the learner does not train is refused as policy, not as simulator", async () => {
  const [policy, other] = [file("policy"), file("moe", moe)];
  await expect(findSeats({ models: { policy: other, simulator: policy } })).rejects.toMatchObject({
    boundary: "model",
    message: expect.stringContaining(
      `${other} cannot be the policy, because the learner does not know its architecture qwen2moe`,
    ),
  });
  expect((await findSeats({ models: { policy, simulator: other } })).simulator?.facts.architecture).toBe("qwen2moe");
});

test("a model whose vocabulary has no turn markers is refused as policy, not as simulator with a chat template", async () => {
  const [policy, other] = [file("policy"), file("bare", changed(smallestPolicy, bare))];
  await expect(findSeats({ models: { policy: other, simulator: policy } })).rejects.toMatchObject({
    boundary: "model",
    message: expect.stringContaining("its vocabulary has the turn markers of no frame that Playact writes"),
  });
  expect((await findSeats({ models: { policy, simulator: other } })).simulator?.path).toBe(other);
});

test("a simulator without a chat template is taken for its markers, and without both refused", async () => {
  const none = { "tokenizer.chat_template": undefined };
  const fine = file("fine", changed(smallestPolicy, none));
  expect((await findSeats({ models: { policy: fine, simulator: fine } })).policy.facts.chatTemplate).toBe(false);
  const other = file("neither", changed(smallestPolicy, { ...none, ...bare }));
  await expect(findSeats({ models: { policy: fine, simulator: other } })).rejects.toThrow(
    /cannot be the simulator, because its file has no chat template and its vocabulary has the turn markers of no frame/,
  );
});

test("the teacher of a warm-up is found on this disk, unless a server has it or rules show how, and has to know a frame", async () => {
  const [policy, teacher] = [file("pupil"), file("master")];
  const bareModel = file("unframed", changed(smallestPolicy, bare));
  const found = async (change: ConfigInput) =>
    (await findTeacher(configSchema.parse({ warmup: { from: "teacher" }, ...change })))?.path;
  expect(await found({ models: { policy, simulator: policy, teacher } })).toBe(teacher);
  expect(await found({ models: { policy, simulator: teacher } })).toBe(teacher);
  expect(await found({ models: { policy, simulator: policy, teacher: "http://host/v1#big" } })).toBe(undefined);
  expect(await found({ models: { policy, simulator: policy, teacher }, warmup: { from: "blueprint" } })).toBe(undefined);
  await expect(found({ models: { policy, simulator: policy, teacher: bareModel } })).rejects.toMatchObject({
    boundary: "model",
    message: expect.stringContaining(`${bareModel} cannot be the teacher`),
  });
});
