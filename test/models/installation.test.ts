// Where the package is, and which command a message names there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, environmentFolder, interpreterPath, modelsFolder } from "../../src/models/folder.ts";
import { commandLine, type Layout, layoutOf, packageRoot, reinstallCommand } from "../../src/models/installation.ts";

test("a clone is distinguished from a project's package and a global one, also below a folder called lib", () => {
  const folder = mkdtempSync(join(tmpdir(), "playact-layout-"));
  const package_ = (...path: string[]) => {
    const root = join(folder, ...path);
    mkdirSync(root, { recursive: true });
    return root;
  };
  const file = (...path: string[]) => writeFileSync(join(package_(...path.slice(0, -1)), path.at(-1) ?? ""), "");
  file("clone", "src", "cli.ts");
  file("prefix", "bin", "playact");
  expect(layoutOf(join(folder, "clone"))).toBe("clone");
  expect(layoutOf(package_("project", "node_modules", "playact"))).toBe("local");
  expect(layoutOf(package_("lib", "node_modules", "playact"))).toBe("local");
  expect(layoutOf(package_("prefix", "lib", "node_modules", "playact"))).toBe("global");
  expect(layoutOf(packageRoot)).toBe("clone");
  rmSync(folder, { recursive: true });
});

test("a command is written as it works there", () => {
  const layouts: readonly Layout[] = ["clone", "local", "global"];
  expect(layouts.map((how) => commandLine("setup", how))).toEqual(["npm run setup", "npx playact setup", "playact setup"]);
  expect(layouts.map((how) => commandLine("runs", how))).toEqual(["npx playact runs", "npx playact runs", "playact runs"]);
  expect(layouts.map((how) => reinstallCommand(how).replace(/^\S+=skip /, ""))).toEqual([
    "rm -rf node_modules && npm run setup",
    "npm install playact",
    "npm install -g playact",
  ]);
});

test("a clone keeps weights and Python in its folder; what the user has set goes before", () => {
  expect(modelsFolder({})).toBe(join(packageRoot, "models"));
  expect(environmentFolder({})).toBe(join(packageRoot, ".venv"));
  expect(modelsFolder({ PLAYACT_MODELS: "/m" })).toBe("/m");
  expect(interpreterPath({ PLAYACT_PYTHON: "/p/python" })).toBe("/p/python");
});

test("a relative XDG folder is ignored", () => {
  expect(dataFolder({ XDG_DATA_HOME: "/data" })).toBe("/data/playact");
  expect(dataFolder({ XDG_DATA_HOME: "data" })).toBe(join(homedir(), ".local", "share", "playact"));
});
