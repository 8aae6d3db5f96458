// The three ways to name a model, and what is no name.
import { expect, test } from "vitest";
import { parseAddress, shardsOf, shortName } from "../../src/models/address.ts";

test("a name, a path and an address on the hub are told apart by their text alone", () => {
  expect(parseAddress("qwen3-8b")).toEqual({ kind: "name", text: "qwen3-8b", name: "qwen3-8b" });
  expect(parseAddress("./a.gguf", "/w")).toEqual({ kind: "file", text: "/w/a.gguf", path: "/w/a.gguf" });
  expect(parseAddress("a.gguf", "/w")).toMatchObject({ kind: "file", path: "/w/a.gguf" });
  expect(parseAddress("/m/b.gguf", "/w")).toMatchObject({ kind: "file", text: "/m/b.gguf" });
  const hub = { kind: "hub", repo: "Org/Repo-GGUF", file: "Q4/m.gguf", text: "hf:Org/Repo-GGUF/Q4/m.gguf" };
  expect(parseAddress("hf:Org/Repo-GGUF/Q4/m.gguf")).toEqual(hub);
});

test.each(["hf:Org/m.gguf", "hf:Org/Repo/model.bin", "hf:Org/Repo/../m.gguf", "hf:Org/Repo/"])(
  "%s is no address, and the form of one is named",
  (text) => expect(() => parseAddress(text)).toThrow("expected hf:ORG/REPO/FILE.gguf"),
);

test("a server or another scheme is no model", () => {
  expect(() => parseAddress("ftp://host/m.gguf")).toThrow(/names no model: expected a name from models\/manifest\.json, a path/);
});

test("a model in several files is named by the first, and the others follow from it", () => {
  const first = "/m/q-00001-of-00003.gguf";
  expect(shardsOf(first)).toEqual([first, "/m/q-00002-of-00003.gguf", "/m/q-00003-of-00003.gguf"]);
  expect(shardsOf("/m/q.gguf")).toEqual(["/m/q.gguf"]);
  expect(() => parseAddress("/m/q-00002-of-00003.gguf")).toThrow(/part 2 of a model in several files.*q-00001-of-00003\.gguf/);
});

test("the short name of a model is its name, or that of its file", () => {
  expect(["qwen3-8b", "/m/b.gguf", "hf:O/R/Q4/c.gguf"].map((text) => shortName(parseAddress(text)))).toEqual([
    "qwen3-8b",
    "b",
    "c",
  ]);
});
