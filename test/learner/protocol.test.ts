// Frames and the channel: recorded cases that the Python twin also reads, streams in memory, and random damage.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { presets } from "../../src/config/presets.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { PlayactError } from "../../src/errors.ts";
import { openChannel } from "../../src/learner/channel.ts";
import { encodeFrame, type Frame, frameReader, frameTypes, largestPayload, protocolVersion } from "../../src/learner/protocol.ts";
import { readFloats, writeArrays } from "../../src/learner/safetensors.ts";

const recorded = z
  .object({
    good: z.array(
      z.object({
        name: z.string(),
        type: z.literal(Object.values(frameTypes)),
        head: z.record(z.string(), z.unknown()),
        arrays: z.record(z.string(), z.object({ dtype: z.string(), values: z.array(z.number()) })),
        hex: z.string(),
      }),
    ),
    bad: z.array(z.object({ name: z.string(), says: z.string(), hex: z.string() })),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/frames.json"), "utf8")));

const none = new Uint8Array();

describe("frames", () => {
  test.each(recorded.good)("reads and writes what the Python twin wrote: $name", ({ type, head, arrays, hex }) => {
    const [frame] = frameReader()(Buffer.from(hex, "hex"));
    expect(frame).toMatchObject({ type, head });
    expect(encodeFrame({ type, head, blob: frame?.blob ?? none }).toString("hex")).toBe(hex);
    for (const [name, { dtype, values }] of Object.entries(arrays)) {
      if (dtype === "float32") expect(Array.from(readFloats(frame?.blob ?? none, name))).toEqual(values);
    }
  });

  test.each(recorded.bad)("rejects recorded damage with a reason: $name", ({ says, hex }) => {
    expect(() => frameReader()(Buffer.from(hex, "hex"))).toThrow(says);
  });

  test.each(Object.keys(presets))(
    "hold the update of a step of %s in which every episode fills its context, twice over",
    (preset) => {
      const { tasks, rollout, engine } = resolveConfig({ preset, set: [] }).config;
      const episodes = tasks.perStep * (rollout.groupSize + (rollout.guide === "off" ? 0 : 1));
      const bytesPerToken = 4 + 1 + 4 + 4; // id, mask, log-prob, advantage
      expect(2 * episodes * engine.policyContext * bytesPerToken).toBeLessThan(largestPayload);
    },
  );

  test("arrays are written as the safetensors library writes them", () => {
    const written = recorded.good.find(({ name }) => name === "request with every dtype");
    const [frame] = frameReader()(Buffer.from(written?.hex ?? "", "hex"));
    const numbers = (name: string) => written?.arrays[name]?.values ?? [];
    const mine = writeArrays({
      ids: Int32Array.from(numbers("ids")), // the library writes wide types first
      logprobs: Float32Array.from(numbers("logprobs")),
      mask: Uint8Array.from(numbers("mask")),
    });
    const header = (bytes: Uint8Array) =>
      JSON.parse(Buffer.from(bytes.subarray(8, 8 + Number(Buffer.from(bytes).readBigUInt64LE(0)))).toString());
    expect(Object.keys(header(mine)).sort()).toEqual(Object.keys(header(frame?.blob ?? none)).sort());
    expect(Array.from(readFloats(mine, "logprobs"))).toEqual(numbers("logprobs"));
    expect(() => readFloats(mine, "ids")).toThrow("cannot be read");
    expect(() => readFloats(mine, "absent")).toThrow("cannot be read");
    expect(() => readFloats(mine.subarray(0, mine.length - 8), "logprobs")).toThrow("cannot be read");
  });

  test("frames split anywhere are read whole and in order", () => {
    const frames = recorded.good.map(({ hex }) => Buffer.from(hex, "hex"));
    const all = Buffer.concat(frames);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 30 }), (cuts) => {
        const read = frameReader();
        const bounds = [0, ...cuts.sort((a, b) => a - b), all.length];
        const heads = bounds.slice(1).flatMap((end, i) => read(all.subarray(bounds[i], end)).map((frame) => frame.head));
        expect(heads).toEqual(recorded.good.map(({ head }) => head));
      }),
    );
  });

  test("random damage gives a PlayactError or waits for more, never another exception", () => {
    const good = Buffer.from(recorded.good[3]?.hex ?? "", "hex");
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (where, flip) => {
        const bytes = Buffer.from(good);
        bytes[where] = (bytes[where] ?? 0) ^ flip;
        let frames: Frame[] = [];
        try {
          frames = frameReader()(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(PlayactError);
        }
        if (where !== 4) expect(frames).toEqual([]); // byte 4 is the type, which the checksum does not cover
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the channel", () => {
  const hello: Frame = { type: frameTypes.hello, head: { protocol: protocolVersion }, blob: none };
  const open = () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const failures: PlayactError[] = [];
    const options = {
      deadlineSeconds: 30,
      startSeconds: 30,
      log: () => "last words",
      onFailure: (reason: PlayactError) => failures.push(reason),
    };
    return { input, failures, channel: openChannel({ input, output }, options) };
  };

  test("answers are matched to their calls in any order", async () => {
    const { input, channel } = open();
    input.write(encodeFrame(hello));
    await channel.ready;
    const calls = [channel.call("a", {}), channel.call("b", {})];
    for (const id of [2, 1]) input.write(encodeFrame({ type: frameTypes.reply, head: { id, said: id }, blob: none }));
    expect((await Promise.all(calls)).map(({ head }) => head.said)).toEqual([1, 2]);
    channel.fail(new PlayactError("learner", "done"));
  });

  test("another version is reported in one sentence", async () => {
    const { input, channel, failures } = open();
    input.write(encodeFrame({ ...hello, head: { protocol: 99 } }));
    await expect(channel.ready).rejects.toThrow(
      `the learner uses protocol 99, this Playact ${protocolVersion}: install the same version`,
    );
    expect(failures).toHaveLength(1);
    await expect(channel.call("a", {})).rejects.toThrow("last words");
  });

  test.each([
    ["something other than hello first", { type: frameTypes.reply, head: { id: 1 }, blob: none }],
    ["an answer to an unknown call", { type: frameTypes.reply, head: { id: 7 }, blob: none }],
    ["an error of an unknown kind", { type: frameTypes.error, head: { id: 1, kind: "odd", message: "?" }, blob: none }],
  ] as const)("%s fails every call", async (name, frame) => {
    const { input, channel } = open();
    if (!name.startsWith("something")) input.write(encodeFrame(hello));
    const call = channel.call("a", {});
    input.write(encodeFrame(frame));
    await expect(call).rejects.toThrow(PlayactError);
  });
});
