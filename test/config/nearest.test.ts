import { describe, expect, test } from "vitest";
import { nearest } from "../../src/config/nearest.ts";
import { configKeys } from "../../src/config/resolve.ts";

describe("the name that was probably meant", () => {
  test.each([
    ["lapto", "laptop"],
    ["Laptop", "laptop"],
    ["latpop", "laptop"],
    ["tinyy", "tiny"],
    ["tixx", "tiny"],
    ["gpu24gb", "gpu-24gb"],
  ])("%s is %s", (typed, meant) => {
    expect(nearest(typed, ["laptop", "tiny", "gpu-24gb", "trustee"])).toBe(meant);
  });

  test.each(["", "xyz", "completely-else"])("there is none near %j", (typed) => {
    expect(nearest(typed, ["laptop", "trustee"])).toBeNull();
    expect(nearest(typed, [])).toBeNull();
  });

  test("is the closest of several, the first on a tie", () => {
    expect(nearest("rollout.groupsise", configKeys())).toBe("rollout.groupSize");
    expect(nearest("ab", ["abcd", "abc"])).toBe("abc");
    expect(nearest("ax", ["ab", "ac"])).toBe("ab");
  });
});
