// package-lock.json must work with `npm ci` on every machine.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { missingEntries } from "../../scripts/complete-lock.mjs";

const lock = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"));

test("the lock file has every platform's packages (after changing dependencies: npm run lock)", () => {
  expect([...missingEntries(lock).keys()]).toEqual([]);
});

test("the lock file names no host", () => {
  expect(JSON.stringify(lock)).not.toMatch(/"resolved"/);
});

test("a missing package's entry names its platform", () => {
  const wants = {
    version: "3.1.0",
    license: "MIT",
    dev: true,
    optionalDependencies: { "@x/mac-arm64-metal": "3.1.0", "@x/linux-x64-musl": "3.1.0" },
  };
  const found = missingEntries({ packages: { "node_modules/x": wants } });
  expect(found.get("node_modules/@x/mac-arm64-metal")).toMatchObject({
    version: "3.1.0",
    os: ["darwin"],
    cpu: ["arm64"],
    dev: true,
    optional: true,
  });
  expect(found.get("node_modules/@x/linux-x64-musl")).toMatchObject({ os: ["linux"], cpu: ["x64"], libc: ["musl"] });
});

test("a platform that the package's name does not give is not guessed", () => {
  const wants = { version: "1.0.0", optionalDependencies: { "@x/native": "1.0.0" } };
  expect(() => missingEntries({ packages: { "node_modules/x": wants } })).toThrow(/For which platform is @x\/native/);
});
