import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { isReading } from "../../src/rules/journal.ts";
import { executed } from "../../src/rules/table.ts";
import { argumentErrors, matchesSchema } from "../../src/rules/validate.ts";
import { type Assembled, assembled, toolFor } from "../../src/synth/assemble.ts";
import { checkedForm } from "../../src/synth/form.ts";
import { toolOf } from "../../src/tools/tool-spec.ts";
import { chains } from "../../src/tools/toolset.ts";
import type { JsonObject, Operation } from "../../src/types.ts";
import { forms } from "../support/synth.ts";

const operations: readonly Operation[] = ["find", "get", "create", "update", "cancel"];

const worlds: readonly Assembled[] = forms.map((reply, at) => {
  const form = checkedForm(reply);
  return "value" in form ? assembled(form.value, `set_${at}`, draws("test", at)) : expect.fail(form.reason);
});

describe("tools made of a form", () => {
  test("are five that a user could have brought, each with a description and a result", () => {
    for (const { toolset } of worlds) {
      expect(toolset.tools).toHaveLength(5);
      for (const tool of toolset.tools) {
        const { name, description, parameters, returns = {} } = tool;
        expect(toolOf({ name, description, parameters, returns }, name, "test", null).parameters).toEqual(parameters);
        expect(description).toMatch(/^[A-Z].*\.$/);
      }
    }
  });

  test("read where their names say so, and change where they do not", () => {
    for (const world of worlds)
      for (const operation of operations)
        expect(isReading(toolFor(operation, world).name)).toBe(operation === "find" || operation === "get");
  });

  test("are chained by the id, which a search or a new entry gives", () => {
    for (const world of worlds) {
      const linked = chains(world.toolset).map(({ first, second }) => [first.name, second.name].join());
      for (const giver of ["find", "create"] as const)
        for (const taker of ["get", "update", "cancel"] as const)
          expect(linked).toContain([toolFor(giver, world).name, toolFor(taker, world).name].join());
    }
  });

  test("take what the table takes and give what their results promise", () => {
    for (const world of worlds) {
      const { table } = world;
      const [record] = table.records;
      const id = { [table.idName]: record?.id ?? "" };
      const [first, second, third] = table.attributes.map(({ name }) => name);
      const cellOf = (name = "") => ({ [name]: record?.values[name] ?? null });
      const given: Readonly<Record<Operation, JsonObject>> = {
        find: { ...cellOf(first), ...cellOf(second) },
        get: id,
        create: { ...record?.values, [first ?? ""]: "Nobody Else" },
        update: { ...id, ...cellOf(third) },
        cancel: id,
      };
      for (const operation of operations) {
        const tool = toolFor(operation, world);
        expect(argumentErrors(tool, given[operation])).toEqual([]);
        const { result, failed } = executed(table, [], { name: tool.name, arguments: given[operation] });
        expect([failed, matchesSchema(tool.returns ?? {}, result)]).toEqual([false, []]);
        expect(Object.keys(result)).toEqual(Object.keys((tool.returns?.properties ?? {}) as JsonObject));
      }
    }
  });

  test("work on four to six records, none of them ended, no two of one person or with one id", () => {
    for (const { table } of worlds) {
      const { records, attributes, states } = table;
      expect(records.length).toBeGreaterThanOrEqual(4);
      expect(records.length).toBeLessThanOrEqual(6);
      expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
      expect(new Set(records.map(({ values }) => values[attributes[0]?.name ?? ""])).size).toBe(records.length);
      expect(records.map(({ state }) => state)).not.toContain(states.at(-1));
    }
  });
});
