// What happens to calls if the child fails: real processes that use the real protocol (native/trainer/tests/light.py) and
// misbehave on demand. No call may hang, and every failure must give its reason.
import { afterEach, describe, expect, test, vi } from "vitest";
import { startLearner, type TorchLearner } from "../../src/learner/torch.ts";
import { pythonPath } from "../../src/models/python.ts";

const started: TorchLearner[] = [];
afterEach(async () => {
  for (const learner of started.splice(0)) await learner.close();
});

async function light(deadlineSeconds = 30, fileSeconds = deadlineSeconds): Promise<(act: string) => Promise<void>> {
  const learner = await startLearner({
    python: pythonPath(),
    deadlineSeconds,
    fileSeconds,
    module: "trainer.tests.light",
  });
  started.push(learner);
  return (act) => learner.restore(`/act/${act}`);
}

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "no failure",
    (reason) => reason,
  );
}

describe("a child that misbehaves", () => {
  test("a stray print and ten megabytes of log do not disturb a call", async () => {
    const act = await light();
    await act("print");
    await act("flood");
    await act("nothing");
  });

  test("its refusals become errors of the right boundary, and it keeps serving", async () => {
    const act = await light();
    expect(await reasonOf(act("refuse"))).toMatchObject({
      boundary: "memory",
      message: expect.stringContaining("expected 3 GB"),
    });
    expect(await reasonOf(act("fail"))).toMatchObject({ boundary: "memory" });
    expect(await reasonOf(act("fill"))).toMatchObject({ boundary: "disk" });
    expect(await reasonOf(act("dance"))).toMatchObject({ boundary: "learner" });
    await act("nothing");
  });

  test("a crash in the middle of a call fails all pending calls with its exit code and last lines", async () => {
    const act = await light();
    const reasons = await Promise.all([reasonOf(act("crash")), reasonOf(act("nothing")), reasonOf(act("nothing"))]);
    for (const reason of reasons) {
      expect(reason).toMatchObject({ boundary: "learner", message: expect.stringContaining("exit code 3") });
      expect(reason).toMatchObject({ message: expect.stringContaining("about to crash") });
    }
    expect(await reasonOf(act("nothing"))).toBe(reasons[0]);
  });

  test.each([
    ["leave", "exit code 0"],
    ["abort", "signal SIGABRT"],
    ["garbage", "stream is damaged"],
    ["oversized", "announced"],
  ])("after %s the call fails with: %s", async (act, says) => {
    expect(await reasonOf((await light())(act))).toMatchObject({ message: expect.stringContaining(says) });
  });

  test.each(["stop", "hold"])("silence is noticed although the process still runs (%s)", async (act) => {
    const reason = await reasonOf((await light(2))(act));
    expect(reason).toMatchObject({ boundary: "learner", message: expect.stringContaining("silent for 2 s") });
  });

  test("what reads or writes files may be silent for longer", async () => {
    await (await light(1, 60))("hold_briefly");
  });

  test("it does not get to know what looks like a secret", async () => {
    for (const name of ["PLAYACT_API_KEY", "HF_TOKEN", "X_PASSWORD"]) vi.stubEnv(name, "hidden");
    vi.stubEnv("X_PLAIN", "seen");
    const reason = await reasonOf((await light())("environment"));
    vi.unstubAllEnvs();
    expect(reason).toMatchObject({ message: expect.stringMatching(/\bPATH\b.*\bX_PLAIN\b/) });
    expect(reason).not.toMatchObject({ message: expect.stringMatching(/KEY|TOKEN|PASSWORD/) });
  });

  test("a long call with heartbeats does not time out", async () => {
    const act = await light(2);
    const ended = reasonOf(act("sleep"));
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await started[0]?.close();
    expect(await ended).toMatchObject({ message: "the learner was closed" });
  });
});

describe("a child that does not start", () => {
  test("a missing interpreter is named", async () => {
    const reason = await reasonOf(startLearner({ python: "/no/such/python", deadlineSeconds: 5 }));
    expect(reason).toMatchObject({ boundary: "environment", message: expect.stringContaining("/no/such/python") });
  });

  test("a module that fails to import is reported with its last lines", async () => {
    const reason = await reasonOf(startLearner({ python: pythonPath(), deadlineSeconds: 5, module: "trainer.absent" }));
    expect(reason).toMatchObject({ boundary: "learner", message: expect.stringContaining("No module named trainer.absent") });
  });
});
