// Prints the shape of the catalogue's tools beside that of other tool lists: JSON, JSON Lines, BFCL's documents, MCP's answers
// to tools/list. Files of one label are counted together, the same function once. test/fixtures/shapes.json keeps the shares of
// real tools to which test/tools/shapes.test.ts holds the catalogue:
//   node scripts/measure-shapes.mjs [--json] [LABEL=FILE …]
//   node scripts/measure-shapes.mjs --json bfcl=BFCL_v4_simple_python.json bfcl=BFCL_v4_multiple.json mcp=FILE … > test/fixtures/shapes.json
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { shapesOf, toolsIn } from "./measure-shapes/shapes.mjs";
import { root } from "./setup/step.mjs";

const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false } }, allowPositionals: true });
const catalogue = join(root, "src", "tools", "catalogue");
const files = readdirSync(catalogue).map((file) => ({ label: "catalogue", path: join(catalogue, file) }));
for (const given of positionals) {
  const [label, ...path] = given.split("=");
  if (!label || path.length === 0) throw new Error(`"${given}": expected LABEL=FILE`);
  files.push({ label, path: path.join("=") });
}

/** @param {string} path */
function read(path) {
  const text = readFileSync(path, "utf8");
  try {
    return toolsIn(JSON.parse(text));
  } catch {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return toolsIn(lines.map((line) => JSON.parse(line)));
  }
}

const labels = [...new Set(files.map(({ label }) => label))];
const shapes = labels.map((label) => {
  const tools = files.filter((file) => file.label === label).flatMap(({ path }) => read(path));
  const distinct = new Map(tools.map((tool) => [JSON.stringify(tool), tool]));
  return { label, ...shapesOf([...distinct.values()]) };
});

if (values.json) {
  console.log(JSON.stringify(shapes, (_, value) => (typeof value === "number" ? Number(value.toFixed(4)) : value), 2));
} else {
  const rows = Object.keys(shapes[0] ?? {});
  for (const row of rows) {
    const cells = shapes.map((shape) => shape[/** @type {keyof typeof shape} */ (row)]);
    console.log(
      [row, ...cells.map((cell) => (typeof cell === "number" ? cell.toFixed(3) : cell))]
        .map((cell) => String(cell).padEnd(18))
        .join(""),
    );
  }
}
