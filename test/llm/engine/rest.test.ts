// What the engine gives back at rest, with the real model: contexts and weights leave the process, and no cycle keeps any of it.
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { openEngine } from "../../../src/llm/engine/llama.ts";
import { exposedCollector, slope } from "../../support/memory.ts";
import { smallModel } from "./small-model.ts";

const megabytes = () => process.memoryUsage.rss() / 1e6;

test("rest gives back the contexts, then the weights; in forty cycles no context or vocabulary stays", async () => {
  await using engine = await openEngine({
    ...{ policyModel: smallModel, simulatorModel: null, mode: "fast", gpu: "off", threads: 1 },
    ...{ policySequences: 4, policyContext: 1024, simulatorSequences: 4, simulatorContext: 1024 },
  });
  const ids = engine.vocabulary.encode("A rest is as good as a change, they say, and wake up early.");
  const scored = await engine.score(ids);
  // the first cycle fills the allocator's pools, by up to 25 MB
  await engine.rest("nothing");
  await engine.wake();
  expect(await engine.score(ids)).toEqual(scored);
  const awake = megabytes();
  const light = (await engine.rest("weights")) / 1e6;
  const deep = (await engine.rest("nothing")) / 1e6;
  // two contexts of 4,096 cells: 30 blocks x 2 x 192 x 2 bytes each cell; then the file
  expect(awake - light).toBeGreaterThan(0.9 * 2 * 94);
  expect(light - deep).toBeGreaterThan(0.85 * (statSync(smallModel).size / 1e6));

  const collect = exposedCollector();
  const held: number[] = [];
  for (let cycle = 0; cycle < 40; cycle++) {
    await engine.wake();
    expect(await engine.score(ids)).toEqual(scored);
    await engine.rest(cycle % 2 === 0 ? "weights" : "nothing");
    collect();
    if (cycle % 2 === 1) held.push(megabytes());
  }
  // MB in two cycles. The allocator's pools fill slowly, in the first half by as much as 13; a context that stayed would add 90, a vocabulary 15
  expect(slope(held.slice(10))).toBeLessThan(9);
});
