// What a plan is made for: this machine as its own programs describe it, or one that is only named.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { usableOfCard } from "../../src/plan/machine.ts";
import { namedMachine, thisMachine, weightItem } from "../../src/run/machine.ts";
import { pathWithCard, pythonThatSees } from "../support/nvidia.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-machine-"));
beforeEach(() => {
  vi.stubEnv("PATH", pathWithCard(folder));
  vi.stubEnv("CUDA_VISIBLE_DEVICES", "0"); // also where the card of this machine is hidden
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

const pythonSees = (card: { readonly bfloat16: boolean } | null) => vi.stubEnv("PLAYACT_PYTHON", pythonThatSees(folder, card));
const named80 = { engine: "card", learner: "card", cardBytes: usableOfCard(80), hostBytes: null } as const;
/** On macOS the learner never computes on an NVIDIA card. */
const mayHaveCard = process.platform !== "darwin";
const here = (config: ConfigInput = {}) => thisMachine(configSchema.parse({ engine: { gpu: "off" }, ...config }));

describe("a frozen weight of the learner", () => {
  test.runIf(mayHaveCard)(
    "has 4 bytes on this machine's card if that has no bfloat16, and 2 on a card that is only named",
    async () => {
      pythonSees({ bfloat16: false });
      expect(weightItem("auto", await here())).toBe(4);
      expect(weightItem("auto", await namedMachine(named80))).toBe(2);
      pythonSees({ bfloat16: true });
      expect(weightItem("auto", await here())).toBe(2);
    },
  );

  test("has what the config says, whatever the card can do", async () => {
    pythonSees({ bfloat16: false });
    expect([weightItem("bfloat16", await here()), weightItem("float32", await namedMachine(named80))]).toEqual([2, 4]);
  });
});

describe("the learner", () => {
  test("is on the card only if torch finds CUDA or the config names it", async () => {
    pythonSees(null);
    expect((await here()).learner).toBe("host");
    expect((await here({ learner: { device: "cuda" } })).learner).toBe("card");
    pythonSees({ bfloat16: true });
    expect((await here()).learner).toBe(mayHaveCard ? "card" : "host");
    expect((await here({ learner: { device: "cpu" } })).learner).toBe("host");
  });

  test("of a card that is only named asks no Python: there may be none", async () => {
    vi.stubEnv("PLAYACT_PYTHON", "/nowhere/python");
    expect(await namedMachine(named80)).toMatchObject({ learner: "card", bfloat16: true });
  });
});
