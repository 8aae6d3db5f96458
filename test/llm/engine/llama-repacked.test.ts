// The copy for processors against gguf, the format's own library: it writes the file, and reads both.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repacked } from "../../../src/llm/engine/llama-repacked.ts";
import { pythonPath } from "../../../src/models/python.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-repacked-"));
const file = join(folder, "model.gguf");
afterAll(() => rmSync(folder, { recursive: true }));

const python = (script: string, ...args: string[]) =>
  execFileSync(pythonPath(), ["-c", script, ...args], { encoding: "utf8" }).trim();

const writes = `
import sys
import numpy as np
from gguf import GGMLQuantizationType as T, GGUFWriter
from gguf.quants import quantize
to, kinds = sys.argv[1], sys.argv[2].split(",")
writer, random = GGUFWriter(to, "llama"), np.random.default_rng(5)
writer.add_string("general.name", "grüße")
writer.add_array("tokenizer.ggml.tokens", ["a", "", "→"])
writer.add_float32("llama.rope.freq_base", 1e4)
for number, kind in enumerate(kinds):
    values = random.normal(size=(3 + number, 96)).astype(np.float32)
    type_ = getattr(T, kind)
    writer.add_tensor(f"blk.{number}.ä.weight", values if kind == "F32" else quantize(values, type_), raw_dtype=type_)
writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
`;

const compares = `
import sys
import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
before, after = GGUFReader(sys.argv[1]), GGUFReader(sys.argv[2])
assert {k: f.contents() for k, f in before.fields.items()} == {k: f.contents() for k, f in after.fields.items()}
old, new = ({t.name: t for t in sorted(r.tensors, key=lambda t: t.name)} for r in (before, after))
assert list(old) == list(new)
for name, tensor in old.items():
    assert list(tensor.shape) == list(new[name].shape)
    assert np.array_equal(dequantize(tensor.data, tensor.tensor_type), dequantize(new[name].data, new[name].tensor_type)), name
print(",".join(t.tensor_type.name for t in new.values()))
`;

describe("the copy of a model for processors", () => {
  beforeAll(() => {
    python(writes, file, "Q5_0,F32,Q8_0,Q5_0,Q4_1");
  });

  test("has the same metadata and, to the last bit, the same weights, with Q5_0 as Q8_0", async () => {
    const copy = await repacked(file, join(folder, "same"));
    expect(copy).not.toBe(file);
    expect(python(compares, file, copy)).toBe("Q8_0,F32,Q8_0,Q8_0,Q4_1");
  });

  test("is made once, and again for a changed file, in place of the old one", async () => {
    const mine = join(folder, "once");
    const first = await repacked(file, mine);
    const made = statSync(first).mtimeMs;
    expect(await repacked(file, mine)).toBe(first);
    expect(statSync(first).mtimeMs).toBe(made);
    utimesSync(file, 1, 1);
    const second = await repacked(file, mine);
    expect(second).not.toBe(first);
    expect(readdirSync(mine)).toEqual([second.slice(mine.length + 1)]);
  });

  test("of one file takes no other's away, nor does a new one for a changed file", async () => {
    const [copies, elsewhere] = [join(folder, "several"), join(folder, "elsewhere")];
    mkdirSync(elsewhere);
    const files = [join(folder, "mine.gguf"), join(folder, "mine.v2.gguf"), join(elsewhere, "mine.gguf")];
    for (const one of files) {
      copyFileSync(file, one);
      utimesSync(one, 7, 7);
    }
    const made: string[] = [];
    for (const one of files) made.push(await repacked(one, copies));
    expect(new Set(made).size).toBe(files.length);
    utimesSync(join(folder, "mine.gguf"), 8, 8);
    made[0] = await repacked(join(folder, "mine.gguf"), copies);
    expect(readdirSync(copies).sort()).toEqual(made.map((one) => basename(one)).sort());
  });

  test("is not made of a file without Q5_0, nor where it cannot be written", async () => {
    const other = join(folder, "other.gguf");
    python(writes, other, "F32,Q4_1");
    expect(await repacked(other, join(folder, "none"))).toBe(other);
    writeFileSync(join(folder, "no-folder"), "");
    expect(await repacked(file, join(folder, "no-folder"))).toBe(file);
  });
});
