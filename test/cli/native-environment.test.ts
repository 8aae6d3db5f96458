// The environment in which a process that loads the engine must start: the pure function, the worker and `doctor`.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { nativeEnvironment } from "../../src/cli/native-environment.ts";
import { supervise } from "../../src/cli/supervise.ts";
import { nvidiaCards } from "../../src/llm/engine/nvidia.ts";
import { smallModel } from "../llm/engine/small-model.ts";
import { type Built, buildPackage } from "../support/built.ts";
import { pathWithCard, pythonWithCuda } from "../support/nvidia.ts";
import { startPlayact } from "../support/playact.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-native-"));
const { python, folders } = pythonWithCuda(folder);
/** Only a Linux machine without a real NVIDIA driver can test with a simulated one. */
const cpuOnly = process.platform === "linux" && process.arch === "x64" && (await nvidiaCards()) === null;
const linux = { platform: "linux", cores: 2, python } as const;
const path = folders.join(":");

afterAll(() => rmSync(folder, { recursive: true }));

describe("the environment of the engine's process", () => {
  test("finds the CUDA libraries that torch's packages bring before all others, and twice is once", () => {
    expect(nativeEnvironment({}, linux).LD_LIBRARY_PATH).toBe(path);
    const once = nativeEnvironment({ LD_LIBRARY_PATH: "/opt/cuda/lib:", HOME: "/h" }, linux);
    expect(once).toMatchObject({ LD_LIBRARY_PATH: `${path}:/opt/cuda/lib`, HOME: "/h" }); // no empty part: that is the current folder
    expect(nativeEnvironment(once, linux)).toEqual(once);
  });

  test("leaves the loader's path alone if there are none, and on other systems", () => {
    const env = { LD_LIBRARY_PATH: "/opt/cuda/lib" };
    expect(nativeEnvironment(env, { ...linux, platform: "darwin" }).LD_LIBRARY_PATH).toBe("/opt/cuda/lib");
    expect(nativeEnvironment(env, { ...linux, python: "/nowhere/bin/python" }).LD_LIBRARY_PATH).toBe("/opt/cuda/lib");
    expect(nativeEnvironment({}, { ...linux, python: "/nowhere/bin/python" })).not.toHaveProperty("LD_LIBRARY_PATH");
  });

  test("shows the engine one card, the first, and remembers the others for a learner of several processes", () => {
    const cards = (env: NodeJS.ProcessEnv) => {
      const once = nativeEnvironment(env, linux);
      expect(nativeEnvironment(once, linux)).toEqual(once);
      return [once.CUDA_VISIBLE_DEVICES, once.CUDA_DEVICE_ORDER, once.PLAYACT_CARDS];
    };
    expect(cards({})).toEqual(["0", "PCI_BUS_ID", ""]);
    expect(cards({ CUDA_VISIBLE_DEVICES: "2,0" })).toEqual(["2", undefined, "2,0"]);
    expect(cards({ CUDA_VISIBLE_DEVICES: "GPU-8a" })).toEqual(["GPU-8a", undefined, undefined]);
    expect(cards({ CUDA_VISIBLE_DEVICES: "" })).toEqual(["", undefined, undefined]);
  });

  test("has a thread of libuv for each core, at least eight, unless the user says how many", () => {
    const threads = (cores: number, env = {}) => nativeEnvironment(env, { ...linux, cores }).UV_THREADPOOL_SIZE;
    expect([threads(2), threads(64), threads(64, { UV_THREADPOOL_SIZE: "3" })]).toEqual(["8", "64", "3"]);
  });
});

