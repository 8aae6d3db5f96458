// A copy of a GGUF file for processors: blocks of Q5_0 as Q8_0, the same numbers to the last bit. llama.cpp multiplies Q5_0
// slowly, the type that its Q4_K_M takes where a row is no multiple of 256 values (two thirds of Qwen2.5-0.5B). Costs half as
// much memory again for these tensors; docs/engine.md has what it brings. Source of the formats: ggml-quants.c.
import { createHash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { GgmlType, type GgufTensorInfo, readGgufFileInfo } from "node-llama-cpp";
import { isAlive } from "../../alive.ts";
import { modelsFolder } from "../../models/folder.ts";
import { freeBytes } from "../../models/space.ts";

/** Values of a block. Q5_0: scale (float16), 32 high bits, 32 halves of a byte. Q8_0: scale (float16), 32 signed bytes. */
const valuesPerBlock = 32;
const bytesOf = { q5: 22, q8: 34 } as const;
const blocksAtATime = 1 << 16;

/**
 * Path of the file that a processor should load in place of `path`: the copy, made when it is first asked for and again when the
 * file changes; `path` itself where there is nothing to gain, or no room for a copy.
 */
export async function repacked(path: string, folder = join(modelsFolder(), ".repacked")): Promise<string> {
  const file = await stat(path).catch(() => null);
  if (file === null) return path; // loading it names it
  const { size, mtimeMs } = file;
  const mine = `${basename(path, ".gguf")}-${hashOf(path)}`;
  const copy = join(folder, `${mine}.${size}-${Math.round(mtimeMs)}.gguf`);
  if ((await stat(copy).catch(() => null)) !== null) return copy;
  const layout = await layoutOf(path);
  if (layout === null || (await freeBytes(folder)) < 2 * size) return path;
  const partial = `${copy}.${process.pid}.part`;
  try {
    await mkdir(folder, { recursive: true });
    // copies of what this file was before; not the new one, which another process may have just made and be loading
    const stamped = (one: string) => one.startsWith(`${mine}.`) && /^\d+-\d+\.gguf$/.test(one.slice(mine.length + 1));
    const former = `${basename(path, ".gguf")}.${size}-${Math.round(mtimeMs)}.gguf`; // its name before it had the hash
    const left = (one: string) => one.startsWith(`${mine}.`) && one.endsWith(".part") && !isAlive(Number(one.split(".").at(-2)));
    const others = (await readdir(folder)).filter((one) => one === former || stamped(one) || left(one));
    for (const old of others) if (join(folder, old) !== copy) await rm(join(folder, old), { force: true });
    await write(layout, path, partial);
    await rename(partial, copy); // the name is given to a whole file alone
    return copy;
  } catch {
    await rm(partial, { force: true }).catch(() => undefined);
    return path; // a models folder that is not writable costs speed, nothing else
  }
}

/** Tells files of one name in different folders apart: an engine at rest loads its copy again. */
function hashOf(path: string): string {
  return createHash("sha256").update(resolve(path)).digest("hex").slice(0, 12);
}

interface Layout {
  /** Bytes before the list of tensors: version, counts and metadata, which stay as they are. */
  readonly head: number;
  readonly alignment: number;
  readonly tensors: readonly Placed[];
}

interface Placed {
  readonly info: GgufTensorInfo;
  /** In the file that is read. */
  readonly from: number;
  readonly bytes: number;
  readonly isWidened: boolean;
}

/** null: nothing to repack, or a file of several parts. */
async function layoutOf(path: string): Promise<Layout | null> {
  const file = await readGgufFileInfo(path, { logWarnings: false });
  const infos = file.fullTensorInfo ?? [];
  if (file.splicedParts > 1 || !infos.some(isWidened)) return null;
  const inOrder = infos.toSorted((a, b) => Number(a.fileOffset) - Number(b.fileOffset));
  const end = (await stat(path)).size;
  const tensors = inOrder.map((info, at): Placed => {
    const from = Number(info.fileOffset);
    const room = Number(inOrder[at + 1]?.fileOffset ?? end) - from; // with the padding behind it
    const blocks = info.dimensions.reduce<number>((all, size) => all * Number(size), 1) / valuesPerBlock;
    return { info, from, bytes: isWidened(info) ? blocks * bytesOf.q5 : room, isWidened: isWidened(info) };
  });
  return { head: file.totalMetadataSize, alignment: file.metadata.general?.alignment ?? 32, tensors };
}

function isWidened({ ggmlType }: GgufTensorInfo): boolean {
  return ggmlType === GgmlType.Q5_0;
}

async function write({ head, alignment, tensors }: Layout, from: string, to: string): Promise<void> {
  const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
  const sizes = tensors.map((one) => aligned(one.isWidened ? (one.bytes / bytesOf.q5) * bytesOf.q8 : one.bytes));
  const list = Buffer.concat(
    tensors.map(({ info }, at) =>
      entry(
        info,
        sizes.slice(0, at).reduce((all, one) => all + one, 0),
      ),
    ),
  );
  const start = aligned(head + list.length);
  await using source = await open(from, "r");
  await using target = await open(to, "w");
  const opening = Buffer.alloc(start);
  await source.read(opening, 0, head, 0);
  list.copy(opening, head);
  await target.write(opening, 0, start, 0);
  let at = start;
  for (const [index, tensor] of tensors.entries()) {
    await copyTensor(source, target, tensor, at);
    at += sizes[index] ?? 0;
  }
  await target.truncate(at);
  await target.sync();
}

type File = Awaited<ReturnType<typeof open>>;

async function copyTensor(source: File, target: File, { from, bytes, isWidened }: Placed, to: number): Promise<void> {
  const [size, step] = [blocksAtATime * bytesOf.q5, isWidened ? bytesOf.q8 / bytesOf.q5 : 1];
  for (let done = 0; done < bytes; done += size) {
    const block = Buffer.alloc(Math.min(size, bytes - done));
    await source.read(block, 0, block.length, from + done);
    const written = isWidened ? widened(block) : block;
    await target.write(written, 0, written.length, to + Math.round(done * step));
  }
}

/** The tensor's line in the list: name, dimensions, type, where its data begin after the list. */
function entry({ name, dimensions, ggmlType }: GgufTensorInfo, offset: number): Buffer {
  const text = Buffer.from(name, "utf8");
  const line = Buffer.alloc(8 + text.length + 4 + 8 * dimensions.length + 4 + 8);
  let at = line.writeBigUInt64LE(BigInt(text.length), 0);
  at += text.copy(line, at);
  at = line.writeUInt32LE(dimensions.length, at);
  for (const size of dimensions) at = line.writeBigUInt64LE(BigInt(size), at);
  at = line.writeUInt32LE(ggmlType === GgmlType.Q5_0 ? GgmlType.Q8_0 : ggmlType, at);
  line.writeBigUInt64LE(BigInt(offset), at);
  return line;
}

/** Blocks of Q5_0 as Q8_0: value = scale x (five bits - 16), and a signed byte holds that whole number. */
export function widened(blocks: Buffer): Buffer {
  const count = blocks.length / bytesOf.q5;
  const out = Buffer.alloc(count * bytesOf.q8);
  for (let block = 0; block < count; block++) {
    const [from, to] = [block * bytesOf.q5, block * bytesOf.q8];
    out[to] = blocks[from] ?? 0;
    out[to + 1] = blocks[from + 1] ?? 0;
    const high = blocks.readUInt32LE(from + 2);
    for (let at = 0; at < 16; at++) {
      const halves = blocks[from + 6 + at] ?? 0; // value `at` below, value 16 + `at` above
      out[to + 2 + at] = ((halves & 15) | (((high >>> at) & 1) << 4)) - 16;
      out[to + 18 + at] = ((halves >> 4) | (((high >>> (at + 16)) & 1) << 4)) - 16;
    }
  }
  return out;
}
