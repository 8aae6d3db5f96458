// A GPU that the engine does not use, on machines without one: a fake driver answers, the engine is real. Which CUDA libraries
// are missing depends on the machine; their names are tested on invented folders.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { deviceOf, startLlama } from "../../../src/llm/engine/llama.ts";
import { freeOfCard, loaderFolders, missingLibraries, nvidiaCards, whyNotOnCard } from "../../../src/llm/engine/nvidia.ts";
import { pathWithCard } from "../../support/nvidia.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-nvidia-"));
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

const runtime = (major: number) => ["libcudart.so", "libcublas.so", "libcublasLt.so"].map((name) => `${name}.${major}`);
const missingOf = (...there: readonly string[]) => {
  const paths = new Set(there.map((name) => join("/lib", name)));
  return missingLibraries(["/elsewhere", "/lib"], (path) => paths.has(path));
};

describe("what the CUDA build lacks", () => {
  test("is nothing if the driver's library and one version's runtime exist", () => {
    expect(missingOf("libcuda.so.1", ...runtime(13))).toEqual([]);
    expect(missingOf("libcuda.so.1", ...runtime(12), "libcudart.so.13")).toEqual([]);
  });

  test("is listed for the most complete version: with only torch 2.13, or with only a driver", () => {
    expect(missingOf("libcuda.so.1", "libcudart.so.12", "libcublas.so.12", "libcudart.so.13")).toEqual(["libcublasLt.so.12"]);
    expect(missingOf("libcuda.so.1")).toEqual(runtime(13));
    expect(missingOf(...runtime(13))).toEqual(["libcuda.so.1"]);
  });

  test("is searched for on the loader's path", () => {
    expect(loaderFolders({ LD_LIBRARY_PATH: "/a::/b", CUDA_PATH: "/c" }).slice(0, 4)).toEqual(["/a", "/b", "/c", "/usr/lib"]);
  });
});

test("without a driver that answers no GPU is reported", async () => {
  vi.stubEnv("PATH", folder);
  expect(await nvidiaCards()).toBe(null);
  expect(await whyNotOnCard()).toBe(null);
});

test("the free memory is that of the first card that CUDA_VISIBLE_DEVICES shows", async () => {
  const cards = 'case "$*" in *--id=0) echo 1000;; *--id=2) echo 3000;; *--id=GPU-9f) echo 9000;; esac; exit';
  vi.stubEnv("PATH", pathWithCard(join(folder, "cards"), cards));
  const free = (shown: string | undefined) => {
    vi.stubEnv("CUDA_VISIBLE_DEVICES", shown);
    return freeOfCard();
  };
  const mebibyte = 2 ** 20;
  expect([await free(undefined), await free("2,0"), await free("GPU-9f")]).toEqual([1000, 3000, 9000].map((n) => n * mebibyte));
  expect([await free(""), await free("-1"), await free("7")]).toEqual([null, null, null]);
});

// with a real GPU the engine uses it, and nothing is reported
describe.runIf(process.platform === "linux" && process.arch === "x64" && (await nvidiaCards()) === null)(
  "an engine on the CPU of a machine whose driver answers",
  () => {
    const gpu =
      /nvidia-smi reports a GPU \(NVIDIA L4, driver 570\.86\.15\), but the engine computes on the CPU: (?:lib\w+\.so\.\d+(?:, )?)+ not found on the loader's path.*npm run setup/;

    test("says which library is missing and what to do", async () => {
      vi.stubEnv("PATH", pathWithCard(folder));
      expect(await whyNotOnCard()).toMatch(gpu);
    });

    test("is an environment error with the same sentence if a GPU is required, and only then", async () => {
      vi.stubEnv("PATH", pathWithCard(folder));
      await expect(startLlama("on", 1)).rejects.toMatchObject({
        boundary: "environment",
        message: expect.stringMatching(new RegExp(`^engine\\.gpu is on.*${gpu.source}`)),
      });
      for (const asked of ["auto", "off"] as const) {
        const llama = await startLlama(asked, 1);
        expect(await deviceOf(llama)).toBe("cpu");
        await llama.dispose();
      }
    });

    test("is an error in other words if no driver answers", async () => {
      vi.stubEnv("PATH", folder);
      await expect(startLlama("on", 1)).rejects.toMatchObject({
        boundary: "environment",
        message: expect.stringContaining("nvidia-smi does not answer"),
      });
    });
  },
);