describe("that environment", () => {
  let built: Built;
  beforeAll(() => {
    built = buildPackage();
    mkdirSync(dirname(python), { recursive: true });
    writeFileSync(python, "#!/bin/sh\nexit 1\n");
    chmodSync(python, 0o755);
  });
  afterAll(() => built[Symbol.dispose]());

  test("is set for a worker", async () => {
    const reported = join(folder, "reported");
    const program = join(folder, "worker.mjs");
    writeFileSync(
      program,
      `import { writeFileSync } from "node:fs";
      writeFileSync(${JSON.stringify(reported)}, process.env.LD_LIBRARY_PATH + " " + process.env.UV_THREADPOOL_SIZE);`,
    );
    vi.stubEnv("PLAYACT_PYTHON", python).stubEnv("LD_LIBRARY_PATH", "/opt/cuda/lib").stubEnv("UV_THREADPOOL_SIZE", undefined);
    expect(await supervise(folder, { run: "one" }, program)).toBe(0);
    vi.unstubAllEnvs();
    expect(readFileSync(reported, "utf8")).toMatch(new RegExp(`^${path}:/opt/cuda/lib ([89]|\\d\\d+)$`));
  });

  test.runIf(cpuOnly)("is set for a second run of `doctor`, whose exit code is used", async () => {
    const [seen, ended] = await doctor({});
    expect(seen).toBe(`${path}\n`);
    expect(ended.code).toBe(4); // this Python cannot train
    expect(ended.stdout).toMatch(
      /^warn +engine device +cpu: nvidia-smi reports a GPU \(NVIDIA L4, driver 570\.86\.15\).*not found on the loader's path/m,
    );
    expect(ended.stdout).not.toContain("libcudart"); // that one is found
  });

  test("is set for a second run also where no CUDA library is found: the threads of libuv", async () => {
    const seen = join(folder, "threads");
    const bin = pathWithCard(join(folder, "bare"), `echo "$UV_THREADPOOL_SIZE" > '${seen}'`);
    const bare = { PLAYACT_HOME: join(folder, "home"), PLAYACT_PYTHON: "/nowhere/bin/python", PATH: bin };
    const { UV_THREADPOOL_SIZE } = nativeEnvironment({ ...process.env, PLAYACT_PYTHON: "/nowhere/bin/python" });
    await startPlayact(built.path("cli.js"), ["doctor"], folder, bare).ended;
    expect(readFileSync(seen, "utf8")).toBe(`${UV_THREADPOOL_SIZE}\n`);
  });

  test.runIf(process.platform === "linux")("causes one second run at most: some programs drop the loader's path", async () => {
    const [seen] = await doctor({ PLAYACT_RELAUNCHED: "1" });
    expect(seen).toBe("\n");
  });

  test.runIf(cpuOnly)(
    "with engine.gpu=on ends with an environment error that names the missing library if the engine would be on the CPU",
    async () => {
      const environment = { PLAYACT_MODELS: dirname(smallModel), PATH: pathWithCard(folder), LD_LIBRARY_PATH: "" };
      const words = ["tasks", "--preset", "tiny", "--set", "engine.gpu=on"];
      const { code, stderr } = await startPlayact(built.path("cli.js"), words, folder, environment).ended;
      const missing =
        /^playact: engine\.gpu is on.*nvidia-smi reports a GPU \(NVIDIA L4, .*: (?:lib\w+\.so\.\d+(?:, )?)+ not found on .*LD_LIBRARY_PATH\.\n$/;
      expect(stderr).toMatch(missing);
      expect(code).toBe(4);
    },
  );

  async function doctor(environment: Readonly<Record<string, string>>) {
    const report = join(mkdtempSync(join(folder, "doctor-")), "path");
    const card = pathWithCard(dirname(report), `echo "$LD_LIBRARY_PATH" > '${report}'`);
    const bare = { PLAYACT_HOME: join(folder, "home"), PLAYACT_PYTHON: python, LD_LIBRARY_PATH: "", PATH: card };
    const ended = await startPlayact(built.path("cli.js"), ["doctor"], folder, { ...bare, ...environment }).ended;
    return [existsSync(report) ? readFileSync(report, "utf8") : null, ended] as const;
  }
});
