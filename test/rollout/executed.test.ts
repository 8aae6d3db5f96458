// Episodes in a world that rules run: what the policy reads is what it has done, in this episode alone.
import { expect, test } from "vitest";
import { blameFor } from "../../src/rules/blame.ts";
import { says } from "../support/blueprint.ts";
import { findAda, lessonTask, moveAda } from "../support/piano-school.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";

const get = { name: "get_piano_lesson", arguments: { piano_lesson_id: "PL-4827" } };
const cancel = { ...get, name: "cancel_piano_lesson" };

/** The episode in which the policy says this, and the results that it reads; no model may be asked. */
async function played(turns: readonly string[]) {
  const scene = stage({ turns }, { tools: "executed" });
  const trajectory = await verdictOn(scene, await episodeOf(scene, lessonTask()), "rules");
  return { trajectory, results: trajectory.messages.filter(({ role }) => role === "tool").map(({ text }) => text) };
}

test("the right episode reads the blueprint's results and earns everything", async () => {
  const { report } = lessonTask();
  const { trajectory, results } = await played([says(findAda), says(moveAda), report]);
  expect(results.map((text) => JSON.parse(text))).toEqual([findAda.result, moveAda.result]);
  expect(trajectory.verdict).toMatchObject({ rules: 1, reward: 1 });
});

test("parallel calls are carried out in order, and episodes at the same time do not see each other's changes", async () => {
  const looking = [says(findAda), says(get), "It is booked."];
  const episodes = await Promise.all([played([says(findAda), says(cancel, get), "It is cancelled."]), played(looking)]);
  const [cancelled = "", read = ""] = (episodes[0].results[1] ?? "").split("\n");
  expect([JSON.parse(cancelled).state, JSON.parse(read).state]).toEqual(["cancelled", "cancelled"]);
  expect(JSON.parse(episodes[1].results[1] ?? "").state).toBe("booked");
});

test("a call that fails is counted, and the agent's fault even where the task expects it", async () => {
  const { trajectory, results } = await played([says(findAda), says(cancel), says(moveAda), "Done."]);
  expect(results.at(-1)).toContain('"error": "PL-4827 is cancelled already"');
  expect(trajectory.counts).toEqual({ "refused/failed": 1 });
  expect(trajectory.verdict?.rules).toBeLessThan(1);
  expect(blameFor(trajectory)).toMatchObject({ party: "agent", code: "failed" });
});
