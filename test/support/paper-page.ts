// What a page about a paper says of the keys of its preset: the generated rows, with a cell "`key` value" each.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function pageOf(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/${name}.md`, import.meta.url)), "utf8");
}

/** The values by key. @param cellsBefore cells of a row that stand before the one of the key */
export function statedIn(page: string, cellsBefore: number): ReadonlyMap<string, string> {
  const row = new RegExp(`^\\|(?:[^|]*\\|){${cellsBefore}} \`(?<key>[\\w.]+)\` (?<value>[^|]+?) \\|[^|]+\\|$`, "gm");
  return new Map([...page.matchAll(row)].map(({ groups }) => [groups?.key ?? "", groups?.value ?? ""]));
}

/** Every key of a config with its value as JSON. */
export function leaves(tree: object, prefix = ""): readonly (readonly [string, string])[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? leaves(value, `${prefix}${key}.`)
      : [[prefix + key, JSON.stringify(value)] as const],
  );
}
